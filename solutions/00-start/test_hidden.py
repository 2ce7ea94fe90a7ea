"""Hidden tests of the first lesson: short, and each amplifies one mistake."""

import math

import numpy as np
import pytest

from autograder.student.testing import check

STEP = ("Chapter, step 1.", "Chapter, step 2.", "Chapter, step 3.")


@pytest.mark.task("mean", weight=2)
def test_mean_of_random_numbers(student, rng):
    x = rng.normal(size=101)
    where = "mean of 101 random numbers"
    check.close(
        student.mean(x), math.fsum(x) / 101, atol=1e-12, where=where, look=STEP[0]
    )


@pytest.mark.task("mean")
def test_mean_of_integers(student):
    got = student.mean(np.array([1, 2, 2, 5], dtype=np.int64))
    where = "mean of integers whose mean is no integer"
    check.close(got, 2.5, rtol=1e-12, where=where, look=STEP[0])


@pytest.mark.task("mean")
def test_mean_of_small_integers_with_a_large_sum(student):
    x = np.full(300, 100, dtype=np.int8)  # the sum, 30000, is no int8
    where = "mean of many int8 values"
    check.close(student.mean(x), 100.0, rtol=1e-12, where=where, look=STEP[0])


@pytest.mark.task("mean")
def test_mean_of_one_number(student):
    got = student.mean(np.array([-7.25]))
    check.close(got, -7.25, rtol=1e-12, where="mean of one number", look=STEP[0])


@pytest.mark.task("mean")
def test_mean_of_nothing(student):
    check.raises(
        ValueError,
        student.mean,
        np.array([]),
        where="mean of an empty array",
        look="The docstring's section Raises.",
    )


@pytest.mark.task("normalise", weight=2)
def test_normalise_random_numbers(student, reference, rng):
    x = 3.0 * rng.normal(size=24) + 1.0
    want = np.array(reference.normalise(x))
    where = "normalise of 24 random numbers"
    got = student.normalise(x)
    check.close(
        got, want, atol=1e-9, where=where, look=STEP[1], axis_names=("position",)
    )


@pytest.mark.task("normalise")
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


def call_and_look(module, x):
    """Normalise an array and tell what became of it."""
    result = module.normalise(x)
    return result, x


@pytest.mark.task("normalise")
def test_normalise_leaves_its_input_alone(student):
    x = np.array([1.0, 2.0, 4.0])
    _, after = student.run(call_and_look, x=x)
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


@pytest.mark.task("halvings", weight=2)
def test_halvings_of_random_scales(student, rng):
    for _ in range(8):
        scale = float(np.exp(rng.uniform(0.0, 20.0)))
        limit = float(np.exp(rng.uniform(-3.0, 3.0)))
        ratio, exponents = math.frexp(scale), math.frexp(limit)
        want = max(0, ratio[1] - exponents[1] + (ratio[0] > exponents[0]))
        where = "halvings of a random scale"
        check.equal(student.halvings(scale, limit), want, where=where, look=STEP[2])


@pytest.mark.task("halvings")
def test_halvings_exact_power(student):
    got = student.halvings(2.0**40, 1.0)
    check.equal(got, 40, where="halvings down to exactly the limit", look=STEP[2])


@pytest.mark.task("halvings")
def test_halvings_already_below(student):
    got = student.halvings(0.25, 4.0)
    check.equal(got, 0, where="halvings of a scale below the limit", look=STEP[2])


def raised(module, pairs):
    """Tell for each pair what calling raised, or what it returned."""
    found = []
    for scale, limit in pairs:
        try:
            found.append(module.halvings(scale, limit))
        except ValueError:
            found.append("ValueError")
    return found


@pytest.mark.task("halvings")
def test_halvings_refuses_nan_and_negative_scales(student):
    pairs = [
        (float("nan"), 1.0),
        (-8.0, 1.0),
        (0.0, 1.0),
        (8.0, float("nan")),
        (1.0, 0.0),
    ]
    for got in student.run(raised, pairs=pairs):
        where = "halvings of a NaN, negative or zero number"
        evidence = f"got {check.show(got)}, expected a ValueError"
        check.true(got == "ValueError", where=where, evidence=evidence, look=STEP[2])


@pytest.mark.task("halvings")
def test_halvings_ends_for_an_infinite_scale(student):
    check.raises(
        ValueError,
        student.halvings,
        float("inf"),
        1.0,
        where="halvings of an infinite scale",
        look="Chapter, step 3: this loop never ends.",
    )
