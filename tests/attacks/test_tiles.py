"""Submissions that forge what the tile simulator measures."""

from __future__ import annotations

import arena
import pytest

from autograder.demo.kit import splice
from autograder.grading.grade import Grader
from autograder.student.lesson import find_course
from autograder.student.notebook.submission import Submission
from autograder.student.report import Report

FAMILY = "tiles"
pytestmark = pytest.mark.jail


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """Every case graded, then the untouched reference."""
    lesson = find_course().lesson("09")
    reference = lesson.reference_path.read_text(encoding="utf-8")
    sources = {c.name: splice(reference, c.source) for c in arena.cases(FAMILY)}
    sources["honest"] = reference
    found: dict[str, Report] = {}
    submissions = (
        (name, Submission.from_sources(f"{name}.py", [(name, source)]))
        for name, source in sources.items()
    )
    Grader(lesson, arena.SEED, diagnose=False).run(submissions, found.__setitem__)
    return found


def test_gets_the_promised_verdict_and_no_points(case, reports):
    task = reports[case.name].task(case.task)
    assert task.verdict in case.verdicts, str(task.message)
    assert task.points == 0


def test_loses_nothing_elsewhere(case, reports):
    others = [t for t in reports[case.name].tasks if t.task != case.task]
    assert [t.task for t in others if t.points != t.max_points] == []


def test_leaves_the_next_submission_alone(reports):
    assert reports["honest"].points == reports["honest"].max_points
