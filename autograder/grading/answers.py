"""What a solution answered in a test, and whether two answers are the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.student.proxy import Handle
from autograder.student.testing.plugin import Outcome

#: Relative difference within which two answers of that precision are the same.
_ROUNDING = {2: 2e-3, 4: 2e-5, 8: 1e-8}


@dataclass(frozen=True)
class Answers:
    """What one solution answered in one test."""

    verdict: str
    transcript: list[list[Any]]

    @classmethod
    def of(cls, outcome: Outcome) -> Answers:
        """Read them from a test's outcome."""
        entries = [[label, _plain(value)] for label, value in outcome.transcript]
        return cls(str(outcome.result.verdict), entries)

    def same_as(self, other: Answers) -> bool:
        """Tell whether another solution answered the same, within rounding."""
        mine, theirs = self.transcript, other.transcript
        if self.verdict != other.verdict or len(mine) != len(theirs):
            return False
        pairs = zip(mine, theirs, strict=True)
        return all(a[0] == b[0] and alike(a[1], b[1]) for a, b in pairs)


def alike(one: Any, other: Any) -> bool:
    """Tell whether two answers are the same within rounding of their precision."""
    if isinstance(one, (bool, str, bytes)) or one is None:
        return type(one) is type(other) and bool(one == other)
    if type(one) is float and type(other) is float:  # NumPy takes ten times as long
        return one == other or (one != one and other != other) or _is_close(one, other)
    if type(one) is int:
        return type(other) is int and one == other
    if isinstance(one, dict):
        if not isinstance(other, dict) or one.keys() != other.keys():
            return False
        return all(alike(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        if type(one) is not type(other) or len(one) != len(other):
            return False
        return all(map(alike, one, other))
    if isinstance(one, (set, frozenset, range, slice)):
        return type(one) is type(other) and bool(one == other)
    return _alike_numbers(one, other)


def _is_close(one: float, other: float) -> bool:
    return math.isfinite(other) and abs(one - other) <= 2 * _ROUNDING[8] * abs(other)


def _alike_numbers(one: Any, other: Any) -> bool:
    try:
        a, b = np.asarray(one), np.asarray(other)
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        if a.dtype.kind not in "fc":
            return bool(np.array_equal(a, b))
        precision = _ROUNDING.get(a.dtype.itemsize // (2 if a.dtype.kind == "c" else 1))
        rounding = precision or 1e-8
        wide = np.result_type(a.dtype, np.float64)
        a, b = a.astype(wide), b.astype(wide)
        with np.errstate(all="ignore"):
            finite = np.abs(b[np.isfinite(b)])
            scale = float(finite.max(initial=0.0))
            close = np.isclose(a, b, rounding, rounding * scale, equal_nan=True)
        return bool(close.all())
    except (TypeError, ValueError, OverflowError):
        return False


def _plain(value: Any) -> Any:
    """Replace what has no plain value by a description of it."""
    if isinstance(value, Handle):
        return [f"object {value.type_name}", _plain(value.fields)]
    if callable(value):
        return "function"
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
