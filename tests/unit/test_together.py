"""Calls that travel together are answered as if each had come alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_values import anything
from toy import Cell

from autograder.student import codec
from autograder.student.proxy import (
    Handle,
    NotAttempted,
    Session,
    StudentError,
    StudentForged,
    StudentRaised,
)
from autograder.student.report import InfrastructureError
from autograder.student.testing.in_process import LocalChannel
from autograder.student.view import Student

SOURCE = """
class Dual:
    def __init__(self, value, tangent=0.0):
        self.value, self.tangent = value, tangent
    def __add__(self, other):
        return Dual(self.value + other.value, self.tangent + other.tangent)
    def __mul__(self, other):
        return Dual(self.value * other.value,
                    self.tangent * other.value + self.value * other.tangent)

asked = []

def note(x):
    asked.append(x)
    return list(asked)

def apply(f, x):
    return f(x)

def boom(x):
    raise ValueError(f"no {x}")

def stub():
    raise NotImplementedError
"""


class Counted:
    """A channel that counts the messages that pass."""

    def __init__(self) -> None:
        self.inner = LocalChannel.load([Cell("cell 1", SOURCE)])
        self.count = 0

    def request(self, message: bytes, call_back: Callable[[bytes], bytes]) -> bytes:
        self.count += 1
        return self.inner.request(message, call_back)

    def explain(self, name: str) -> StudentError:
        return self.inner.explain(name)


@pytest.fixture
def channel() -> Counted:
    return Counted()


@pytest.fixture
def session(channel: Counted) -> Session:
    return Session(channel)


@pytest.fixture
def student(session: Session) -> Student:
    return Student(session)


def ask(student: Student, *calls: Any) -> None:
    """Let calls travel together, each a name and its arguments."""
    with student.together() as batch:
        for name, *args in calls:
            getattr(batch, name)(*args)


def test_one_message_carries_all(student: Student, channel: Counted) -> None:
    with student.together() as batch:
        a, b = batch.Dual(2.0, 1.0), batch.Dual(3.0, 0.5)
        y = a * b + a
        parts = y.value, y.tangent
    assert channel.count == 1
    assert tuple(map(batch.result, parts)) == (8.0, 5.0)
    found = batch.result(y)
    assert isinstance(found, Handle)
    assert found.type_name == "Dual"
    assert found.value == 8.0  # and goes on living, for calls that travel alone


def test_they_run_in_order_and_nothing_runs_without_them(student: Student) -> None:
    with student.together() as batch:
        notes = [batch.note(x) for x in (1, 2, 3)]
    assert [batch.result(x) for x in notes] == [[1], [1, 2], [1, 2, 3]]
    with student.together():
        pass
    assert student.note(4) == [1, 2, 3, 4]


def test_a_failure_costs_those_alone_that_need_it(student: Student) -> None:
    with student.together() as batch:
        bad = batch.boom(7)
        needs = bad.value
        lost, missing, plain = batch.stub(), batch.absent(), batch.note(1)
        no_such = plain.value
    assert batch.result(plain) == [1]
    for handle in (bad, needs):
        with pytest.raises(ValueError, match="no 7") as caught:
            batch.result(handle)
        assert str(caught.value.message).startswith("boom raised ValueError")
    for handle in (lost, missing):
        with pytest.raises(NotAttempted):
            batch.result(handle)
    with pytest.raises(StudentRaised, match="AttributeError") as caught:
        batch.result(no_such)
    assert "list.value" in str(caught.value.message)


def test_the_transcript_is_that_of_calls_alone(channel: Counted) -> None:
    def dance(calls: Any) -> None:
        y = calls.Dual(1.0, 2.0) + calls.Dual(3.0)
        calls.note(y.value)

    alone, together = Session(channel), Session(Counted())
    dance(Student(alone))
    with Student(together).together() as batch:
        dance(batch)
    named = [[label for label, _ in s.transcript] for s in (alone, together)]
    assert named[0] == named[1] == ["Dual", "Dual", "Dual add", "Dual.value", "note"]
    assert alone.transcript[-1] == together.transcript[-1] == ("note", [4.0])


def test_functions_are_called_back(student: Student) -> None:
    seen: list[Any] = []

    def f(x: Any) -> Any:
        seen.append(x)
        with student.together() as inner:
            y = inner.Dual(x, 1.0)
            slope = y.tangent
        return inner.result(slope)

    def angry(x: Any) -> None:
        raise OSError("the judge's own")

    with student.together() as batch:
        answers = [batch.apply(f, x) for x in (5.0, 6.0)]
    assert [batch.result(a) for a in answers] == [1.0, 1.0]
    assert seen == [5.0, 6.0]
    with pytest.raises(OSError, match="the judge's own"):
        ask(student, ("apply", angry, 1), ("note", "never"))
    assert student.note("next") == ["next"]


def test_objects_of_earlier_calls_may_be_used(student: Student) -> None:
    kept = student.keep(np.zeros(2))
    with student.together() as batch:
        held = batch.fetch(kept)
        held[:] = 7.0
    np.testing.assert_array_equal(batch.result(held), [0.0, 0.0])  # as it was then
    np.testing.assert_array_equal(student.fetch(kept), [7.0, 7.0])


def test_what_a_test_must_not_do(student: Student) -> None:
    with student.together() as batch:
        y = batch.note(1)
        with pytest.raises(InfrastructureError, match="was not sent"):
            batch.result(y)
        with pytest.raises(InfrastructureError, match="cannot be asked together"):
            list(y)
        with pytest.raises(InfrastructureError, match="outside"):
            student.note(y)
    with pytest.raises(InfrastructureError, match="cannot be asked together"):
        batch.note(2)


class Liar:
    """A channel whose other side sends what it likes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def request(self, message: bytes, call_back: Callable[[bytes], bytes]) -> bytes:
        return self.data

    def explain(self, name: str) -> StudentError:
        return NotAttempted(name)


@pytest.mark.parametrize("replies", [5, [], [b""] * 3, {}, b"ab"])
def test_other_numbers_of_answers_are_forgery(replies: object) -> None:
    student = Student(Session(Liar(codec.dumps(["ok", replies]))))
    with pytest.raises(StudentForged):
        ask(student, ("f",), ("g",))


@pytest.mark.parametrize("reply", [5, b"", b"\xc1", codec.dumps(["skipped"])])
def test_what_no_answer_looks_like_is_forgery(reply: object) -> None:
    student = Student(Session(Liar(codec.dumps(["ok", [reply]]))))
    with student.together() as batch:
        y = batch.f()
    with pytest.raises(StudentForged):
        batch.result(y)


@given(st.lists(anything, min_size=2, max_size=2))
def test_any_answers_are_answers_or_faults_of_the_submission(parts: list[Any]) -> None:
    replies = [codec.dumps(["ok", part]) for part in parts]
    student = Student(Session(Liar(codec.dumps(["ok", replies]))))
    with student.together() as batch:
        y = batch.f()
        z = y.value
    batch.result(y)
    batch.result(z)
