"""Grades the hostile submissions of one family, each followed by the same other one.

The other one is honest, right in all tasks but its last, where it makes a known
mistake: so its points, its messages and its diagnosis must be what they were before.

A case is a file in ``cases/FAMILY``. Its docstring says what it tries, which task of
the target lesson it attacks, and the verdicts that it may get::

    task: scale
    verdict: wrong | crash    any of these
    absent: \\x1b | \\r         characters that no message may carry

The other tasks are right, one cell each, so that an attack which touches anything but
its own task shows at once.
"""

from __future__ import annotations

import ast
import contextlib
import os
import re
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.demo.kit import splice
from autograder.grading.grade import Grader
from autograder.grading.mutants import lesson_mutants
from autograder.student.lesson import Lesson, find_course, read_lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import Report, Verdict

HERE = Path(__file__).parent
FAMILIES = ("forgery", "leaks", "resources", "escape", "readers")
SEED = 11
#: Words of the target's reference, of its hidden tests and of the honest submission.
SECRETS = ("amaranth", "celadon", "vermilion")
_JAIL_USERS = range(61_000, 65_000)


@dataclass(frozen=True)
class Case:
    """One hostile submission and what must become of it."""

    path: Path

    @property
    def name(self) -> str:
        """The file's name, without its ending."""
        return self.path.stem

    @cached_property
    def source(self) -> str:
        """The submission's text."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def promises(self) -> dict[str, str]:
        """The fields of the docstring."""
        text = ast.get_docstring(ast.parse(self.source), clean=True) or ""
        return dict(re.findall(r"^(\w+): (.+)$", text, re.MULTILINE))

    @property
    def task(self) -> str:
        """The attacked task."""
        return self.promises["task"]

    @property
    def verdicts(self) -> set[Verdict]:
        """The verdicts that the attacked task may get."""
        return {Verdict(word) for word in self.promises["verdict"].split(" | ")}

    @property
    def absent(self) -> list[str]:
        """Characters that must not reach a reader."""
        return [word for word in self.promises.get("absent", "").split(" | ") if word]


def cases(family: str) -> list[Case]:
    """Return the cases of a family, by name."""
    return [Case(path) for path in sorted((HERE / "cases" / family).glob("*.py"))]


def target(name: str = "00-target") -> Lesson:
    """Return the lesson that the cases attack."""
    root = HERE / "target"
    return read_lesson(root / "course" / name, root / "solutions" / name)


@dataclass
class Outcome:
    """What grading a family gave."""

    reports: dict[str, Report] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)  # the honest one's report
    honest: dict[str, Report] = field(default_factory=dict)  # and after each case
    survivors: list[str] = field(default_factory=list)  # processes left behind
    strays: list[str] = field(default_factory=list)  # files of a jail's user, outside

    def check_verdict(self, case: Case) -> None:
        """Assert the promised verdict, and that the attack gained nothing."""
        report = self.reports[case.name]
        attacked = report.task(case.task)
        assert attacked.verdict in case.verdicts, str(attacked.message)
        assert attacked.points == 0, f"{case.name} gains {attacked.points} points"
        for task in report.tasks:
            if task.task != case.task:
                assert task.points == task.max_points, str(task.message)
        told = report.to_json()
        assert [word for word in SECRETS if word in told] == []

    def check_honest(self, case: Case) -> None:
        """Assert that the next submission got the report that it got before."""
        assert self.honest[case.name].as_dict(timings=False) == self.before


def grade_family(
    family: str,
    port: int,
    marker: Path,
    lesson: Lesson | None = None,
    only: Collection[str] = (),
) -> Outcome:
    """Grade every case of a family in one session, an honest one after each.

    Args:
        family: whose cases.
        port: of a server of the host.
        marker: a path of the host that must stay untouched.
        lesson: what they attack.
        only: the names of some cases, if not all.
    """
    lesson = lesson or target()
    text = lesson.reference_path.read_text(encoding="utf-8")
    text = text.replace(SECRETS[0], "none")  # a right answer, but not ours
    reference = [(f"cell {n}", part) for n, part in enumerate(_parts(text), 1)]
    mistaken = _parts(lesson_mutants(lesson)[0].edited(text))
    mistaken[0] += "# vermilion: what another student wrote\n"
    honest = Submission.from_sources(
        "honest.py", [(f"cell {n}", part) for n, part in enumerate(mistaken, 1)]
    )
    outcome = Outcome()

    def submissions() -> Iterator[tuple[tuple[str, str], Submission]]:
        yield ("before", ""), honest
        for case in cases(family):
            if only and case.name not in only:
                continue
            source = case.source.replace("PORT", str(port))
            source = source.replace("MARKER", str(marker))
            others = [c for c in reference if not defines(c[1], case.task)]
            cells = [*others, ("attack", source)]
            submission = Submission.from_sources(case.path.name, cells)
            yield ("case", case.name), submission
            yield ("honest", case.name), honest

    def keep(key: tuple[str, str], report: Report) -> None:
        kind, name = key
        if kind == "before":
            outcome.before = report.as_dict(timings=False)
            assert report.tasks[-1].diagnosis, "the known mistake is not recognised"
        else:
            (outcome.reports if kind == "case" else outcome.honest)[name] = report

    with Census() as census:
        Grader(lesson, SEED).run(submissions(), keep)
    outcome.survivors = census.survivors
    outcome.strays = strays()
    return outcome


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"^# %%.*$", text, flags=re.M) if part.strip()]


def strays() -> list[str]:
    """Return what users of jails own in the folders that everybody may write to."""
    found = []
    for folder in ("/tmp", "/var/tmp", "/dev/shm"):
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_uid in _JAIL_USERS:
                        found.append(entry.path)
    return found


def defines(source: str, name: str) -> bool:
    """Tell whether a cell defines a name at top level."""
    return any(getattr(node, "name", None) == name for node in ast.parse(source).body)


def grade_explorer() -> dict[str, Report]:
    """Grade every case against the explorer, an honest submission after each."""
    lesson = target("01-threads")
    reference = lesson.reference_path.read_text(encoding="utf-8")
    sources: dict[str, str] = {}
    for case in cases("explorer"):
        sources[case.name] = splice(reference, case.source)
        sources[f"after {case.name}"] = reference
    return _undiagnosed(lesson, sources)


def grade_tiles() -> dict[str, Report]:
    """Grade every case against the tile simulator, the untouched references last.

    Most attack a lesson of two tiny kernels, which takes a tenth of a second.
    """
    found: dict[str, Report] = {}
    for lesson in (target("03-kernels"), find_course().lesson("09")):
        reference = lesson.reference_path.read_text(encoding="utf-8")
        tasks = {task.name for task in lesson.tasks}
        sources = {
            case.name: splice(reference, case.source)
            for case in cases("tiles")
            if case.task in tasks
        }
        found |= _undiagnosed(lesson, sources | {f"honest {lesson.id}": reference})
    return found


def _undiagnosed(lesson: Lesson, sources: dict[str, str]) -> dict[str, Report]:
    found: dict[str, Report] = {}
    submissions = (
        (name, Submission.from_sources(f"{name}.py", [("cell 1", source)]))
        for name, source in sources.items()
    )
    Grader(lesson, SEED, diagnose=False).run(submissions, found.__setitem__)
    return found


class Census:
    """Remembers every process that descends from this one while it runs."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, str]] = set()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.survivors: list[str] = []

    def __enter__(self) -> Census:
        self._before = set(_descendants())
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()
        for _ in range(100):  # the kernel takes a moment to end a namespace
            left = [p for p in _processes() if (p[0], p[2]) in self._seen]
            if not left:
                break
            self._done.clear()
            self._done.wait(0.05)
        self.survivors = sorted(f"{pid} {name}" for pid, _, _, name in left)

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self._seen |= set(_descendants()) - self._before


def _descendants() -> Iterator[tuple[int, str]]:
    processes = list(_processes())
    family = {os.getpid()}
    size = 0
    while len(family) > size:
        size = len(family)
        family |= {pid for pid, parent, _, _ in processes if parent in family}
    for pid, _, start, _ in processes:
        if pid in family and pid != os.getpid():
            yield pid, start


def _processes() -> Iterator[tuple[int, int, str, str]]:
    """Yield pid, parent, start time and name of every process that is no zombie."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            text = Path(f"/proc/{entry}/stat").read_text()
        except OSError:
            continue
        name, rest = text[text.index("(") + 1 :].rsplit(")", 1)
        fields = rest.split()
        if fields[0] != "Z":
            yield int(entry), int(fields[1]), fields[19], name
