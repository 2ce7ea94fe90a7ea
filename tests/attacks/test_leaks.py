"""Submissions that search for the answer, the tests or the judge's data."""

import pytest

FAMILY = "leaks"
pytestmark = pytest.mark.jail


def test_gets_the_promised_verdict_and_no_points(case, outcome):
    outcome.check_verdict(case)


def test_leaves_the_next_submission_alone(case, outcome):
    outcome.check_honest(case)


def test_tells_nothing_of_what_it_saw(case, outcome):
    # The cases spell hidden inputs behind a word that no source holds.
    assert "Xyzzy" not in outcome.reports[case.name].to_json()


def test_leaves_neither_process_nor_file_behind(outcome):
    assert outcome.survivors == []
    assert outcome.strays == []
