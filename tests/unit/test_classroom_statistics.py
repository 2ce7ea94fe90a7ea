"""Counting a class."""

from __future__ import annotations

from classroom_kit import make_report, make_task
from hypothesis import given
from hypothesis import strategies as st

from autograder.classroom.statistics import summarise
from autograder.student.report import Verdict


def test_counts_points_verdicts_and_mistakes() -> None:
    right = make_report(make_task("double", Verdict.PASSED, Verdict.PASSED))
    slow = make_report(make_task("double", Verdict.PASSED, Verdict.TIMEOUT))
    plus = make_report(make_task("double", Verdict.WRONG, diagnosis="adds-two"))
    result = summarise("00-slopes", [right, slow, plus, plus])
    assert (result.submissions, result.mean, result.median) == (4, 3.75, 2.5)
    (task,) = result.tasks
    assert task.verdicts == (
        (Verdict.TIMEOUT, 1),
        (Verdict.WRONG, 2),
        (Verdict.PASSED, 1),
    )
    assert (task.passed, task.mean_share) == (1, 0.375)
    assert task.seconds == (0.5, 0.5, 0.25, 0.25)
    (mistake,) = result.misconceptions
    assert (mistake.name, mistake.students) == ("adds-two", 2)
    assert mistake.text == "the lesson of adds-two"


def test_our_own_failures_stay_out_of_the_numbers() -> None:
    broken = make_report(make_task("double", Verdict.INFRA))
    result = summarise("00-slopes", [broken, make_report()])
    assert (result.submissions, result.ungraded, result.points) == (2, 1, (10.0,))


def test_an_empty_class_has_zeros() -> None:
    result = summarise("00-slopes", [])
    assert (result.mean, result.median, result.tasks) == (0.0, 0.0, ())


@given(st.lists(st.sampled_from([v for v in Verdict if v is not Verdict.INFRA])))
def test_every_submission_is_in_the_verdict_mix(verdicts: list[Verdict]) -> None:
    reports = [make_report(make_task("double", verdict)) for verdict in verdicts]
    result = summarise("00-slopes", reports)
    assert sum(count for _, count in result.verdicts) == len(verdicts)
    assert 0 <= result.mean <= result.max_points
