"""Submissions that forge what the tile simulator measures."""

from __future__ import annotations

import arena
import pytest

from autograder.student.report import Report

FAMILY = "tiles"
pytestmark = pytest.mark.jail


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """Every case graded, then the untouched reference."""
    return arena.grade_tiles()


def test_gets_the_promised_verdict_and_no_points(case, reports):
    task = reports[case.name].task(case.task)
    assert task.verdict in case.verdicts, str(task.message)
    assert task.points == 0


def test_tells_nothing_that_it_was_given(case, reports):
    # The cases spell arguments behind a word that no source holds.
    assert "Xyzzy" not in reports[case.name].to_json()


def test_loses_nothing_elsewhere(case, reports):
    others = [t for t in reports[case.name].tasks if t.task != case.task]
    assert [t.task for t in others if t.points != t.max_points] == []


def test_leaves_the_next_submission_alone(reports):
    honest = [reports[name] for name in reports if name.startswith("honest ")]
    assert len(honest) == 2
    assert all(report.points == report.max_points for report in honest)
