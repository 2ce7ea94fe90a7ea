"""Submissions whose ranks reach each other past the network, or forge its meter."""

import pytest

FAMILY = "ranks"
TARGET = "02-ranks"
pytestmark = pytest.mark.jail


def test_gets_the_promised_verdict_and_no_points(case, outcome):
    outcome.check_verdict(case)


def test_leaves_the_next_submission_alone(case, outcome):
    outcome.check_honest(case)


def test_leaves_neither_process_nor_file_behind(outcome):
    assert outcome.survivors == []
    assert outcome.strays == []
