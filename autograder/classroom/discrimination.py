"""Which checks separate those who know a lesson from those who do not.

The discrimination of a check is the point-biserial correlation of passing it with the
rest score: the points of all other checks (Lord and Novick, "Statistical Theories of
Mental Test Scores", 1968, chapter 15). Near 0 the check says nothing of a student;
below 0 those pass who otherwise fail.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.student.report import Report, TaskResult, Verdict

FEWEST = 20  # submissions: a correlation over fewer is chance
WEAK, WRONG_WAY = 0.1, -0.1  # below WEAK a check does not separate


@dataclass(frozen=True)
class CheckStatistics:
    """One hidden check over the submissions that attempted anything."""

    test: str
    core: bool
    n: int
    passed: int
    discrimination: float | None  # -1 to 1; None where all or none pass, or too few

    @property
    def word(self) -> str:
        """What it tells of students: all, none, well, weak or backwards."""
        if self.passed in (0, self.n):
            return "all" if self.passed else "none"
        return separates(self.discrimination)


def separates(value: float | None) -> str:
    """Name a discrimination: well, weak, backwards, or few where there is none."""
    if value is None:
        return "few"
    if value < WRONG_WAY:
        return "backwards"
    return "weak" if value < WEAK else "well"


def discrimination(item: Sequence[float], rest: Sequence[float]) -> float | None:
    """Return the correlation of an item with the rest score, None where none exists."""
    if len(item) < FEWEST or len(rest) != len(item):
        return None
    try:
        return round(statistics.correlation(item, rest), 3)
    except statistics.StatisticsError:  # all are the same
        return None


def task_shares(reports: Sequence[Report]) -> dict[str, list[float]]:
    """Return each task's points, one a report."""
    names = dict.fromkeys(task.task for report in reports for task in report.tasks)
    return {name: [_points(report, name) for report in reports] for name in names}


def _points(report: Report, name: str) -> float:
    return sum(task.points for task in report.tasks if task.task == name)


def checks_of(reports: Sequence[Report]) -> dict[str, tuple[CheckStatistics, ...]]:
    """Return every check of every task, in the tests' order."""
    rows = [_earned(report) for report in reports]
    totals = [sum(worth for worth, _, _ in row.values()) for row in rows]
    found: dict[str, list[CheckStatistics]] = {}
    for key in dict.fromkeys(key for row in rows for key in row):
        task, test = key
        have = [
            (row[key], total)
            for row, total in zip(rows, totals, strict=True)
            if key in row
        ]
        passed = [float(ok) for (_, ok, _), _ in have]
        rest = [total - worth for (worth, _, _), total in have]
        found.setdefault(task, []).append(
            CheckStatistics(
                test=test,
                core=any(core for (_, _, core), _ in have),
                n=len(have),
                passed=int(sum(passed)),
                discrimination=discrimination(passed, rest),
            )
        )
    return {task: tuple(checks) for task, checks in found.items()}


def _earned(report: Report) -> dict[tuple[str, str], tuple[float, bool, bool]]:
    """Return what each check earns, whether it passed, whether it is core."""
    return {
        (task.task, test.test): (
            _worth(task, test.weight) * (test.verdict is Verdict.PASSED),
            test.verdict is Verdict.PASSED,
            test.core,
        )
        for task in report.tasks
        for test in task.tests
    }


def _worth(task: TaskResult, weight: float) -> float:
    total = sum(test.weight for test in task.tests)
    return task.max_points * weight / total if total else 0.0
