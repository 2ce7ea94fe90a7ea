"""What a class run says about the class: pure counting, no drawing, no files."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.classroom.discrimination import CheckStatistics, checks_of, task_shares
from autograder.classroom.discrimination import discrimination as separation
from autograder.classroom.marks import Marks
from autograder.student.report import Verdict

BANDS = 10  # of the points, from none to all


@dataclass(frozen=True)
class Mistake:
    """A known mistake and who made it."""

    name: str  # the mutant's name
    text: str  # what a student with it reads
    students: tuple[str, ...]


@dataclass(frozen=True)
class TaskStatistics:
    """One task over the whole class; what a person decided is left out."""

    task: str
    max_points: float
    mean_share: float  # mean of points over the maximum, 0 to 1: how easy it is
    passed: int  # students with full marks
    verdicts: tuple[tuple[Verdict, int], ...]  # worst first, those that occur
    discrimination: float | None  # with the points of the other tasks
    mistakes: tuple[Mistake, ...]  # the most common first
    unnamed: tuple[str, ...]  # students who attempted it, failed, and fit no mistake
    stumble: str  # the check that these fail most often, "" without any
    checks: tuple[CheckStatistics, ...]


@dataclass(frozen=True)
class Band:
    """A tenth of the points, and how many students have so many."""

    low: int  # per cent of the points; counts from here
    high: int  # up to here, itself only in the last band
    students: int


@dataclass(frozen=True)
class LessonStatistics:
    """One lesson over the whole class."""

    lesson: str
    submissions: int
    ungraded: int  # our own failures: left out of every other number
    missing: tuple[str, ...]  # students of the class list who handed nothing in
    max_points: float
    mean: float  # of the points that count, a person's grades and penalties included
    median: float
    bands: tuple[Band, ...]
    attempted: int  # submissions with an attempt: checks are counted over these
    tasks: tuple[TaskStatistics, ...]


def summarise(
    lesson: str, marks: Iterable[Marks], students: Iterable[str] = ()
) -> LessonStatistics:
    """Count one lesson's marks, one a student.

    Args:
        lesson: Its folder name.
        marks: Of this lesson.
        students: The class list.
    """
    everything = list(marks)
    graded = [one for one in everything if one.is_graded]
    points = [one.points for one in graded]
    most = max((one.max_points for one in graded), default=0.0)
    tried = [one for one in graded if _is_attempt(one)]
    shares = task_shares([one.record.report for one in tried])
    checks = checks_of([one.record.report for one in tried])
    return LessonStatistics(
        lesson=lesson,
        submissions=len(everything),
        ungraded=len(everything) - len(graded),
        missing=tuple(sorted({*students} - {one.record.student for one in everything})),
        max_points=most,
        mean=statistics.fmean(points) if points else 0.0,
        median=statistics.median(points) if points else 0.0,
        bands=_bands(points, most),
        attempted=len(tried),
        tasks=tuple(
            _task(name, graded, shares, checks.get(name, ()))
            for name in dict.fromkeys(
                task.task for one in graded for task in one.record.report.tasks
            )
        ),
    )


def _is_attempt(marks: Marks) -> bool:
    """Whether anything of it ran; the others fail every check, whatever it asks."""
    tasks = marks.record.report.tasks
    return any(task.verdict is not Verdict.NOT_ATTEMPTED for task in tasks)


def _bands(points: Sequence[float], most: float) -> tuple[Band, ...]:
    width = 100 // BANDS
    shares = (min(max(one / most, 0.0), 1.0) if most else 0.0 for one in points)
    counts = Counter(min(int(BANDS * share + 1e-9), BANDS - 1) for share in shares)
    return tuple(
        Band(width * band, width * (band + 1), counts[band]) for band in range(BANDS)
    )


def _task(
    name: str,
    graded: Sequence[Marks],
    shares: dict[str, list[float]],
    checks: tuple[CheckStatistics, ...],
) -> TaskStatistics:
    results = [
        (one.record.student, task)
        for one in graded
        for task in one.record.report.tasks
        if task.task == name
    ]
    mistakes: dict[tuple[str, str], list[str]] = defaultdict(list)
    unnamed, stumbles = [], Counter[str]()
    for student, task in results:
        if task.diagnosis is not None:
            mistakes[task.diagnosis, task.diagnosis_text or ""].append(student)
        elif task.verdict not in (Verdict.PASSED, Verdict.NOT_ATTEMPTED):
            unnamed.append(student)
            stumbles.update(
                test.test for test in task.tests if test.verdict is not Verdict.PASSED
            )
    counts = Counter(task.verdict for _, task in results)
    most = max(task.max_points for _, task in results)
    own = shares.get(name, [])
    rows = zip(*(s for n, s in shares.items() if n != name), strict=True)
    return TaskStatistics(
        task=name,
        max_points=most,
        mean_share=statistics.fmean(t.points / t.max_points for _, t in results),
        passed=counts[Verdict.PASSED],
        verdicts=tuple((v, counts[v]) for v in Verdict if counts[v]),
        discrimination=separation(own, list(map(sum, rows))),
        mistakes=tuple(
            Mistake(mistake, text, tuple(students))
            for (mistake, text), students in sorted(
                mistakes.items(), key=lambda item: (-len(item[1]), item[0])
            )
        ),
        unnamed=tuple(unnamed),
        stumble=max(stumbles, key=lambda test: stumbles[test], default=""),
        checks=checks,
    )
