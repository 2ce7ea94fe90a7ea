"""Submissions that use torch, in a lesson that needs it, against the judge."""

import pytest

pytest.importorskip("torch")

FAMILY = "torch"
TARGET = "04-torch"
pytestmark = pytest.mark.jail


def test_gets_the_promised_verdict_and_no_points(case, outcome):
    outcome.check_verdict(case)


def test_leaves_the_next_submission_alone(case, outcome):
    outcome.check_honest(case)


def test_reaches_nothing_outside(outcome, listener, marker):
    assert listener.calls == 0
    assert not marker.exists()


def test_leaves_neither_process_nor_file_behind(outcome):
    assert outcome.survivors == []
    assert outcome.strays == []
