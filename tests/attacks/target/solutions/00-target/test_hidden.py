"""Hidden tests of the lesson that the attacks attack."""

import numpy as np
import pytest

from autograder.student.testing import check


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


@pytest.mark.task("root", weight=2)
def test_root_calls_the_judges_function(student):
    f = check.counted(lambda x: x * x - 2.0)
    got = student.root(f, 0.0, 2.0)
    check.close(got, np.sqrt(2.0), rtol=1e-12, where="root of x squared minus 2")
    check.at_most(f.calls, 80, where="root: calls of f")


@pytest.mark.task("Tally")
def test_tally_adds(student, rng):
    start, step = (float(v) for v in rng.normal(size=2))
    tally = student.Tally(start)
    tally.add(step)
    check.close(tally.total(), start + step, rtol=1e-12, where="Tally: total")


@pytest.mark.task("Tally")
def test_tally_counts_in_whole_numbers(student):
    tally = student.Tally(2)
    tally.add(5)
    check.equal(tally.total(), 7, where="Tally: whole numbers")
