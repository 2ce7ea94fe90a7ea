"""Submissions that tamper with the schedule explorer, which runs them and judges."""

from __future__ import annotations

import arena
import pytest

from autograder.demo.kit import splice
from autograder.grading.grade import Grader
from autograder.student.lesson import Lesson, read_lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import Report

FAMILY = "explorer"
pytestmark = pytest.mark.jail


def target() -> Lesson:
    """The lesson that these cases attack."""
    root = arena.HERE / "target"
    return read_lesson(root / "course/01-threads", root / "solutions/01-threads")


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """Every case graded, an honest submission after each."""
    lesson = target()
    reference = lesson.reference_path.read_text(encoding="utf-8")
    found: dict[str, Report] = {}

    def submissions():
        for case in arena.cases(FAMILY):
            source = splice(reference, case.source)
            yield case.name, Submission.from_sources("answer.py", [("cell 1", source)])
            honest = Submission.from_sources("honest.py", [("cell 1", reference)])
            yield f"after {case.name}", honest

    grader = Grader(lesson, arena.SEED, diagnose=False)
    grader.run(submissions(), found.__setitem__)
    return found


def test_gets_the_promised_verdict_and_no_points(case, reports):
    task = reports[case.name].task(case.task)
    assert task.verdict in case.verdicts, str(task.message)
    assert task.points == 0, "the attack gains points"


def test_leaves_the_next_submission_alone(case, reports):
    report = reports[f"after {case.name}"]
    assert report.points == report.max_points
