"""Whatever the other side says is an answer or the submission's fault."""

from __future__ import annotations

import builtins
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_values import anything

from autograder.student import codec
from autograder.student.loading import reason_of
from autograder.student.proxy import (
    NotAttempted,
    Session,
    StudentError,
    StudentForged,
)
from autograder.student.report import Verdict
from autograder.student.view import Student
from autograder.student.vocabulary import Vocabulary

KINDS = ["ok", "raised", "missing", "limit", "odd", "callback", "x"]
EXCEPTIONS = {
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
}


class Liar:
    """A channel whose other side sends what it likes."""

    def __init__(self, data):
        self.data = data

    def request(self, message, call_back):
        return self.data

    def explain(self, name):
        return NotAttempted(name)


@pytest.mark.parametrize(
    "data", [b"", b"\xc1", b"\x00", b"\x90", b"\x91\x01", b"\x92\xa3abc\x01"]
)
def test_garbage_is_forgery(data):
    with pytest.raises(StudentForged) as caught:
        Student(Session(Liar(data))).f()
    assert caught.value.verdict is Verdict.SECURITY


@given(st.lists(anything, max_size=5), st.sampled_from(KINDS), st.booleans())
def test_any_reply_is_an_answer_or_a_fault_of_the_submission(rest, kind, hidden):
    session = Session(Liar(codec.dumps([kind, *rest])))
    session.words = Vocabulary() if hidden else None
    with contextlib.suppress(StudentError):  # else this test fails
        Student(session).f()


@given(st.lists(anything, max_size=4))
def test_any_callback_is_answered(parts):
    answers = []

    class Caller(Liar):
        def request(self, message, call_back):
            answers.append(call_back(codec.dumps(["callback", *parts])))
            return codec.dumps(["ok", 1])

    assert Student(Session(Caller(b""))).f(lambda x: x) == 1
    assert codec.loads(answers[0])[0] in ("ok", "raise", "error")


@pytest.mark.parametrize(
    ("argument", "verdict"), [(0.5, Verdict.TIMEOUT), ("x" * 4000, Verdict.OUTPUT)]
)
def test_calls_without_end_take_too_long_and_long_ones_tell_too_much(argument, verdict):
    class Caller(Liar):
        def request(self, message, call_back):
            call = codec.dumps(["callback", 1, [argument], {}])
            answers = (codec.loads(call_back(call))[0] for _ in range(300_000))
            assert "error" in answers
            return codec.dumps(["error"])

    with pytest.raises(StudentError) as caught:
        Student(Session(Caller(b""))).f(lambda x: x)
    assert caught.value.verdict is verdict


@pytest.mark.parametrize("name", sorted(EXCEPTIONS))
def test_every_builtin_exception_is_a_crash(name):
    said = ["raised", name, [name, "Exception"], "text", [("cell 1", 1, "f")]]
    with pytest.raises(StudentError) as caught:
        Student(Session(Liar(codec.dumps(said)))).f()
    assert caught.value.verdict in (Verdict.CRASH, Verdict.NOT_ATTEMPTED)


@pytest.mark.parametrize(
    "answer",
    [[], 5, "limit", ["limit"], ["raised", "E", [], "t", 5], ["raised"] * 5],
)
def test_what_no_loader_says_is_no_reason(answer):
    with pytest.raises(codec.CodecError):
        reason_of(answer)
