"""Submissions that forge a result, or an object that passes for one."""

import pytest

FAMILY = "forgery"
pytestmark = pytest.mark.jail


def test_gets_the_promised_verdict_and_no_points(case, outcome):
    outcome.check_verdict(case)


def test_leaves_the_next_submission_alone(case, outcome):
    outcome.check_honest(case)


def test_leaves_neither_process_nor_file_behind(outcome):
    assert outcome.survivors == []
    assert outcome.strays == []


def test_runs_nothing_in_the_judge(outcome, marker):
    assert not marker.exists()
