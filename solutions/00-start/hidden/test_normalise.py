"""Hidden tests of `normalise`."""

import numpy as np
import pytest
from hidden.common import STEP

from autograder.student.testing import check


@pytest.mark.task("normalise", weight=2, core=True)
def test_normalise_random_numbers(student, reference, rng):
    x = 3.0 * rng.normal(size=24) + 1.0
    want = np.array(reference.normalise(x))
    where = "normalise of 24 random numbers"
    got = student.normalise(x)
    check.close(
        got, want, atol=1e-9, where=where, look=STEP[1], axis_names=("position",)
    )


@pytest.mark.task("normalise", core=True)
def test_normalise_far_from_zero(student):
    # Mean 2**30, deviation 1: every step is exact, and squaring first is not.
    x = 2.0**30 + np.array([-1.0, 1.0, 1.0, -1.0])
    where = "normalise of values near a thousand million"
    check.close(
        student.normalise(x),
        np.array([-1.0, 1.0, 1.0, -1.0]),
        atol=1e-9,
        where=where,
        look=STEP[1],
        axis_names=("position",),
    )


@pytest.mark.task("normalise")
def test_normalise_equal_values_that_round(student):
    # 0.1 + 0.1 + 0.1 is not 3 * 0.1, so the rounded mean is none of the values.
    check.close(
        student.normalise(np.array([0.1, 0.1, 0.1])),
        np.zeros(3),
        where="normalise of equal fractions",
        look="Chapter, step 2: no spread, no scale.",
        axis_names=("position",),
    )


@pytest.mark.task("normalise")
def test_normalise_one_value(student):
    check.close(
        student.normalise(np.array([42.0])),
        np.zeros(1),
        where="normalise of one value",
        look="Chapter, step 2: no spread, no scale.",
        axis_names=("position",),
    )


@pytest.mark.task("normalise")
def test_normalise_leaves_its_input_alone(student):
    x = np.array([1.0, 2.0, 4.0])
    given = student.keep(x)
    student.normalise(given)
    after = student.fetch(given)
    check.unchanged(after, x, where="normalise, its input x", look=STEP[1])


@pytest.mark.task("normalise")
def test_normalise_integers(student):
    check.close(
        student.normalise(np.array([0, 2], dtype=np.int64)),
        np.array([-1.0, 1.0]),
        atol=1e-12,
        where="normalise of integers",
        look=STEP[1],
        axis_names=("position",),
        dtype=np.float64,
    )
