"""Hidden tests of `steepest`."""

import math

import numpy as np
import pytest
from hidden.common import CONTRACT

from autograder.student.testing import check

STEP_4 = "Chapter, step 4."


# --- steepest -----------------------------------------------------------------------

SIZES = {
    "l1": lambda u: float(np.sum(np.abs(u))),
    "l2": lambda u: float(np.sqrt(np.sum(u**2))),
    "linf": lambda u: float(np.max(np.abs(u))),
}


def judge_direction(got, want, grad, norm, kind):
    where = f"steepest, {norm}, {kind}"
    check.shape(got, want.shape, where=where, look=STEP_4)
    check.dtype(got, np.float64, where=where, look=CONTRACT)
    got = np.asarray(got, dtype=np.float64)
    evidence = f"its {norm} norm is {SIZES[norm](got):.6g}, not 1"
    good = abs(SIZES[norm](got) - 1) < 1e-9
    check.true(good, where=where, evidence=evidence, look=STEP_4)
    climb, best = float(grad @ got), float(grad @ want)
    evidence = f"it climbs {climb:.6g}; a unit vector of this norm can climb {best:.6g}"
    check.true(climb > best * (1 - 1e-9), where=where, evidence=evidence, look=STEP_4)
    check.close(got, want, atol=1e-9, where=where, look=CONTRACT)


@pytest.mark.task("steepest", weight=3)
def test_steepest(student, rng):
    grad = rng.uniform(0.5, 2.0, size=6) * np.array([1, -1, 1, -1, -1, 1])
    grad[3] = -3.0
    tie = np.array([1.0, -2.0, 2.0, -2.0, 0.0])
    whole = np.array([3, 0, -4])
    cases = [("a random gradient", grad), ("a tie and a zero", tie)]
    cases += [("an integer gradient", whole), ("n = 1", np.array([-0.5]))]
    cases += [("a very long gradient", whole * 1e200)]
    cases += [("a very short gradient", whole * 1e-200)]
    answers = [
        (norm, kind, g, student.steepest(g, norm))
        for kind, g in cases
        for norm in SIZES
    ]

    for norm, kind, g, got in answers:
        g = np.asarray(g, dtype=np.float64) / np.max(np.abs(g))
        want = np.sign(g)
        if norm == "l1":
            first = np.arange(g.size) == np.argmax(np.abs(g))
            want = np.where(first, np.sign(g), 0.0)
        elif norm == "l2":
            want = g / np.sqrt(g @ g)
        judge_direction(got, want, g, norm, kind)


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
        ("an unknown norm", [1.0, 2.0], "l3"),
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


def steepest_in_place(lesson, grad):
    """Tell whether steepest writes into, or hands back, the array it is given."""
    import numpy as np

    changed = []
    for norm in ("l1", "l2", "linf"):
        mine = np.array(grad)
        got = lesson.steepest(mine, norm)
        got[:] = 9.0
        changed.append(bool(np.any(mine != grad)))
    return changed


@pytest.mark.task("steepest", weight=1)
def test_steepest_leaves_the_gradient_alone(student):
    changed = student.run(steepest_in_place, grad=np.array([1.0, 0.0, -1.0]))
    where = "steepest (l1, l2, linf): is the argument changed, or handed back"
    check.equal(changed, [False, False, False], where=where, look=CONTRACT)
