"""What judging a submission yields: verdicts, messages, points, and our own errors."""

from __future__ import annotations

import gettext as _gettext
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

SCHEMA_VERSION = 2

#: The most that a task earns while one of its core checks fails, which ask for what it
#: teaches; and while any other does: a forgotten case costs a tenth at least. While no
#: core check passes it earns nothing: to refuse every input, or to leave it alone, is
#: right only beside an answer.
CORE_CAP = 0.4
ANY_CAP = 0.9

#: Characters of a message's evidence, and of any other text that a report quotes: all
#: who render reports rest on it that they are short.
MOST_EVIDENCE, MOST_TEXT, MOST_NOTES = 20_000, 2_000, 50

#: Translates a message to students; catalogues live in ``autograder/locale``.
_catalogue = _gettext.translation(
    "autograder", Path(__file__).parent / "locale", fallback=True
)
gettext, ngettext = _catalogue.gettext, _catalogue.ngettext

#: Where a message stands that says why nothing of a submission could be read.
UNREADABLE = gettext("the submission cannot be read")


class CourseError(Exception):
    """A usage or course mistake, told in one sentence; exit code 2."""


class CourseFaults(CourseError):
    """Several faults of one file, each a sentence that names the line."""

    def __init__(self, summary: str, faults: Sequence[str]) -> None:
        """Keep the faults; the summary alone is the error's text."""
        super().__init__(summary)
        self.faults = tuple(faults)


class InfrastructureError(Exception):
    """Our fault, not the student's: nothing is graded, and a retry may help."""


class Verdict(StrEnum):
    """How a test, a task or a submission ended, worst first."""

    INFRA = "infra"  # the grader failed: costs no points, and is retried
    SECURITY = "security"  # tried what no solution needs
    TIMEOUT = "timeout"  # used more than its seconds
    MEMORY = "memory"  # used more than its megabytes
    OUTPUT = "output"  # printed or returned more than its share
    CRASH = "crash"  # raised, exited or died
    WRONG = "wrong"  # answered, and the answer is wrong
    NOT_ATTEMPTED = "not_attempted"  # still the stub
    PASSED = "passed"

    @property
    def rank(self) -> int:
        """Position in the order worst to best; the smallest wins."""
        return _RANK[self]


_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict that wins when several parts are combined."""
    return min(verdicts, key=lambda verdict: verdict.rank, default=Verdict.PASSED)


@dataclass(frozen=True)
class Message:
    """Three lines for a student: where, the evidence, where to look next."""

    where: str
    evidence: str = ""
    look: str = ""

    def __post_init__(self) -> None:
        # A submission's own text may be in here: no terminal commands, no reordering.
        for name in ("where", "evidence", "look"):
            most = MOST_EVIDENCE if name == "evidence" else MOST_TEXT
            object.__setattr__(self, name, _printable(getattr(self, name), most))

    def __str__(self) -> str:
        lines = [self.where]
        lines += [f"  {line}" for line in self.evidence.splitlines()]
        lines += [f"  {line}" for line in self.look.splitlines()]
        return "\n".join(lines)


def _printable(text: str, most: int = MOST_TEXT) -> str:
    if len(text) > most:
        text = f"{text[: most - 1]}…"
    if text.isprintable():
        return text
    other = {c for c in text if not c.isprintable() and c != "\n"}
    table = {ord(c): " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in other}
    return text.translate(table)


def fit_notes(notes: Sequence[str]) -> tuple[str, ...]:
    """Return notes as a report holds them: not too many, and fit to be read."""
    return tuple(map(_printable, notes[:MOST_NOTES]))


@dataclass(frozen=True)
class TestResult:
    """One hidden test of one submission."""

    __test__ = False  # not a pytest class, whatever its name says

    test: str
    task: str
    weight: float
    verdict: Verdict
    message: Message | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    core: bool = False  # asks for what the task teaches
    lent: tuple[str, ...] = ()  # tasks whose reference stood in for the student's own

    def as_dict(self, *, timings: bool = True) -> dict[str, Any]:
        """Return plain data; see `Report.as_dict`."""
        message = None if self.message is None else dict(vars(self.message))
        data = {**vars(self), "message": message}
        if not timings:
            del data["wall_s"], data["cpu_s"]
        return data


@dataclass(frozen=True)
class TaskResult:
    """One task of one submission: its tests, its points, what went wrong."""

    task: str
    max_points: float
    tests: tuple[TestResult, ...]
    diagnosis: str | None = None  # name of the mutant whose outputs these are
    diagnosis_text: str | None = None  # what that mutant teaches

    @property
    def points(self) -> float:
        """Points earned: the task's points times the share of weight passed, capped."""
        return round(self.max_points * min(self._passed, self.cap), 4)

    @property
    def _passed(self) -> float:
        """The share of the weight that passed."""
        total = sum(test.weight for test in self.tests)
        earned = sum(t.weight for t in self.tests if t.verdict is Verdict.PASSED)
        return earned / total if total else 0.0

    @property
    def cap(self) -> float:
        """The share of its points that the task can earn, given what failed."""
        failed = [test for test in self.tests if test.verdict is not Verdict.PASSED]
        if not failed:
            return 1.0
        cores = [test for test in self.tests if test.core]
        if cores and all(test in failed for test in cores):
            return 0.0
        return CORE_CAP if any(test.core for test in failed) else ANY_CAP

    @property
    def cap_text(self) -> str:
        """The sentence that explains the cap, "" where nothing failed."""
        if self.cap == 1.0 or not self._passed:
            return ""
        if self.cap == 0.0:
            return gettext("No core check passes: the task earns nothing.")
        if self.cap == CORE_CAP:
            text = gettext("A core check fails: the task earns at most {percent} %.")
        else:
            text = gettext("A check fails: the task earns at most {percent} %.")
        return text.format(percent=round(100 * self.cap))

    @property
    def lent(self) -> tuple[str, ...]:
        """The tasks whose reference stood in for the student's own in some check."""
        return tuple(dict.fromkeys(name for test in self.tests for name in test.lent))

    @property
    def lent_text(self) -> str:
        """The sentence that says so, "" where nothing was lent."""
        if not self.lent:
            return ""
        text = gettext(
            "Checked with our {names} in place of yours: that mistake counts once, in"
            " its own task."
        )
        return text.format(names=", ".join(self.lent))

    @property
    def verdict(self) -> Verdict:
        """The worst verdict among the task's tests."""
        return worst(test.verdict for test in self.tests)

    @property
    def message(self) -> Message | None:
        """The message of the worst test, the one that a student should read first."""
        told = [test for test in self.tests if test.message is not None]
        return min(told, key=lambda t: t.verdict.rank).message if told else None

    def as_dict(self, *, timings: bool = True) -> dict[str, Any]:
        """Return plain data; see `Report.as_dict`."""
        return {
            **vars(self),
            "tests": [test.as_dict(timings=timings) for test in self.tests],
            "points": self.points,
            "verdict": str(self.verdict),
        }


@dataclass(frozen=True)
class Report:
    """Everything that judging one submission found; the same inputs give the same.

    Only ``wall_s``, ``cpu_s`` and ``pace`` differ between two runs of the same
    submission, seed and versions. Renderers (terminal, nbgrader, CSV, HTML) read this
    alone.
    """

    lesson: str
    lesson_digest: str
    name: str  # the submission's file name
    submission: str  # sha256 of its bytes
    seed: int
    isolation: str  # bubblewrap, landlock or none
    tasks: tuple[TaskResult, ...]
    versions: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # repairs and oddities, told to the student
    pace: float = 1.0  # how much longer each limit of time was, on a slower machine

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", fit_notes(self.notes))
        object.__setattr__(self, "name", _printable(self.name))

    @property
    def points(self) -> float:
        """Points earned over all tasks."""
        return round(sum(task.points for task in self.tasks), 4)

    @property
    def max_points(self) -> float:
        """Points that all tasks together can give."""
        return round(sum(task.max_points for task in self.tasks), 4)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict among the tasks."""
        return worst(task.verdict for task in self.tasks)

    @property
    def problem(self) -> str | None:
        """Why nothing of the submission could be read, None where it could."""
        messages = {task.message for task in self.tasks}
        (message,) = messages if len(messages) == 1 else (None,)
        if message is None or message.where != UNREADABLE:
            return None
        return message.evidence

    @property
    def exit_code(self) -> int:
        """0 all passed, 1 some task failed, 3 our own failure."""
        if self.verdict is Verdict.INFRA:
            return 3
        return 0 if self.verdict is Verdict.PASSED else 1

    def task(self, name: str) -> TaskResult:
        """Return the result of one task."""
        return next(task for task in self.tasks if task.task == name)

    def as_dict(self, *, timings: bool = True) -> dict[str, Any]:
        """Return plain data; ``timings=False`` leaves out what may differ.

        `dataclasses.asdict` gives the same and takes ten times as long, which a class
        run pays for every submission.
        """
        data = {
            "schema": SCHEMA_VERSION,
            **vars(self),
            "tasks": [task.as_dict(timings=timings) for task in self.tasks],
            "versions": dict(self.versions),
            "points": self.points,
            "max_points": self.max_points,
            "verdict": str(self.verdict),
        }
        if not timings:
            del data["pace"]
        return data

    def to_json(self, *, timings: bool = True, indent: int | None = None) -> str:
        """Return the report as JSON text, keys sorted."""
        return json.dumps(self.as_dict(timings=timings), sort_keys=True, indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read a report back.

        Raises:
            CourseError: the text is not a report of this schema.
        """
        try:
            data = json.loads(text)
            if data["schema"] != SCHEMA_VERSION:
                raise CourseError(f"report schema {data['schema']} is not supported")
            return cls(
                tasks=tuple(map(_task_from, data["tasks"])),
                notes=tuple(data["notes"]),
                pace=data.get("pace", 1.0),
                **{key: data[key] for key in _PLAIN_FIELDS},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CourseError(f"not a report: {error!r}") from error


_PLAIN_FIELDS = (
    "lesson",
    "lesson_digest",
    "name",
    "submission",
    "seed",
    "isolation",
    "versions",
)


def _task_from(data: dict[str, Any]) -> TaskResult:
    return TaskResult(
        task=data["task"],
        max_points=data["max_points"],
        tests=tuple(map(_test_from, data["tests"])),
        diagnosis=data["diagnosis"],
        diagnosis_text=data["diagnosis_text"],
    )


def _test_from(data: dict[str, Any]) -> TestResult:
    message = data["message"]
    return TestResult(
        test=data["test"],
        task=data["task"],
        weight=data["weight"],
        verdict=Verdict(data["verdict"]),
        message=None if message is None else Message(**message),
        wall_s=data.get("wall_s", 0.0),
        cpu_s=data.get("cpu_s", 0.0),
        core=data["core"],
        lent=tuple(data["lent"]),
    )
