"""`autograder check LESSON --repro TASK`: a failing public test as Python to paste."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from autograder.student.checking import failing_cases
from autograder.student.commands.ending import stuck
from autograder.student.report import CourseError, Verdict, gettext
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
        CourseError: there is no such task, or the case has no text.
    """
    failing = failing_cases(lesson, submission, lesson.task(task).name, stuck)
    if not failing:
        print(gettext("# {task} passes: nothing to show").format(task=task))
        return Verdict.PASSED
    asking = [one for one in failing if one.asked]
    result = failing[0].result
    if result.verdict is Verdict.NOT_ATTEMPTED or not asking:
        print(f"# {task}: {verdict_word(result.verdict)}")
        print("\n".join(f"# {line}" for line in str(result.message).splitlines()))
        if result.verdict is not Verdict.NOT_ATTEMPTED:
            print(f"# Nothing to paste: {result.test} in {lesson.public_tests} plays")
            print("# scenes. Copy one below your answer, then: autograder explore FILE")
            print("# --function SCENE")
        return result.verdict
    data, unwritable = Path(f"repro-{task}.npz"), ""
    for outcome in sorted(asking, key=_elements):
        try:
            got = _got(outcome)
            text, arrays = script(
                outcome.asked, got, outcome.result.message, path, data
            )
        except Unwritable as what:
            unwritable = unwritable or (
                f"{task}: this case holds {what} and cannot be written as a few lines;"
                f" it is {outcome.result.test} in {lesson.public_tests}"
            )
            continue
        if arrays:
            np.savez(data, **arrays)
        print(text)
        return outcome.result.verdict
    raise CourseError(unwritable)


def _got(outcome: Outcome) -> object:
    """Return the answer that a check found wrong, if one did."""
    return None if outcome.failed is None else outcome.failed.got


def _elements(outcome: Outcome) -> int:
    """Return how much there is to paste."""
    return elements(outcome.asked, _got(outcome))
