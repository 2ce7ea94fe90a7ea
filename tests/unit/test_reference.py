"""What is remembered for a class run: bounded, and of no submission's choosing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from autograder.grading import reference
from autograder.grading.reference import load_module, remembered
from autograder.student.handle import Handle

SOLUTIONS = Path(__file__).parents[2] / "solutions"


def test_answers_to_plain_arguments_are_computed_once() -> None:
    asked: list[object] = []

    @remembered
    def double(x: object) -> object:
        asked.append(x)
        return [x, x]

    for x in (2, 2, 2.0, 2.0, Fraction(2), True, np.int8(1), np.int8(1)):
        double(x)
    assert asked == [2, 2.0, Fraction(2), True, 1, 1]  # NumPy's own are not plain


def test_what_answers_are_made_of_fills_no_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reference, "MOST_KEPT", 10_000)
    asked: list[int] = []

    @remembered
    def wide(n: int) -> np.ndarray:
        asked.append(n)
        return np.zeros(n)

    for n in (1, 500, 2, 500, 501, 2, 1, 9_999, 9_999, 2):
        assert wide(n).size == n
    assert asked == [1, 500, 2, 501, 1, 9_999, 9_999, 2]


def test_answers_for_arrays_in_another_order_are_kept_apart() -> None:
    """A submission may choose how an argument lies in memory, where ours are lent."""

    @remembered
    def double(x: np.ndarray) -> np.ndarray:
        return 2 * x

    rows = np.arange(6.0).reshape(2, 3)
    columns, answer = double(np.asfortranarray(rows)), double(rows)
    assert np.array_equal(columns, answer)
    assert columns.flags.f_contiguous
    assert answer.flags.c_contiguous


def test_what_a_text_of_floats_was_told_is_kept_for_no_other() -> None:
    pytest.importorskip("torch")
    path = SOLUTIONS / "11-medusa/hidden/machines.py"
    machines = load_module(path, "machines_of_lesson_11")
    numbers = (7, 19, 3, 4, 0.85, 2.0, 0, 0)
    fresh, asked = machines.Model(*numbers), machines.Model(*numbers)
    for text in ((1.0, 2.0), (True, 2 + 0j), ("1", 2)):
        asked.logits(text), asked.guesses(text)
    assert np.array_equal(asked.logits((1, 2)), fresh.logits((1, 2)))
    assert np.array_equal(asked.guesses((1, 2)), fresh.guesses((1, 2)))
    assert not np.array_equal(asked.guesses((1.0, 2.0)), fresh.guesses((1, 2)))


def test_a_voice_is_asked_with_whole_numbers_alone() -> None:
    """An object of a submission has the hash of its number, and no equal."""
    pytest.importorskip("torch")
    path = SOLUTIONS / "10-multi-token-prediction/hidden/machines.py"
    machines = load_module(path, "machines_of_lesson_10")
    voice = machines.Voice(None)
    speaker = machines.Speaker(voice)
    speaker.forward([5, 6])
    for token in (Handle(None, 7, "Own", {}), "a long text" * 9, 7.0):
        for ask in (lambda t: speaker.draft(t, 0), lambda t: speaker.forward([5, t])):
            with pytest.raises(TypeError):
                ask(token)
    with pytest.raises(TypeError):
        speaker.draft(7, 0.0)
    later = machines.Speaker(voice)
    later.forward([5, np.int64(6)])
    assert later.draft(7, 0) == []
