"""The tests that you see. The hidden ones ask for the same things of other inputs."""

# Template: numbers done by hand, which catch most of the known mistakes.

import numpy as np
import pytest

from autograder.student.testing import check


@pytest.mark.task("medusa")
def test_medusa_of_three_numbers(student):
    got = student.medusa(np.array([1.0, 2.0, 6.0]))
    want = np.array([1.0, 3.0, 9.0])
    where = "running sums of 1, 2, 6"
    check.close(got, want, atol=1e-12, where=where, look="Chapter, step 1.")


@pytest.mark.task("medusa")
def test_medusa_of_one_number(student):
    got = student.medusa(np.array([4.0]))
    where = "running sums of 4"
    check.close(got, np.array([4.0]), where=where, look="Chapter, step 1.")


@pytest.mark.task("medusa")
def test_medusa_of_small_integers(student):
    got = student.medusa(np.array([100, 60], dtype=np.int8))
    where = "running sums of 100, 60 as int8, which ends at 127"
    check.close(got, np.array([100.0, 160.0]), where=where, look="Chapter, step 1.")
