"""`autograder check LESSON --repro TASK`: a failing public test as Python to paste."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from autograder.student.checking import failing_case
from autograder.student.commands.ending import stuck
from autograder.student.report import CourseError, Verdict, gettext
from autograder.student.testing.repro import Unwritable, script
from autograder.student.verdict_words import verdict_word

if TYPE_CHECKING:
    from autograder.student.lesson import Lesson
    from autograder.student.notebook.submission import Submission


def print_case(
    lesson: Lesson, submission: Submission, path: Path, task: str
) -> Verdict:
    """Print the first failing case of a task; large arrays go to a file beside.

    Raises:
        CourseError: there is no such task, or the case has no text.
    """
    outcome = failing_case(lesson, submission, lesson.task(task).name, stuck)
    if outcome is None:
        print(gettext("# {task} passes: nothing to show").format(task=task))
        return Verdict.PASSED
    result = outcome.result
    if result.verdict is Verdict.NOT_ATTEMPTED or not outcome.asked:
        print(f"# {task}: {verdict_word(result.verdict)}")
        print("\n".join(f"# {line}" for line in str(result.message).splitlines()))
        if result.verdict is not Verdict.NOT_ATTEMPTED:
            print(f"# Nothing to paste: {result.test} in {lesson.public_tests} plays")
            print("# scenes. Copy one below your answer, then: autograder explore FILE")
            print("# --function SCENE")
        return result.verdict
    got = None if outcome.failed is None else outcome.failed.got
    data = Path(f"repro-{task}.npz")
    try:
        text, arrays = script(outcome.asked, got, result.message, path, data)
    except Unwritable as what:
        raise CourseError(
            f"{task}: this case holds {what} and cannot be written as a few lines;"
            f" it is {result.test} in {lesson.public_tests}"
        ) from None
    if arrays:
        np.savez(data, **arrays)
    print(text)
    return result.verdict
