"""Submissions that reach for the network, the host or the next submission."""

import pytest

FAMILY = "escape"
pytestmark = pytest.mark.jail


def test_gets_the_promised_verdict_and_no_points(case, outcome):
    outcome.check_verdict(case)


def test_leaves_the_next_submission_alone(case, outcome):
    outcome.check_honest(case)


def test_leaves_neither_process_nor_file_behind(outcome):
    assert outcome.survivors == []
    assert outcome.strays == []


def test_reaches_no_server_of_the_host(outcome, listener):
    assert listener.calls == 0
