"""What tells one stop of a kernel from another, for the names of mistakes."""

from __future__ import annotations

import pytest

from autograder.student.raised import raised

STOP = (
    "copy_kernel, line 5, program 2: tl.load from x_ptr is out of bounds: element 10, "
    "but x_ptr has shape (10,): elements 0 to 9.\n  x = tl.load(x_ptr + offs)"
)


def kept(text: str) -> str:
    error = raised("copy", ["AccessError", [], text, []])
    assert "copy stopped in" in error.message.where
    return error.at  # type: ignore[attr-defined, no-any-return]


def test_other_names_and_lines_are_the_same_stop() -> None:
    other = STOP.replace("copy_kernel, line 5", "k, line 9").replace("x_ptr", "source")
    assert kept(other.replace("x = ", "values = ")) == kept(STOP)


@pytest.mark.parametrize(
    ("old", "new"),
    [("element 10", "element 40"), ("tl.load from", "tl.store to"), ("(10,)", "(5,)")],
)
def test_another_access_is_another_stop(old: str, new: str) -> None:
    assert kept(STOP.replace(old, new)) != kept(STOP)


def test_what_is_no_access_is_kept_as_it_is_told() -> None:
    text = "k, line 3, program 0: tl.arange of 12 elements."
    assert kept(text) == "tl.arange of 12 elements."
