"""Whether two answers are the same: rounding, kinds, what is not finite."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from autograder.student.testing.answers import alike

KINDS = st.sampled_from([np.float32, np.float64, np.complex128])
ROUNDING = {np.float32: 2e-5, np.float64: 1e-8, np.complex128: 1e-8}
ODD = st.sampled_from([0.0, -0.0, 1.0, 1e30, -1e30, np.inf, -np.inf, np.nan])


@given(st.data(), KINDS, array_shapes(min_side=0, max_dims=2, max_side=4))
def test_arrays_are_alike_where_numpy_finds_them_close(
    data: Any, kind: Any, shape: tuple[int, ...]
) -> None:
    one = np.array(data.draw(arrays(np.float64, shape, elements=ODD)), kind)
    nudge = data.draw(st.sampled_from([0.0, 0.3, 3.0, 100.0])) * ROUNDING[kind]
    with np.errstate(all="ignore"):
        other = data.draw(st.sampled_from([one, one[::-1]])) * kind(1 + nudge)
        other = other.astype(kind)
        largest = np.abs(other[np.isfinite(other)]).max(initial=0.0)
        wide = np.result_type(kind, np.float64)
        rtol = ROUNDING[kind]
        close = np.isclose(
            one.astype(wide), other.astype(wide), rtol, rtol * float(largest), True
        )
    assert alike(one, other) == bool(close.all())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (True, 1),
        ([1], (1,)),
        (np.zeros(2), np.zeros(3)),
        (np.zeros(2), np.zeros(2, np.float32)),
        (np.array([1, 2]), np.array([1, 3])),
        (Fraction(1, 3), Fraction(1, 3) + Fraction(1, 10**20)),
        ({"a": 1.0}, {"b": 1.0}),
        (None, 0),
        ("a", "b"),
        (float("inf"), 1e308),
    ],
)
def test_what_differs_in_kind_or_value_is_not_alike(one: Any, other: Any) -> None:
    assert alike(one, one)
    assert alike(other, other)
    assert not alike(one, other)
    assert not alike(other, one)
