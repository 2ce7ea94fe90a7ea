"""Submissions that tamper with the schedule explorer, which runs them and judges."""

from __future__ import annotations

import arena
import pytest

from autograder.student.report import Report

FAMILY = "explorer"
pytestmark = pytest.mark.jail


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """Every case graded, an honest submission after each."""
    return arena.grade_explorer()


def test_gets_the_promised_verdict_and_no_points(case, reports):
    task = reports[case.name].task(case.task)
    assert task.verdict in case.verdicts, str(task.message)
    assert task.points == 0, "the attack gains points"


def test_leaves_the_next_submission_alone(case, reports):
    report = reports[f"after {case.name}"]
    assert report.points == report.max_points
