"""Submissions that make texts while hidden tests run: no message holds any of them."""

from __future__ import annotations

import arena
import pytest
from hollow import hollow

from autograder.demo.kit import splice
from autograder.grading.grade import Grader
from autograder.student.lesson import find_course
from autograder.student.notebook.submission import Submission
from autograder.student.report import Report

pytestmark = pytest.mark.jail

#: What stands in no source: made of numbers, as a hidden input would be.
MADE = "qxzjk-2.718281828459"
MAKE = f"def made():\n    return bytes({list(MADE.encode())}).decode()\n"
BODIES = (
    "return made()",
    "return {made(): {made(): 1.0}}",
    "return (made(), [made()])",
    "raise type(made(), (KeyError,), {})(made())",
    "return type(made(), (dict,), {'__getattr__': lambda self, name: made()})()",
)
LESSONS = [lesson.id for lesson in find_course().lessons if lesson.twin_dir]

#: Right but for one text: a task of a lesson, and an edit of its reference.
NEARLY = {
    "names of gradients": (
        "08-deformable-conv",
        "DeformConv2d",
        """
class Told(DeformConv2d):
    def grads(self):
        return {made(): np.ones(1), **super().grads()}
DeformConv2d = Told
""",
    ),
    "names of gradients before an empty batch": (
        "08-deformable-conv",
        "DeformConv2d",
        """
class Told(DeformConv2d):
    def forward(self, x):
        self.told = len(x) > 0
        return super().forward(x)
    def grads(self):
        return super().grads() | ({made(): np.ones(1)} if self.told else {})
DeformConv2d = Told
""",
    ),
    "fields of a row": (
        "05-thread-pool",
        "threads_of_this_process",
        """
right = threads_of_this_process
def threads_of_this_process():
    return [(made(), *row[1:]) for row in right()][:1] + right()
""",
    ),
}


def graded(name: str, submissions: dict[str, Submission], task: str = "") -> list[str]:
    """Return the reports of submissions of a lesson, as they are written down."""
    found: list[str] = []

    def keep(key: str, report: Report) -> None:
        found.append(report.to_json())

    lesson, only = find_course().lesson(name), [task] if task else None
    grader = Grader(lesson, arena.SEED, diagnose=False, only=only)
    grader.run(submissions.items(), keep, tasks=lambda key: only)
    return found


def check_untold(report: str) -> None:
    """Assert that a report holds no part of what was made."""
    assert "qxzjk" not in report
    assert "7182818" not in report


@pytest.mark.parametrize("name", LESSONS)
def test_no_message_holds_a_text_that_was_made_meanwhile(name):
    lesson = find_course().lesson(name)
    for report in graded(name, {body: hollow(lesson, body, MAKE) for body in BODIES}):
        check_untold(report)


@pytest.mark.parametrize(("name", "task", "edit"), NEARLY.values(), ids=NEARLY)
def test_nor_where_all_else_is_right(name, task, edit):
    text = find_course().lesson(name).reference_path.read_text(encoding="utf-8")
    source = f"{splice(text, MAKE)}\n{edit}"
    submission = Submission.from_sources("told.py", [("cell 1", source)])
    (report,) = graded(name, {"": submission}, task)
    assert '"wrong"' in report
    check_untold(report)
