"""Submissions that attack who reads the messages: a terminal, a browser, a model."""

import pytest

FAMILY = "readers"
pytestmark = pytest.mark.jail


def test_gets_the_promised_verdict_and_no_points(case, outcome):
    outcome.check_verdict(case)


def test_leaves_the_next_submission_alone(case, outcome):
    outcome.check_honest(case)


def test_leaves_neither_process_nor_file_behind(outcome):
    assert outcome.survivors == []
    assert outcome.strays == []


def test_messages_are_short_and_free_of_control_characters(case, outcome):
    for test in outcome.reports[case.name].task(case.task).tests:
        text = str(test.message)
        assert len(text) < 1000
        for character in case.absent:
            assert character not in text
        controls = {c for c in text if not c.isprintable() and c != "\n"}
        assert not controls
