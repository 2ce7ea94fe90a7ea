"""Hidden tests of `scale`."""

import numpy as np
import pytest

from autograder.student.testing import check

SECRET = "celadon"  # nothing that a student reads may hold this word


@pytest.mark.task("scale", weight=2)
def test_scale_of_random_values(student, reference, rng):
    x = rng.normal(size=7)
    got = student.scale(x, 3.0)
    check.close(got, reference.scale(x, 3.0), rtol=1e-12, where="scale, random values")


@pytest.mark.task("scale")
def test_scale_after_the_student_had_the_input(student, reference):
    x = np.arange(1.0, 5.0)
    got = student.scale(x, -2.0)
    check.close(got, reference.scale(x, -2.0), rtol=1e-12, where="scale, small whole x")
