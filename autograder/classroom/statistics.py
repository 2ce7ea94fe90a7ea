"""What a class run says about the class: pure counting, no drawing, no files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.student.report import Report, TaskResult, Verdict


@dataclass(frozen=True)
class Misconception:
    """A known mistake and how many students made it."""

    lesson: str
    task: str
    name: str  # the mutant's name
    text: str  # what it teaches
    students: int


@dataclass(frozen=True)
class TaskStatistics:
    """One task over the whole class."""

    task: str
    max_points: float
    points: tuple[float, ...]  # one a student, in the order of the reports
    verdicts: tuple[tuple[Verdict, int], ...]  # worst first, those that occur
    seconds: tuple[float, ...]  # CPU seconds of all its tests, one a student

    @property
    def mean_share(self) -> float:
        """Mean of points over the maximum, 0 to 1."""
        if not self.points or not self.max_points:
            return 0.0
        return sum(self.points) / (len(self.points) * self.max_points)

    @property
    def passed(self) -> int:
        """Students with full marks."""
        return dict(self.verdicts).get(Verdict.PASSED, 0)


@dataclass(frozen=True)
class LessonStatistics:
    """One lesson over the whole class."""

    lesson: str
    submissions: int
    ungraded: int  # our own failures: left out of every other number
    max_points: float
    points: tuple[float, ...]
    tasks: tuple[TaskStatistics, ...]
    misconceptions: tuple[Misconception, ...]  # the most common first
    verdicts: tuple[tuple[Verdict, int], ...]  # of whole submissions
    seconds: float  # wall seconds of all tests together

    @property
    def mean(self) -> float:
        """Mean points."""
        return sum(self.points) / len(self.points) if self.points else 0.0

    @property
    def median(self) -> float:
        """Median points."""
        if not self.points:
            return 0.0
        ordered = sorted(self.points)
        middle = len(ordered) // 2
        return (ordered[middle] + ordered[-middle - 1]) / 2


def summarise(lesson: str, reports: Iterable[Report]) -> LessonStatistics:
    """Count one lesson's reports, one a student."""
    everything = list(reports)
    graded = [r for r in everything if r.verdict is not Verdict.INFRA]
    names = list(dict.fromkeys(t.task for report in graded for t in report.tasks))
    by_task = {
        name: [t for report in graded for t in report.tasks if t.task == name]
        for name in names
    }
    return LessonStatistics(
        lesson=lesson,
        submissions=len(everything),
        ungraded=len(everything) - len(graded),
        max_points=max((report.max_points for report in graded), default=0.0),
        points=tuple(report.points for report in graded),
        tasks=tuple(_task(name, results) for name, results in by_task.items()),
        misconceptions=_misconceptions(lesson, graded),
        verdicts=_mix(report.verdict for report in graded),
        seconds=sum(
            test.wall_s for r in graded for task in r.tasks for test in task.tests
        ),
    )


def _task(name: str, results: list[TaskResult]) -> TaskStatistics:
    return TaskStatistics(
        task=name,
        max_points=max(result.max_points for result in results),
        points=tuple(result.points for result in results),
        verdicts=_mix(result.verdict for result in results),
        seconds=tuple(sum(test.cpu_s for test in r.tests) for r in results),
    )


def _mix(verdicts: Iterable[Verdict]) -> tuple[tuple[Verdict, int], ...]:
    counts = Counter(verdicts)
    return tuple((verdict, counts[verdict]) for verdict in Verdict if counts[verdict])


def _misconceptions(lesson: str, reports: list[Report]) -> tuple[Misconception, ...]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for report in reports:
        for task in report.tasks:
            if task.diagnosis is not None:
                counts[task.task, task.diagnosis, task.diagnosis_text or ""] += 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        Misconception(lesson, task, name, text, students)
        for (task, name, text), students in ordered
    )
