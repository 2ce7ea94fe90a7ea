"""Finds the cases in which a submission fails, as short to read as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from autograder.student.checking import load_watched, run_public
from autograder.student.report import Verdict
from autograder.student.testing.draws import STEPS

if TYPE_CHECKING:
    from autograder.student.lesson import Lesson
    from autograder.student.notebook.submission import Submission
    from autograder.student.testing.plugin import Outcome
    from autograder.student.testing.time_limit import WatchedSource

#: Whoever is late would be late again: such a case stays as it is.
_SHORTENED = (Verdict.WRONG, Verdict.CRASH)


def failing_cases(
    lesson: Lesson,
    submission: Submission,
    task: str,
    when_stuck: Callable[[str], None] = lambda what: None,
) -> list[Outcome]:
    """Return the tests of a task that fail, each with all that it asked.

    Where a test draws its numbers, they have as few digits as it still fails with.
    """
    source = load_watched(lesson, submission, when_stuck)
    source.keeps_log = True
    outcomes = run_public(lesson, source, lambda _, of: of == task)
    failing = [o for o in outcomes if o.result.verdict is not Verdict.PASSED]
    shortened = _with_few_digits(lesson, source, failing)
    return [shortened.get(o.result.test, o) for o in failing]


def _with_few_digits(
    lesson: Lesson, source: WatchedSource, failing: Sequence[Outcome]
) -> dict[str, Outcome]:
    """Return failures of the same kind with rounder numbers, by test."""
    left = {
        one.result.test: one.result.verdict
        for one in failing
        if one.result.verdict in _SHORTENED
    }
    found: dict[str, Outcome] = {}
    for step in STEPS:
        if left:
            names = frozenset(left)
            for one in run_public(lesson, source, lambda test, _: test in names, step):  # noqa: B023
                if one.result.verdict is left.get(one.result.test):
                    found[one.result.test] = one
                    del left[one.result.test]
    return found
