"""Whose work a person should look at, and why: what no verdict settles."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from autograder.classroom.marks import Marks
from autograder.classroom.similarity import Group
from autograder.classroom.wording import number
from autograder.student.report import Verdict, gettext

WANTED_LEVEL = "bubblewrap"


@dataclass(frozen=True)
class Person:
    """One student under a reason to look."""

    student: str
    detail: str = ""


@dataclass(frozen=True)
class Concern:
    """A reason to look, and at whose work."""

    kind: str  # for programs
    title: str
    remedy: str
    people: tuple[Person, ...]


def concerns(marks: Iterable[Marks], groups: Iterable[Group] = ()) -> list[Concern]:
    """Return what a person should look at in one lesson, the most urgent first.

    Args:
        marks: Of one lesson.
        groups: The submissions that resemble each other.
    """
    everyone = list(marks)
    found = [
        Concern(kind, title, remedy, tuple(people))
        for kind, title, remedy, find in _REASONS
        if (people := list(find(everyone)))
    ]
    for group in groups:
        text = gettext("{n} submissions resemble each other")
        if group.word_for_word:
            text = gettext("{n} submissions are the same code, word for word")
        remedy = gettext("read them side by side; it is no verdict")
        alike = tuple(map(Person, group.students))
        found.append(Concern("alike", text.format(n=len(alike)), remedy, alike))
    return found


def _ours(everyone: Sequence[Marks]) -> Iterator[Person]:
    for one in everyone:
        if not one.is_graded:
            yield Person(one.record.student)


def _unreadable(everyone: Sequence[Marks]) -> Iterator[Person]:
    for one in everyone:
        if one.record.report.problem is not None:
            yield Person(one.record.student, one.record.report.problem)


def _security(everyone: Sequence[Marks]) -> Iterator[Person]:
    for one in everyone:
        tasks = one.record.report.tasks
        bad = [task.task for task in tasks if task.verdict is Verdict.SECURITY]
        if bad:
            yield Person(one.record.student, ", ".join(bad))


def _weakly_isolated(everyone: Sequence[Marks]) -> Iterator[Person]:
    for one in everyone:
        level = one.record.report.isolation
        if one.is_graded and level not in (WANTED_LEVEL, "unknown"):
            yield Person(one.record.student, level)


def _waiting(everyone: Sequence[Marks]) -> Iterator[Person]:
    for one in everyone:
        if one.waiting and one.is_graded:
            names = ", ".join(part.name for part in one.waiting)
            yield Person(one.record.student, names)


def _changed(everyone: Sequence[Marks]) -> Iterator[Person]:
    for one in everyone:
        before = one.record.before
        if before is not None:
            text = gettext("{before} points before, {now} now")
            now = number(one.record.report.points)
            yield Person(
                one.record.student, text.format(before=number(before), now=now)
            )


def _differs(everyone: Sequence[Marks]) -> Iterator[Person]:
    """Find those whose automatic points in the gradebook are not the report's."""
    for one in everyone:
        told = []
        for task in one.record.report.tasks:
            part = one.part(task.task)
            if part is None or part.auto is None or task.verdict is Verdict.INFRA:
                continue
            if abs(part.auto - task.points) > 1e-3:
                text = gettext("{task}: {theirs}, the report says {ours}")
                theirs, ours = number(part.auto), number(task.points)
                told.append(text.format(task=task.task, theirs=theirs, ours=ours))
        if told:
            yield Person(one.record.student, "; ".join(told))


def _outdated(everyone: Sequence[Marks]) -> Iterator[Person]:
    """Find those whose lesson or seed was another than most of the class had."""
    states = defaultdict(list)
    for one in everyone:
        report = one.record.report
        states[report.lesson_digest, report.seed].append(one.record.student)
    sizes = Counter({state: len(students) for state, students in states.items()})
    for state, _ in sizes.most_common()[1:]:
        yield from map(Person, states[state])


_Finder = Callable[[Sequence[Marks]], Iterator[Person]]
_REASONS: tuple[tuple[str, str, str, _Finder], ...] = (
    (
        "ours",
        gettext("Not graded, through our fault"),
        gettext("grade again; it costs them nothing"),
        _ours,
    ),
    (
        "unreadable",
        gettext("The file cannot be read"),
        gettext("ask for it again"),
        _unreadable,
    ),
    (
        "security",
        gettext("Tried what no solution needs"),
        gettext("read the code before you judge"),
        _security,
    ),
    (
        "changed",
        gettext("The same file has other points than in the last run"),
        gettext("tell them, if you told them the old ones"),
        _changed,
    ),
    (
        "differs",
        gettext("The gradebook has other automatic points than our report"),
        gettext("run class grade again"),
        _differs,
    ),
    (
        "outdated",
        gettext("Graded with another state of the lesson, or another seed"),
        gettext("run class grade again"),
        _outdated,
    ),
    (
        "isolation",
        gettext("Ran with less isolation than wanted"),
        gettext("autograder doctor says why"),
        _weakly_isolated,
    ),
    (
        "waiting",
        gettext("A part waits for a person's grade"),
        gettext("grade it in the form grader"),
        _waiting,
    ),
)
