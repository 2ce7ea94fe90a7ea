"""Who hands in what in the bundled class, and what each must get."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from autograder.demo import broken
from autograder.demo.hostile import definition
from autograder.demo.kit import Kit
from autograder.demo.students import STUDENTS
from autograder.grading.mutants import Mutant, lesson_mutants
from autograder.student.lesson import Course, Lesson
from autograder.student.report import Report, Verdict

LESSONS = ("00", "01", "09")

_LOST = tuple(verdict for verdict in Verdict if verdict.rank > Verdict.INFRA.rank)
_FAILED = _LOST[:-1]  # everything but passed


@dataclass(frozen=True)
class Expected:
    """What a submission must get."""

    points: str  # "full", "some" or "none"
    verdicts: tuple[Verdict, ...]  # any of these
    lost: str | None = None  # the task in which it must lose every or some marks
    diagnosis: str | None = None  # the mutant that it must be recognised as, there

    def mismatch(self, report: Report) -> str | None:
        """Return in words how a report differs from this, or None."""
        if report.verdict not in self.verdicts:
            allowed = " or ".join(self.verdicts)
            return f"verdict {report.verdict}, expected {allowed}"
        if self.points != share(report):
            return f"{report.points:g} points, expected {self.points}"
        if self.lost is not None:
            task = report.task(self.lost)
            if task.points == task.max_points:
                return f"full marks in {self.lost}"
            if task.diagnosis != self.diagnosis:
                return f"taken for {task.diagnosis}, expected {self.diagnosis}"
        return None

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for expected.json."""
        return {
            "points": self.points,
            "verdicts": [str(verdict) for verdict in self.verdicts],
            "lost": self.lost,
            "diagnosis": self.diagnosis,
        }


@dataclass(frozen=True)
class Entry:
    """One submission of the bundled class."""

    student: str
    lesson: str
    what: str  # in words
    files: broken.Files
    expected: Expected


RIGHT = Expected("full", (Verdict.PASSED,))
NOTHING = Expected("none", _FAILED)


def share(report: Report) -> str:
    """Say in one word how much of the points a report gives."""
    if report.points == report.max_points:
        return "full"
    return "some" if report.points else "none"


def entries(course: Course) -> list[Entry]:
    """Return the whole bundled class."""
    found: list[Entry] = []
    for number, name in enumerate(LESSONS):
        lesson = course.lesson(name)
        plans = list(_PLANS[name](Kit(lesson)))
        if len(plans) > len(STUDENTS):
            raise ValueError(f"{name}: more submissions than students")
        for place, (what, files, expected) in enumerate(plans):
            # Rotate, so that no one is right, or hostile, in every lesson.
            student = STUDENTS[(place + 5 * number) % len(STUDENTS)][0]
            found.append(Entry(student, lesson.id, what, files, expected))
    return sorted(found, key=lambda entry: (entry.student, entry.lesson))


Plan = tuple[str, broken.Files, Expected]


def _start(kit: Kit) -> Iterator[Plan]:
    yield _right(kit)
    yield from _mutants(kit, 2)
    yield _stub(kit)
    yield _damaged(kit, broken.byte_order_mark, RIGHT)
    yield _damaged(kit, broken.stripped, RIGHT)
    yield _damaged(kit, broken.second_download, RIGHT)
    yield _damaged(kit, broken.truncated, NOTHING)
    yield _hostile(kit, "leaves the process", Verdict.CRASH)
    yield _hostile(kit, "loops for ever and ignores signals", Verdict.TIMEOUT)
    yield _hostile(kit, "forks for ever", Verdict.TIMEOUT)
    yield _hostile(kit, "takes all memory", Verdict.MEMORY)
    yield _hostile(kit, "searches the disk for the reference", *_FAILED)


def _gradients(kit: Kit) -> Iterator[Plan]:
    yield _right(kit)
    yield from _alternatives(kit, 1)
    yield from _mutants(kit, 4)
    yield _partial(kit)
    yield _damaged(kit, broken.latin_1, RIGHT)
    yield _damaged(kit, broken.python_only, RIGHT)
    yield _damaged(kit, broken.magics, RIGHT)
    yield _damaged(kit, broken.copied_cell, RIGHT)
    yield _hostile(kit, "returns what equals everything", Verdict.WRONG, Verdict.CRASH)
    yield _hostile(kit, "prints without end", Verdict.OUTPUT)
    yield _hostile(kit, "kills every process in sight", Verdict.SECURITY)


def _attention(kit: Kit) -> Iterator[Plan]:
    yield _right(kit)
    yield from _alternatives(kit, 1)
    yield from _mutants(kit, 4)
    yield _partial(kit)
    yield _damaged(kit, broken.version_3, RIGHT)
    yield _damaged(kit, broken.syntax_error, Expected("some", (Verdict.CRASH,)))
    yield _damaged(kit, broken.merge_conflict, NOTHING)
    yield _hostile(kit, "reads address zero", Verdict.CRASH)
    yield _hostile(kit, "asks the network", Verdict.CRASH)
    yield _hostile(kit, "forges the grader's output", Verdict.WRONG, Verdict.CRASH)
    yield _hostile(kit, "addresses a language model", Verdict.WRONG, Verdict.CRASH)


_PLANS: dict[str, Callable[[Kit], Iterator[Plan]]] = {
    "00": _start,
    "01": _gradients,
    "09": _attention,
}


def _right(kit: Kit) -> Plan:
    return "right", {"exercise.ipynb": kit.ipynb(kit.reference)}, RIGHT


def _stub(kit: Kit) -> Plan:
    expected = Expected("none", (Verdict.NOT_ATTEMPTED,))
    return "untouched", {"exercise.ipynb": kit.ipynb(kit.stub)}, expected


def _partial(kit: Kit) -> Plan:
    finished = (len(kit.lesson.tasks) + 1) // 2
    files = {"exercise.ipynb": kit.ipynb(kit.partial(finished))}
    return f"{finished} tasks done", files, Expected("some", _FAILED)


def _alternatives(kit: Kit, most: int) -> Iterator[Plan]:
    for path in kit.lesson.alternatives()[:most]:
        source = path.read_text(encoding="utf-8")
        files = {"exercise.ipynb": kit.ipynb(source)}
        yield f"right by another road: {path.stem}", files, RIGHT


def _mutants(kit: Kit, most: int) -> Iterator[Plan]:
    for mutant in _spread(kit.lesson)[:most]:
        files = {"exercise.ipynb": kit.ipynb(kit.with_mutant(mutant))}
        lost = Expected("some", _FAILED, mutant.task, mutant.name)
        yield f"mistake: {mutant.name}", files, lost


def _spread(lesson: Lesson) -> list[Mutant]:
    """Return the mutants so that the first ones are of different tasks."""
    by_task: dict[str, list[Mutant]] = {}
    for mutant in lesson_mutants(lesson):
        by_task.setdefault(mutant.task, []).append(mutant)
    depth = max(map(len, by_task.values()), default=0)
    columns = [by_task.get(task.name, []) for task in lesson.tasks]
    return [c[level] for level in range(depth) for c in columns if len(c) > level]


def _damaged(
    kit: Kit, build: Callable[[Kit], broken.Files], expected: Expected
) -> Plan:
    doc = (build.__doc__ or "").strip().rstrip(".")
    return doc[0].lower() + doc[1:], build(kit), expected


def _hostile(kit: Kit, what: str, *verdicts: Verdict) -> Plan:
    name = kit.lesson.tasks[0].name
    source = kit.overridden(definition(name, what))
    points = "some" if len(kit.lesson.tasks) > 1 else "none"
    files = {"exercise.ipynb": kit.ipynb(source)}
    return f"hostile: {what}", files, Expected(points, verdicts)
