"""What the diagnosis makes of odd answers: it compares them, or finds them unlike."""

from __future__ import annotations

from hypothesis import given
from plain_values import anything

from autograder.student import codec
from autograder.student.report import TestResult, Verdict
from autograder.student.testing.answers import Answers, alike
from autograder.student.testing.plugin import Outcome


def answers(value):
    result = TestResult("test_f", "f", 1.0, Verdict.WRONG)
    return Answers.of(Outcome(result, [("f", value)]))


@given(anything, anything)
def test_any_two_answers_can_be_compared(one, other):
    assert alike(one, one)
    assert alike(one, other) in (True, False)
    assert alike(answers(one).transcript, answers(one).transcript)


def test_the_deepest_answer_can_be_remembered():
    deep = []
    for _ in range(codec.MAX_DEPTH - 4):
        deep = [deep]
    deep = codec.loads(codec.dumps(["ok", deep]))
    assert alike(answers(deep).transcript, answers(deep).transcript)
