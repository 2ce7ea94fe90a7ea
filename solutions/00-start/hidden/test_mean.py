"""Hidden tests of `mean`."""

import math

import numpy as np
import pytest
from hidden.common import STEP

from autograder.student.testing import check


@pytest.mark.task("mean", weight=2, core=True)
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
