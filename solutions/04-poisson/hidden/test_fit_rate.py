"""Hidden tests of `fit_rate`: a rate and its interval, with gaps cut short."""

import math

import numpy as np
import pytest
from hidden.laws import CONTRACT, STEPS, kept, numbers, refuses

from autograder.student.testing import check

STEP = STEPS[7]


def want_of(x, censored):
    """Return what the contract asks for."""
    total, ended = math.fsum(x), sum(not c for c in censored)
    if not ended:
        return 0.0, 0.0, math.log(20) / total
    rate, width = ended / total, 1.96 / math.sqrt(ended)
    return rate, rate * math.exp(-width), rate * math.exp(width)


def judge(got, x, censored, where, look):
    """Check the three numbers.

    Core tests let the interval be that of 2 standard deviations, its ends in any order.
    """
    numbers(got, 3, where, look)
    want = want_of(x, censored)
    check.close(got[0], want[0], rtol=1e-12, where=f"{where}: rate", look=look)
    if look is STEP:
        got, rtol = (got[0], *sorted(got[1:])), 0.045
    else:
        rtol = 1e-12
    check.close(got[1:], want[1:], rtol=rtol, where=f"{where}: interval", look=look)


@pytest.mark.task("fit_rate", weight=3, core=True)
def test_all_seen(student, rng):
    x = rng.exponential(0.2, size=37)
    got = student.fit_rate(x)
    few = student.fit_rate(np.array([3.0, 0.5, 0.25]))
    told = student.fit_rate(x, np.zeros(37, dtype=bool))

    judge(got, x, [False] * 37, "fit_rate of 37 gaps", STEP)
    judge(few, [3.0, 0.5, 0.25], [False] * 3, "fit_rate of 3 gaps", STEP)
    judge(told, x, [False] * 37, "fit_rate of 37 gaps, none censored", STEP)


@pytest.mark.task("fit_rate", weight=3, core=True)
def test_some_cut_short(student, rng):
    x = rng.exponential(3.0, size=60)
    cut = x > 2.0
    x = np.minimum(x, 2.0)
    one = np.array([4.0, 1.0, 2.0, 5.0, 0.5])
    last = np.array([False, False, False, True, False])
    got, few = student.fit_rate(x, cut), student.fit_rate(one, last)
    most = student.fit_rate(one, ~last)

    judge(got, x, cut, "fit_rate of 60 gaps, watched for 2 at most", STEP)
    judge(few, one, last, "fit_rate of 5 gaps, one censored", STEP)
    judge(most, one, ~last, "fit_rate of 5 gaps, four censored", STEP)


@pytest.mark.task("fit_rate", weight=2)
def test_none_ended(student):
    x = np.array([0.5, 3.0, 1.5])
    got = student.fit_rate(x, np.ones(3, dtype=bool))
    alone = student.fit_rate(np.array([2.0]), np.array([True]))
    judge(got, x, [True] * 3, "fit_rate, all censored", CONTRACT)
    judge(alone, [2.0], [True], "fit_rate of one gap, censored", CONTRACT)


@pytest.mark.task("fit_rate", weight=2)
def test_kinds_and_scales(student):
    flags = np.array([False, True, False])
    for x in (
        [4, 7, 1],
        [0, 3, 0],
        [1e-200, 4e-200, 2e-200],
        [1e-280, 4e-280, 0.0],
        [1e200, 5e200, 0.0],
    ):
        got = student.fit_rate(np.array(x), flags)
        where = f"fit_rate of {x}, the second censored"
        judge(got, x, flags, where, CONTRACT)
    small = student.fit_rate(np.array([100, 120, 90], dtype=np.int8))
    judge(small, [100, 120, 90], [False] * 3, "fit_rate of int8", CONTRACT)
    for dtype in (np.float16, np.float32):
        short = np.array([0.1, 0.3, 0.7], dtype=dtype)
        where = f"fit_rate of {short.dtype}"
        got = student.fit_rate(short)
        judge(got, short.astype(float), [False] * 3, where, CONTRACT)
    judge(
        student.fit_rate(np.full(1500, 0.1)),
        [0.1] * 1500,
        [False] * 1500,
        "fit_rate of 1500 gaps",
        CONTRACT,
    )
    alone = student.fit_rate(np.array([0.25]))
    judge(alone, [0.25], [False], "fit_rate of one gap", CONTRACT)


@pytest.mark.task("fit_rate", weight=2)
def test_fit_rate_refuses(student):
    three = np.ones(3)
    for kind, args in (
        ("no gaps", (np.zeros(0),)),
        ("no gaps and no flags", (np.zeros(0), np.zeros(0, dtype=bool))),
        ("a negative gap", (np.array([1.0, -0.5, 2.0]),)),
        ("a gap of NaN", (np.array([1.0, math.nan]),)),
        ("an infinite gap", (np.array([1.0, math.inf]),)),
        ("gaps of 0", (np.zeros(4),)),
        ("gaps of 0, all censored", (np.zeros(2), np.ones(2, dtype=bool))),
        ("a matrix", (np.ones((2, 2)),)),
        ("a column", (np.ones((3, 1)),)),
        ("a gap just below 0", (np.array([1.0, -1e-300]),)),
        ("a matrix and a matrix", (np.ones((2, 2)), np.ones((2, 2), dtype=bool))),
        ("a 0-d array", (np.array(2.0),)),
        ("a 0-d array and a 0-d flag", (np.array(2.0), np.array(False))),
        (
            "a negative gap, censored",
            (np.array([1.0, -0.5, 2.0]), np.array([False, True, False])),
        ),
        (
            "an infinite gap, censored",
            (np.array([1.0, math.inf, 2.0]), np.array([False, True, False])),
        ),
        ("no flags for three", (three, np.zeros(0, dtype=bool))),
        ("a 0-d flag for one", (np.ones(1), np.array(False))),
        ("too few flags", (three, np.array([True, False]))),
        ("one flag for three", (three, np.array([False]))),
        ("flags in a column", (three, np.zeros((3, 1), dtype=bool))),
        ("a row of flags too many", (three, np.zeros((2, 3), dtype=bool))),
    ):
        refuses(student, "fit_rate", kind, *args)


@pytest.mark.task("fit_rate", weight=1)
def test_fit_rate_leaves_its_arguments(student):
    kept(student, "fit_rate", [np.array([3.0, 1.0]), np.array([True, False])])
