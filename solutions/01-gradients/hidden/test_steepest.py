"""Hidden tests of `steepest`: one for each norm, then the cases that are forgotten.

The core tests ask each norm for ordinary gradients of mixed signs, whose largest
coordinate is once positive and once negative.
"""

import math

import numpy as np
import pytest
from hidden.answers import CONTRACT

from autograder.student.testing import check

STEP_4 = "Chapter, step 4."

SIZES = {
    "l1": lambda u: float(np.sum(np.abs(u))),
    "l2": lambda u: math.hypot(*map(float, u)),
    "linf": lambda u: float(np.max(np.abs(u))),
}


def best(grad, signs, norm):
    """Return the unit vector of the chapter; the first of equals wins."""
    if norm == "l2":
        return grad / np.sqrt(grad @ grad)
    if norm == "linf":
        return signs
    first = np.arange(grad.size) == np.argmax(np.abs(grad))
    return np.where(first, signs, 0.0)


def judge_direction(got, grad, norm, kind):
    where = f"steepest, {norm}, {kind}"
    grad = np.asarray(grad, dtype=np.float64)
    signs, grad = np.sign(grad), grad / np.max(np.abs(grad))
    want = best(grad, signs, norm)
    check.shape(got, want.shape, where=where, look=STEP_4)
    check.dtype(got, np.float64, where=where, look=CONTRACT)
    got = np.asarray(got, dtype=np.float64)
    evidence = f"its {norm} norm is {SIZES[norm](got):.4g}, not 1"
    good = abs(SIZES[norm](got) - 1) < 1e-9
    check.true(good, where=where, evidence=evidence, look=STEP_4)
    climb, most = float(grad @ got), float(grad @ want)
    evidence = f"it climbs {climb:.4g}; a unit vector of this norm can climb {most:.4g}"
    check.true(climb > most * (1 - 1e-9), where=where, evidence=evidence, look=STEP_4)
    check.close(got, want, atol=1e-9, where=where, look=CONTRACT)


def judge_ordinary(student, rng, norm):
    """Ask one norm for ordinary gradients."""
    grad = rng.uniform(0.5, 2.0, size=6) * np.array([1, -1, 1, -1, -1, 1])
    grad[3] = -3.0
    cases = (
        ("its largest coordinate is negative", grad),
        ("its largest coordinate is positive", -grad[::-1] * 0.25),
        ("two coordinates", np.array([0.3, 0.4])),
    )
    judge_all(student, [(kind, g, norm) for kind, g in cases])


def judge_all(student, cases):
    with student.together() as batch:
        answers = [batch.steepest(g, norm) for _, g, norm in cases]
    for (kind, g, norm), got in zip(cases, answers, strict=True):
        judge_direction(batch.result(got), g, norm, kind)


@pytest.mark.task("steepest", weight=2, core=True)
def test_l2(student, rng):
    judge_ordinary(student, rng, "l2")


@pytest.mark.task("steepest", weight=2, core=True)
def test_l1(student, rng):
    judge_ordinary(student, rng, "l1")


@pytest.mark.task("steepest", weight=2, core=True)
def test_linf(student, rng):
    judge_ordinary(student, rng, "linf")


def judge_all_norms(student, cases):
    judge_all(student, [(kind, g, norm) for kind, g in cases for norm in SIZES])


@pytest.mark.task("steepest", weight=1)
def test_ties_zeros_and_integers(student):
    tie = np.array([1.0, -2.0, 2.0, -2.0, 0.0])
    cases = [("a tie and a zero", tie), ("an integer gradient", np.array([3, 0, -4]))]
    cases += [
        ("a tie of many", np.repeat([1.0, -2.0, 2.0, 1.0], 250)[::-1]),
        ("nearly a tie", np.array([1.0, -1.0 - 2**-50])),
        ("sizes far apart", np.array([1.0, -1e-9, 1e-20])),
        ("a float32 gradient", np.array([0.5, -3.0, 0.0], dtype=np.float32)),
        ("an int8 gradient", np.array([-128, 5], dtype=np.int8)),
        ("a float16 gradient", np.array([3.0, -4.0], dtype=np.float16)),
        ("large int64 numbers", np.array([4, -3]) * 10**9),
        ("large int32 numbers", np.array([60000, -80000], dtype=np.int32)),
    ]
    judge_all_norms(student, [*cases, ("n = 1", np.array([-0.5]))])


@pytest.mark.task("steepest", weight=1)
def test_very_long_and_very_short_gradients(student):
    grad = np.array([3.0, 0.0, -4.0])
    cases = [
        ("a very long gradient", grad * 1e200),
        ("1e200 beside -1e-200", np.array([1e200, -1e-200])),
        ("1e-200 beside -1e200", np.array([1e-200, -1e200])),
    ]
    judge_all_norms(student, [*cases, ("a very short gradient", grad * 1e-200)])


@pytest.mark.task("steepest", weight=1)
def test_no_steepest_direction(student):
    for kind, grad, norm in (
        ("a zero gradient, l2", [0.0, 0.0], "l2"),
        ("a zero gradient, l1", [0.0, 0.0], "l1"),
        ("a zero gradient, linf", [0.0, 0.0], "linf"),
        ("a NaN, l2", [1.0, math.nan], "l2"),
        ("a NaN, l1", [math.nan, 1.0], "l1"),
        ("an infinity, l2", [1.0, -math.inf], "l2"),
        ("an infinity, linf", [1.0, math.inf], "linf"),
        ("a NaN, linf", [1.0, math.nan], "linf"),
        ("an infinity, l1", [1.0, math.inf], "l1"),
        ("minus infinity, l1", [1.0, -math.inf], "l1"),
        ("minus infinity, linf", [1.0, -math.inf], "linf"),
        ("the norm 'L2'", [3.0, 4.0], "L2"),
        *((f"the norm {n!r}", [1.0, 2.0], n) for n in ("l3", "L1", "Linf", "inf", "")),
    ):
        where = f"steepest with {kind}"
        check.raises(
            ValueError,
            student.steepest,
            np.array(grad),
            norm,
            where=where,
            look=CONTRACT,
        )


@pytest.mark.task("steepest", weight=1)
def test_steepest_leaves_the_gradient_alone(student):
    grad = np.array([1.0, 0.0, -1.0])
    for norm in SIZES:
        given = student.keep(grad)
        got = student.held("steepest", given, norm)
        got[:] = 9.0
        where = f"steepest, {norm}: is the argument changed, or handed back"
        check.unchanged(student.fetch(given), grad, where=where, look=CONTRACT)
