"""The tests that you see. The hidden ones ask for the same things of other inputs."""

# Template: enough to know that one is on the right road, in numbers done by hand.

import numpy as np
import pytest

from autograder.student.testing import check


@pytest.mark.task("template_task")
def test_template_task_of_three_numbers(student):
    got = student.template_task(np.array([1.0, 2.0, 6.0]))
    want = np.array([1.0, 3.0, 9.0])
    where = "running sums of 1, 2, 6"
    check.close(got, want, atol=1e-12, where=where, look="Chapter, step 1.")


@pytest.mark.task("template_task")
def test_template_task_of_one_number(student):
    got = student.template_task(np.array([4.0]))
    where = "running sums of 4"
    check.close(got, np.array([4.0]), where=where, look="Chapter, step 1.")
