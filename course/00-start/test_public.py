"""The tests that you see. The hidden ones ask for the same things of other inputs."""

import numpy as np
import pytest

from autograder.student.testing import check


@pytest.mark.task("mean")
def test_mean_of_a_few_numbers(student):
    got = student.mean(np.array([1.0, 2.0, 6.0]))
    check.close(got, 3.0, rtol=1e-12, where="mean of 1, 2, 6", look="Chapter, step 1.")


@pytest.mark.task("mean")
def test_mean_of_nothing(student):
    check.raises(
        ValueError,
        student.mean,
        np.array([]),
        where="mean of an empty array",
        look="The docstring's section Raises.",
    )


@pytest.mark.task("normalise")
def test_normalise_eight_numbers(student):
    x = np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])  # mean 5, deviation 2
    check.close(
        student.normalise(x),
        (x - 5.0) / 2.0,
        atol=1e-12,
        where="normalise of eight numbers",
        look="Chapter, step 2.",
        axis_names=("position",),
    )


@pytest.mark.task("normalise")
def test_normalise_equal_numbers(student):
    check.close(
        student.normalise(np.array([3.0, 3.0])),
        np.zeros(2),
        where="normalise of 3, 3",
        look="Chapter, step 2: no spread, no scale.",
        axis_names=("position",),
    )


@pytest.mark.task("halvings")
@pytest.mark.parametrize(
    ("scale", "limit", "want"), [(8.0, 1.0, 3), (5.0, 1.0, 3), (1.0, 2.0, 0)]
)
def test_halvings_counts(student, scale, limit, want):
    got = student.halvings(scale, limit)
    where = f"halvings of {scale:g} down to {limit:g}"
    check.equal(got, want, where=where, look="Chapter, step 3.")


@pytest.mark.task("halvings")
def test_halvings_refuses_an_infinite_scale(student):
    check.raises(
        ValueError,
        student.halvings,
        float("inf"),
        1.0,
        where="halvings of an infinite scale",
        look="Chapter, step 3: this loop never ends.",
    )
