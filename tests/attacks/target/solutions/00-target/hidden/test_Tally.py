"""Hidden tests of `Tally`."""

import pytest

from autograder.student.testing import check

SECRET = "celadon"  # nothing that a student reads may hold this word


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
