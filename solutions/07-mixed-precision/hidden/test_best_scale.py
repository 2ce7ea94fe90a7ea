"""Hidden tests of `best_scale`: single arrays, several arrays, limits and refusals.

Core is the rule: the largest power of two that keeps the largest gradient below 65504,
whatever its sign and its array. The bound itself, the cap, gradients too large, zeros
and what is refused are not.
"""

import math

import numpy as np
import pytest
from hidden.answers import (
    CONTRACT,
    INF,
    NAN,
    STEP_4,
    number,
    python_float,
    refusals,
)

from autograder.student.testing import check


def scales(student, cases, look):
    """Ask for scales and judge them; cases: kind -> (values, scale)."""
    answers = {
        kind: student.best_scale([np.array(values, dtype=np.float32)])
        for kind, (values, _) in cases.items()
    }
    for kind, (_, want) in cases.items():
        where = f"best_scale, the largest gradient is {kind}"
        number(answers[kind], want, where, look)


@pytest.mark.task("best_scale", weight=3, core=True)
def test_best_scales(student):
    scales(
        student,
        {
            "1": ([1.0], 2.0**15),
            "-1, and smaller ones": ([0.5, -1.0, 0.25], 2.0**15),
            "3": ([3.0], 2.0**14),
            "-0.7": ([-0.7, 0.3], 2.0**16),
            "a power of two": ([2.0**-20], 2.0**35),
            "small beside zeros": ([0.0, 3e-6, -0.0], 2.0**34),
            "too small for float16": ([1e-9, -4e-10], 2.0**45),
        },
        STEP_4,
    )


@pytest.mark.task("best_scale", weight=2, core=True)
def test_best_scales_of_several_arrays(student, rng):
    some = [(rng.normal(size=s) * 1e-4).astype("f4") for s in ((4, 5), 3, (2, 2, 2))]
    cases = {
        "the largest in the last of three arrays": (
            [
                np.full((2, 3), 1e-3, dtype=np.float32),
                np.array([2e-3], dtype=np.float32),
                np.array([[1e-4], [-0.7]], dtype=np.float32),
            ],
            2.0**16,
        ),
        "the largest in the first of two arrays": (
            [np.array([-3.0], dtype=np.float32), np.array([1e-3], dtype=np.float32)],
            2.0**14,
        ),
    }
    largest = max(float(np.abs(g).max()) for g in some)
    right = 2.0 ** math.floor(math.log2(65504 / largest))
    cases["gradients at random in three arrays"] = some, right
    answers = {kind: student.best_scale(grads) for kind, (grads, _) in cases.items()}

    for kind, (_, want) in cases.items():
        number(answers[kind], want, f"best_scale, {kind}", STEP_4)


@pytest.mark.task("best_scale", weight=2)
def test_limits_of_the_scale(student):
    top = 65504.0
    scales(
        student,
        {
            "exactly 65504": ([top], 1.0),
            "just above 65504": ([65504.004], 0.5),
            "just below 65504": ([65503.996], 1.0),
            "65504 times a power of two": ([top * 2.0**-30], 2.0**30),
            "just above 65504 times a power of two": ([65504.004 * 2.0**-30], 2.0**29),
            "larger than 65504": ([-1e6], 2.0**-4),
            "65504 times a large power of two": ([top * 2.0**29], 2.0**-29),
            "near the largest float32": ([3.4e38], 2.0**-112),
            "one of two whose sum overflows": ([3e38, 3e38], 2.0**-112),
            "the largest float32": ([3.4028235e38], 2.0**-113),
            "so small that the scale is capped": ([1e-37], 2.0**127),
            "the smallest float32": ([1e-45], 2.0**127),
            "just too large for the cap": ([2.0**-111], 2.0**126),
            "just small enough for the cap": ([top * 2.0**-127], 2.0**127),
        },
        CONTRACT,
    )


@pytest.mark.task("best_scale", weight=2)
def test_zeros_nothing_and_infinities(student, rng):
    cases = {
        "all zero": [np.array([0.0, -0.0], dtype=np.float32)],
        "no arrays": [],
        "an empty array": [np.zeros(0, dtype=np.float32)],
        "an empty array, then zeros": [np.zeros((0, 2), "f4"), np.zeros(2, "f4")],
    }
    answers = {kind: student.best_scale(grads) for kind, grads in cases.items()}
    some = [np.zeros(3, "f4"), np.zeros((0, 2), "f4"), np.ones(2, "f4")]
    empty = student.best_scale(some)
    shapes = (np.zeros((2, 0), "f4"), np.array(1.0, "f4"))
    single = student.best_scale(shapes)
    some = [rng.normal(size=(4, 5)).astype(np.float32)]
    given = student.keep(some)
    student.best_scale(given)
    after = student.fetch(given)
    odd = {
        f"best_scale, {kind} among the gradients": (
            [np.ones(2, dtype=np.float32), np.array([0, value], dtype=np.float32)],
        )
        for kind, value in (("inf", INF), ("-inf", -INF), ("NaN", NAN))
    }
    odd |= {
        f"best_scale, {kind} in the first array, {what} in the second": (
            [np.array([0, value], "f4"), np.full(1, rest, "f4")],
        )
        for kind, value in (("inf", INF), ("NaN", NAN))
        for what, rest in (("1", 1.0), ("0", 0.0))
    }
    refusals(ValueError, student.best_scale, odd)

    for kind, got in answers.items():
        number(got, 1.0, f"best_scale, {kind}", CONTRACT)
    where = "best_scale, zeros, an empty array and ones"
    number(empty, 2.0**15, where, CONTRACT)
    python_float(empty, where)
    where = "best_scale, a tuple of an array without elements and one without axes"
    number(single, 2.0**15, where, CONTRACT)
    check.equal(after, some, where="best_scale, its gradients", look=CONTRACT)
