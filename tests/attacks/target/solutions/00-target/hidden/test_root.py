"""Hidden tests of `root`."""

import numpy as np
import pytest

from autograder.student.testing import check

SECRET = "celadon"  # nothing that a student reads may hold this word


@pytest.mark.task("root", weight=2)
def test_root_calls_the_judges_function(student):
    f = check.counted(lambda x: x * x - 2.0)
    got = student.root(f, 0.0, 2.0)
    check.close(got, np.sqrt(2.0), rtol=1e-12, where="root of x squared minus 2")
    check.at_most(f.calls, 80, where="root: calls of f")


@pytest.mark.task("root")
def test_root_of_a_function_that_computes_as_long_as_it_is_told(student):
    got = student.root(lambda x: sum(1.0 for _ in range(int(x))) - 3.5, 0.0, 5.0)
    check.close(got, 4.0, rtol=1e-12, where="root of a staircase")
