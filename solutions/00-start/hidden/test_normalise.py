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
def test_normalise_values_that_are_nearly_equal(student):
    # Every step is exact. No spread is too small but that of equal values.
    signs = np.array([-1.0, 1.0, 1.0, -1.0])
    for x in (2.0**-60 * signs, 1.0 + 2.0**-51 * signs):
        check.close(
            student.normalise(x),
            signs,
            atol=1e-9,
            where="normalise of values that are nearly equal",
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
    for x in (np.array([1.0, 2.0, 4.0]), np.full(3, 2.0)):
        given = student.keep(x)
        student.normalise(given)
        after = student.fetch(given)
        check.unchanged(after, x, where="normalise, its input x", look=STEP[1])


def shares_memory(lesson, values):
    """Return whether the answer and the array that was given are one."""
    import numpy as np

    x = np.array(values)
    return bool(np.shares_memory(lesson.normalise(x), x))


@pytest.mark.task("normalise")
def test_normalise_returns_a_new_array(student):
    for values in ([0.0, 0.0], [-1.0, 1.0]):
        check.true(
            not student.run(shares_memory, values=values),
            where=f"normalise of {values}",
            evidence="the answer shares memory with x",
            look="The contract: a new float64 array.",
        )


@pytest.mark.task("normalise")
def test_normalise_other_dtypes(student):
    for dtype, values, want in (
        ("int64", [0, 2], [-1.0, 1.0]),
        ("int8", [-120, 120], [-1.0, 1.0]),
        ("float32", [0, 2], [-1.0, 1.0]),
        ("float16", [-600, 600], [-1.0, 1.0]),  # squares exceed float16
        ("int64", [3, 3], [0.0, 0.0]),
    ):
        check.close(
            student.normalise(np.array(values, dtype)),
            np.array(want),
            atol=1e-12,
            where=f"normalise of {values} in {dtype}",
            look="The contract: a new float64 array.",
            axis_names=("position",),
            dtype=np.float64,
        )
