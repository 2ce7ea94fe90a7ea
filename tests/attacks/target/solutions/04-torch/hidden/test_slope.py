"""Hidden tests of `slope`."""

import pytest
import torch

from autograder.student.testing import check

SECRET = "celadon"  # nothing that a student reads may hold this word


def cube(x, scale):
    """Return the sum of scaled cubes."""
    return (scale * x**3).sum()


@pytest.mark.task("slope")
def test_slope_of_cubes(student, rng):
    x = torch.from_numpy(rng.normal(size=4))
    f = student.keep_function(cube, scale=2.0)
    check.close(student.slope(f, x), 6 * x**2, rtol=1e-9, where="slope of 2 x^3")
