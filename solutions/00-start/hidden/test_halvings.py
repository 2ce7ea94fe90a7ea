"""Hidden tests of `halvings`."""

import math

import numpy as np
import pytest
from hidden.common import STEP

from autograder.student.testing import check


@pytest.mark.task("halvings", weight=2, core=True)
def test_halvings_of_random_scales(student, rng):
    for _ in range(8):
        scale = float(np.exp(rng.uniform(0.0, 20.0)))
        limit = float(np.exp(rng.uniform(-3.0, 3.0)))
        ratio, exponents = math.frexp(scale), math.frexp(limit)
        want = max(0, ratio[1] - exponents[1] + (ratio[0] > exponents[0]))
        where = "halvings of a random scale"
        check.equal(student.halvings(scale, limit), want, where=where, look=STEP[2])


@pytest.mark.task("halvings", core=True)
def test_halvings_exact_power(student):
    got = student.halvings(2.0**40, 1.0)
    check.equal(got, 40, where="halvings down to exactly the limit", look=STEP[2])


@pytest.mark.task("halvings")
def test_halvings_already_below(student):
    got = student.halvings(0.25, 4.0)
    where = "halvings of a scale below the limit"
    check.equal(got, 0, where=where, look=STEP[2])
    whole = isinstance(got, int | np.integer)
    check.true(whole, where=where, evidence="the count is no int", look=STEP[2])


@pytest.mark.task("halvings")
def test_halvings_just_above_a_power(student):
    above = float(np.nextafter(2.0**30, np.inf))
    for scale, limit, want in ((above, 1.0, 31), (3.0, above, 0), (9, 1, 4),
                               (40.0, 5.0, 3), (128e3, 1e3, 7),
                               (2.0**1000, 2.0**-1000, 2000)):  # fmt: skip
        where = f"halvings of {scale:.17g} down to {limit:.17g}"
        got = student.halvings(scale, limit)
        check.equal(got, want, where=where, look=STEP[2])
        whole = isinstance(got, int | np.integer)
        check.true(whole, where=where, evidence="the count is no int", look=STEP[2])


@pytest.mark.task("halvings")
def test_halvings_refuses_nan_and_negative_scales(student):
    nan = float("nan")
    inf = float("inf")
    for pair in ((nan, 1.0), (-8.0, 1.0), (0.0, 1.0), (8.0, nan), (1.0, 0.0),
                 (0.25, inf), (inf, inf), (0.0, inf), (1.0, -1.0)):  # fmt: skip
        where = f"halvings of {pair[0]} down to {pair[1]}"
        check.raises(ValueError, student.halvings, *pair, where=where, look=STEP[2])


@pytest.mark.task("halvings")
def test_halvings_ends_for_an_infinite_scale(student):
    check.raises(
        ValueError,
        student.halvings,
        float("inf"),
        1.0,
        where="halvings of an infinite scale",
        look="Chapter, step 3: this loop never ends.",
    )
