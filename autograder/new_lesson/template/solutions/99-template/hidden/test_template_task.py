"""Hidden tests of `template_task`."""

# Template: ask for nothing that exercise.py leaves open. A test of the task's idea has
# core=True; every task meets an awkward input: large, tiny, ragged or of another dtype.

import math

import numpy as np
import pytest

from autograder.student.testing import check


@pytest.mark.task("template_task", weight=2, core=True)
def test_template_task_of_random_numbers(student, rng):
    x = rng.normal(size=24)
    want = np.array([math.fsum(x[: k + 1]) for k in range(x.size)])
    got = student.template_task(x)
    where = "running sums of 24 random numbers"
    check.close(got, want, atol=1e-12, where=where, look="Chapter, step 1.")


@pytest.mark.task("template_task")
def test_template_task_of_small_integers(student):
    x = np.full(300, 100, dtype=np.int8)  # the last sum, 30000, is no int8
    want = 100.0 * np.arange(1, 301)
    got = student.template_task(x)
    where = "running sums of many int8 values"
    look = "Chapter, step 1: keep the total in float64."
    check.close(got, want, where=where, look=look)
