"""`autograder check LESSON --repro TASK`: a failing public test as Python to paste."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from autograder.student.commands.ending import stuck
from autograder.student.failing import failing_cases
from autograder.student.report import TestResult, Verdict, gettext
from autograder.student.testing.repro import Unwritable, elements, script
from autograder.student.verdict_words import verdict_word

if TYPE_CHECKING:
    from autograder.student.lesson import Lesson
    from autograder.student.notebook.submission import Submission
    from autograder.student.testing.plugin import Outcome


def print_case(
    lesson: Lesson, submission: Submission, path: Path, task: str
) -> Verdict:
    """Print the smallest failing case of a task; large arrays go to a file beside.

    Raises:
        CourseError: there is no such task.
    """
    failing = failing_cases(lesson, submission, lesson.task(task).name, stuck)
    if not failing:
        print(gettext("# {task} passes: nothing to show").format(task=task))
        return Verdict.PASSED
    asking = [one for one in failing if one.asked]
    if failing[0].result.verdict is Verdict.NOT_ATTEMPTED or not asking:
        return _told(lesson, failing[0].result, [_SCENES])
    data = Path(f"repro-{task}.npz")
    for outcome in sorted(asking, key=_elements):
        try:
            text, arrays = script(
                outcome.asked, _got(outcome), outcome.result.message, path, data
            )
        except Unwritable:  # a scene, or a model that lives in the test file
            continue
        if arrays:
            np.savez(data, **arrays)
        print(text)
        return outcome.result.verdict
    return _told(lesson, asking[0].result, [])


_SCENES = "# Copy a scene below your answer: autograder explore FILE --function SCENE"


def _told(lesson: Lesson, result: TestResult, hints: Sequence[str]) -> Verdict:
    """Say what failed, and where it stands, of a case that has no text."""
    print(f"# {result.task}: {verdict_word(result.verdict)}")
    print("\n".join(f"# {line}" for line in str(result.message).splitlines()))
    if result.verdict is not Verdict.NOT_ATTEMPTED:
        print(f"# Nothing to paste: the case is {result.test}")
        print(f"# in {lesson.public_tests}", *hints, sep="\n")
    return result.verdict


def _got(outcome: Outcome) -> object:
    """Return the answer that a check found wrong, if one did."""
    return None if outcome.failed is None else outcome.failed.got


def _elements(outcome: Outcome) -> int:
    """Return how much there is to paste."""
    return elements(outcome.asked, _got(outcome))
