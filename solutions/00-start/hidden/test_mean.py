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
def test_mean_of_numbers_with_a_large_sum(student):
    for dtype, value in (  # no sum fits into its dtype
        ("int8", 100), ("float16", 1000), ("int64", 2**62), ("uint64", 2**63),
    ):  # fmt: skip
        got = student.mean(np.full(300, value, dtype))
        where = f"mean of many {dtype} values"
        check.close(got, float(value), rtol=1e-12, where=where, look=STEP[0])


@pytest.mark.task("mean")
def test_mean_of_one_number(student):
    got = student.mean(np.array([-7.25]))
    check.close(got, -7.25, rtol=1e-12, where="mean of one number", look=STEP[0])
    zeros = student.mean(np.zeros(3, dtype=np.int64))
    check.close(zeros, 0.0, where="mean of three zeros", look=STEP[0])


@pytest.mark.task("mean")
def test_mean_of_nothing(student):
    check.raises(
        ValueError,
        student.mean,
        np.array([]),
        where="mean of an empty array",
        look="The docstring's section Raises.",
    )
