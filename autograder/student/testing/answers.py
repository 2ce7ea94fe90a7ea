"""What a solution answered in a test, and whether two answers are the same."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from autograder.student.proxy import Handle
from autograder.student.tensors import array_of, is_tensor, name_of
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

    @classmethod
    def condensed(cls, outcome: Outcome) -> Answers:
        """Read what tells them apart: numbers, and digests of everything else."""
        full = cls.of(outcome)
        entries = [[condense(said), condense(got)] for said, got in full.transcript]
        return cls(full.verdict, entries)

    def same_as(self, other: Answers) -> bool:
        """Tell whether another solution answered the same, within rounding."""
        if self is other:
            return True
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
        return a.tobytes() == b.tobytes() or _are_close(a, b)
    except (TypeError, ValueError, OverflowError):
        return False


def _are_close(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Do what `np.isclose` does, in a quarter of its time: arrays are small, and many.

    What is close to 0 is so beside the largest number.
    """
    precision = _ROUNDING.get(a.dtype.itemsize // (2 if a.dtype.kind == "c" else 1))
    rounding = precision or 1e-8
    wide = np.result_type(a.dtype, np.float64)
    a, b = a.astype(wide), b.astype(wide)
    with np.errstate(all="ignore"):
        finite = np.isfinite(b)
        sizes = np.where(finite, np.abs(b), 0.0)
        near = np.abs(a - b) <= rounding * (sizes + sizes.max(initial=0.0))
        close = (near & finite) | (a == b) | (np.isnan(a) & np.isnan(b))
    return bool(close.all())


#: The most numbers of an array, or of a list of floats, that are kept one by one.
_MOST_NUMBERS = 64
_SUMS = 8


def condense(value: Any) -> Any:
    """Return a small value that is alike for answers that are alike.

    Texts and whole numbers in bulk become digests: they are the same or they are not.
    Floats stay, so that rounding may differ; of a long array some weighted sums do.
    """
    if isinstance(value, (str, bytes)):
        return _digest(value if isinstance(value, bytes) else value.encode())
    if isinstance(value, dict):
        return [[condense(key), condense(item)] for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        kind = type(value).__name__
        if len(value) > _MOST_NUMBERS and {type(item) for item in value} == {float}:
            return [kind, _sums(np.array(value))]
        return [kind, *map(condense, value)]
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "fc":
            told = f"{value.dtype.str} {value.shape}".encode()
            return _digest(told + np.ascontiguousarray(value).tobytes())
        return value if value.size <= _MOST_NUMBERS else _sums(value)
    if isinstance(value, (set, frozenset, range, slice, Fraction)):
        return _digest(repr(value).encode())
    return value


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:6]


def _sums(array: np.ndarray[Any, Any]) -> list[Any]:
    """Return shape and kind of an array, where it is not finite, and sums of it."""
    flat = array.ravel()
    is_wide = array.dtype.itemsize > (8 if array.dtype.kind == "c" else 4)
    odd = np.flatnonzero(~np.isfinite(flat))
    finite = np.where(np.isfinite(flat), flat, 0).astype(np.complex128)
    turns = np.outer(np.arange(1, _SUMS + 1), np.arange(1, flat.size + 1))
    sums = [np.abs(finite).sum(), *(np.cos(turns) @ finite)]
    told = f"{array.dtype.str} {array.shape} {odd.tolist()} {flat[odd].tolist()}"
    parts = np.concatenate([np.real(sums), np.imag(sums)])
    return [_digest(told.encode()), parts.astype(np.float64 if is_wide else np.float32)]


_PLAIN = frozenset({int, float, bool, str, bytes, Fraction, np.ndarray, type(None)})


def _plain(value: Any) -> Any:
    """Replace what has no plain value by a description of it."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Handle):
        return [f"object {value.type_name}", _plain(value.fields)]
    if callable(value):
        return "function"
    if is_tensor(value):
        return ["tensor", name_of(value), array_of(value)]
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
