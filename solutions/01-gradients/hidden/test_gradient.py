"""Hidden tests of `gradient`: every coordinate, each with its own step, then the rest.

Costs, dtypes, extreme points and functions that do not respect their input stand in
tests that are not core.
"""

import math

import numpy as np
import pytest
from hidden.answers import CONTRACT, STEP_2
from hidden.careless import careless, judge_careless

from autograder.student.testing import check

WEIGHTS = np.array([1.0, -2.0, 3.0, -4.0, 5.0])


def waves(x):
    x = np.asarray(x, dtype=np.float64)
    return float(np.sum(WEIGHTS * np.sin(x)) + x[0] * x[-1])


@pytest.mark.task("gradient", weight=3, core=True)
def test_all_coordinates(student, rng):
    x = rng.uniform(-1, 1, size=5)
    f = check.counted(waves)
    got = student.gradient(f, x)
    bowl = student.gradient(lambda x: float(np.sum(np.square(x))), x)

    want = WEIGHTS * np.cos(x)
    want[0] += x[-1]
    want[-1] += x[0]
    where = "gradient, n = 5"
    check.close(got, want, rtol=1e-7, atol=1e-7, where=where, look=STEP_2)
    where = "gradient of a bowl, n = 5: central differences of it are exact"
    check.close(bowl, 2 * x, atol=3e-9, where=where, look=STEP_2)
    where = "gradient, n = 5"
    moved = [int(np.sum(p != x)) for p in f.args]
    evidence = "a sample point differs from x in more than one coordinate"
    check.true(max(moved) == 1, where=where, evidence=evidence, look=STEP_2)


@pytest.mark.task("gradient", weight=2, core=True)
def test_each_coordinate_has_its_own_step(student, rng):
    at = np.array([float(rng.uniform(1e4, 2e4)), 1.0, -2.0])
    got = student.gradient(mixed, at)
    check.close(
        got,
        [1 / at[0], math.e, math.cos(2.0)],
        rtol=1e-7,
        where="gradient at one large coordinate beside small ones",
        look="Each coordinate has its own step. " + STEP_2,
    )


def mixed(x):
    """Vary on the scale of each coordinate: a large one, 1 and 1."""
    a, b, c = (float(v) for v in x)
    return math.log(a) + math.exp(b) + math.sin(c)


@pytest.mark.task("gradient", weight=1)
def test_two_calls_a_coordinate(student, rng):
    f, single = check.counted(waves), check.counted(lambda x: float(x[0]) ** 2)
    student.gradient(f, rng.uniform(-1, 1, size=5))
    alone = student.gradient(single, np.array([-2.0]))

    where = "gradient, n = 5: calls of f (2n)"
    check.equal(f.calls, 10, where=where, look=STEP_2)
    check.equal(single.calls, 2, where="gradient, n = 1: calls of f", look=STEP_2)
    check.close(alone, [-4.0], rtol=1e-7, where="gradient, n = 1", look=STEP_2)


@pytest.mark.task("gradient", weight=2)
def test_awkward_points(student):
    scales = student.gradient(spread, np.array([1e8, 1.0, 0.0, 1e-8]))
    root = check.counted(lambda x: float(x[0]) ** 1.5 + 0.25 * float(x[1]))
    whole = student.gradient(root, np.array([4, 9]))
    single = check.counted(lambda x: float(x[0]) ** 2 + 0.5 * float(x[1]))
    narrow = student.gradient(single, np.array([1.1, 2.3], dtype=np.float32))
    boxed = student.gradient(lambda x: x[:1] * x[1:], np.array([2.0, 5.0]))

    where = "gradient at coordinates of very different size"
    want = [1e-8, math.e, 1.0, 2.0]
    check.close(scales, want, rtol=1e-6, where=where, look=STEP_2)
    where = "gradient with integer x"
    look = "In which dtype is the answer collected?"
    check.close(whole, [3.0, 0.25], rtol=1e-7, where=where, look=look, dtype=np.float64)
    check.dtype(root.args[0], np.float64, where=f"{where}: what f is given", look=look)
    where = "gradient with float32 x"
    want = [2.2, 0.5]
    check.close(narrow, want, rtol=1e-5, where=where, look=STEP_2, dtype=np.float64)
    where = f"{where}: what f is given"
    check.dtype(single.args[0], np.float32, where=where, look=CONTRACT)
    where = "gradient where f returns an array of one"
    check.close(boxed, [5.0, 2.0], rtol=1e-7, where=where, look=CONTRACT)
    where, two = "gradient where f returns two numbers", np.ones(2)
    f = lambda x: x * 2  # noqa: E731
    check.raises(ValueError, student.gradient, f, two, where=where, look=CONTRACT)


def spread(x):
    """Vary on the scale of each coordinate: 1e8, 1, 1 and 1."""
    a, b, c, d = (float(v) for v in x)
    return math.log(a) + math.exp(b) + math.sin(c) + 2 * math.exp(d)


@pytest.mark.task("gradient", weight=1)
def test_gradient_of_careless_functions(student):
    x = np.array([3.0, 4.0])
    got = careless(student, name="gradient", x=x)

    judge_careless(got, x, [24.0, 9.0], "gradient", 4)
