"""Calls in a process of its own: answers, limits, deaths, and what comes after them."""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from classroom_kit import make_lesson

from autograder.classroom import bounded
from autograder.classroom.bounded import BoundedProcess, TooMuch
from autograder.classroom.reader import Reader
from autograder.student.report import InfrastructureError


class _Endless:
    """Becomes, in the other process, a reader that never ends."""

    def __reduce__(self) -> tuple[object, ...]:
        return eval, ("lambda *words: sum(iter(int, 1))",)


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[BoundedProcess]:
    """A process whose calls may compute for a second and take a quarter of a GB."""
    monkeypatch.setattr(bounded, "CPU_S", 1)
    monkeypatch.setattr(bounded, "MEMORY_BYTES", 2**28)
    with BoundedProcess() as one:
        yield one


def test_one_process_answers_one_call_after_the_other(process: BoundedProcess) -> None:
    first = process.call(os.getpid)
    assert first != os.getpid()
    assert process.call(os.getpid) == first
    assert process.call(sorted, [3, 1], reverse=True) == [3, 1]


def test_each_call_has_its_own_seconds(process: BoundedProcess) -> None:
    first = process.call(os.getpid)
    for _ in range(4):  # each computes for a good part of its second
        process.call(math.factorial, 60_000)
    assert process.call(os.getpid) == first


@pytest.mark.parametrize(
    ("function", "words", "reason"),
    [
        (math.factorial, (10**8,), "more than 1 s of computing"),
        (bytes, (2**29,), "of memory"),
        (json.loads, ("[" * 100_000,), "nested too deeply"),
        (os.abort, (), "nested too deeply"),  # as when a stack overflows
        (json.loads, ("{",), r"too odd \(JSONDecodeError\)"),
        (os.kill, (0, signal.SIGKILL), "too much memory"),  # as Linux does, twice
    ],
)
def test_what_takes_too_much_is_told_and_the_next_call_is_answered(
    process: BoundedProcess, function: object, words: tuple[object, ...], reason: str
) -> None:
    with pytest.raises(TooMuch, match=reason):
        process.call(function, *words)  # type: ignore[arg-type]
    assert process.call(abs, -1) == 1


def test_a_process_that_was_killed_from_outside_is_started_again(
    process: BoundedProcess,
) -> None:
    os.kill(process.call(os.getpid), signal.SIGKILL)
    assert process.call(abs, -1) == 1


def test_a_machine_that_stands_still_is_no_one_s_fault(
    process: BoundedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "PATIENCE_S", 0.05)
    with pytest.raises(InfrastructureError, match="does the disk answer"):
        process.call(signal.pause)


def test_it_finds_nothing_in_the_working_directory(
    process: BoundedProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "colorsys.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    there = process.call(eval, "__import__('colorsys').__file__")
    assert Path(there).parent == Path(os.__file__).parent
    assert process.call(os.getcwd) == "/"


def test_a_file_that_cannot_be_read_in_time_is_a_submission_with_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = make_lesson(tmp_path)
    names = ("a.py", "b.py", "a.py")
    (tmp_path / "a.py").write_text("x = 1")
    (tmp_path / "b.py").write_text("x = 2")
    monkeypatch.setattr(bounded, "CPU_S", 1)
    monkeypatch.setattr("autograder.classroom.reader.read_submission", _Endless())
    with Reader(lesson) as reader:
        one, other, again = (reader.read(tmp_path / name) for name in names)
    assert one.name == "a.py"
    assert one.problem == (
        "The file cannot be read: it takes more than 1 s of computing."
    )
    assert one.digest == again.digest != other.digest
