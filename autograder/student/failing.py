"""Finds the cases in which a submission fails, as short to read as they come."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from autograder.student.checking import load_watched
from autograder.student.report import Verdict
from autograder.student.testing.draws import STEPS
from autograder.student.testing.plugin import (
    GradingPlugin,
    Outcome,
    Runner,
)
from autograder.student.testing.session import run_session

if TYPE_CHECKING:
    from autograder.student.lesson import Lesson
    from autograder.student.notebook.submission import Submission

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
    source.lesson, source.keeps_log = lesson, True
    found: dict[str, Outcome] = {}

    def loop(runner: Runner) -> None:
        for outcome in runner.run(source, lambda _, of: of == task):
            if outcome.result.verdict is not Verdict.PASSED:
                found[outcome.result.test] = outcome
        left = {
            test: outcome.result.verdict
            for test, outcome in found.items()
            if outcome.result.verdict in _SHORTENED
        }
        for step in STEPS:
            names = frozenset(left)
            for outcome in runner.run(source, lambda t, _: t in names, step=step):  # noqa: B023
                test = outcome.result.test
                if outcome.result.verdict is left[test]:
                    found[test] = outcome
                    del left[test]

    run_session(GradingPlugin(lesson, 0, loop), [lesson.public_tests])
    return list(found.values())
