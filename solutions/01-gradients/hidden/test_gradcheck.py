"""Hidden tests of `gradcheck`: its verdict, its report and its kinks, then the rest.

f, which is asked often, runs beside the submission; g, which is asked once and holds
the planted error, runs here. Core: wrong gradients are rejected, right ones accepted
(also under a tolerance that only central differences keep), the report names the worst
coordinate and its errors, kinks of either curvature are told from smooth curves. Not
core: very large and small points, NaN, loose tolerances, jumps, calls, shapes,
functions that overwrite. More than 400 lines: the task with the longest contract.
"""

import math

import numpy as np
import pytest
from hidden.answers import CONTRACT, near
from hidden.slopes import WRONG, cubic_slope, planted, report_of, twice
from hidden.values import (
    cliff,
    coarse,
    constant,
    corners,
    cubic,
    dented,
    edge,
    exps,
    jump,
    leaning,
    line,
    logs,
    narrow,
    parabola,
    product,
    size,
    squares,
    wave,
)

from autograder.student.proxy import ByHandle, StudentRaised
from autograder.student.testing import check

STEP_6 = "Chapter, step 6."


@pytest.mark.task("gradcheck", weight=2, core=True)
def test_wrong_gradients_are_rejected(student, rng):
    x = np.array([0.3, 0.9, 1.0]) + rng.uniform(-0.05, 0.05, size=3)
    f = student.keep_function(cubic)
    wrong = [(kind, report_of(student, f, planted(c), x)) for kind, c in WRONG]

    look = "Each coordinate against its own allowance. " + STEP_6
    for kind, report in wrong:
        check.equal(report.ok, False, where=f"gradcheck, {kind}: ok", look=look)


@pytest.mark.task("gradcheck", weight=2, core=True)
def test_right_gradients_are_accepted(student, rng):
    x = np.array([0.3, 0.9, 1.0]) + rng.uniform(-0.05, 0.05, size=3)
    y = rng.uniform(1, 2, size=3) * np.array([1, -1, 1])
    answers = {
        "three slopes of different size": report_of(
            student, student.keep_function(cubic), cubic_slope, x
        ),
        "a bowl, a tight tolerance": report_of(
            student,
            student.keep_function(squares, scale=5),
            lambda x: 5 * twice(x),
            y,
            1e-9,
        ),
        "x = 0": report_of(student, student.keep_function(exps), np.exp, np.zeros(2)),
    }
    judge_accepted(answers)


def judge_accepted(answers):
    for kind, report in answers.items():
        where = f"gradcheck, a right gradient, {kind}"
        check.equal(list(report.kinks), [], where=f"{where}: kinks", look=STEP_6)
        check.equal(report.ok, True, where=f"{where}: ok", look=STEP_6)


@pytest.mark.task("gradcheck", weight=2, core=True)
def test_what_the_report_says(student):
    x = np.array([500.0, -0.5, 0.0])  # the slopes are 1000, -1 and 0
    rtol, atol = 1e-3, 1e-2  # the allowances are 1.01, 0.011 and 0.01
    shifts = {
        "just within every allowance": [0.95, -0.0105, 0.0],
        "half of atol where the slope is 0": [0.0, 0.0, 0.005],
        "twice atol where the slope is 0": [0.0, 0.0, -0.02],
        "half of the relative allowance": [-0.505, 0.0, 0.0],
        "twice the relative allowance": [2.02, 0.0, 0.0],
        "a small error past its allowance": [0.9, 0.03, 0.0],
    }
    f, straight = student.keep_function(squares), student.keep_function(line)
    answers = {
        kind: report_of(
            student, f, lambda x, s=s: twice(x) + np.array(s), x, rtol, atol
        )
        for kind, s in shifts.items()
    }
    bowl = student.keep_function(parabola, k=1.0)  # slope 10 at 5: atol = rtol * 10
    sums = {
        shift: report_of(
            student, bowl, lambda x, s=shift: 2 * x + s, np.array([5.0]), rtol, atol
        )
        for shift in (0.015, 0.025)
    }
    claims = {"twice": 4.0, "half": 1.0}
    others = {
        kind: report_of(student, straight, lambda x, c=c: np.array([c]), np.ones(1))
        for kind, c in claims.items()
    }

    for kind, report in answers.items():
        shift = np.array(shifts[kind])
        slope = 2 * x
        size = np.maximum(np.abs(slope), np.abs(slope + shift))
        ratio = np.abs(shift) / (atol + rtol * size)
        worst = int(np.argmax(ratio))
        where = f"gradcheck, {kind}"
        good = bool(ratio[worst] <= 1)
        check.equal(report.ok, good, where=f"{where}: ok", look=STEP_6)
        index = f"{where}: worst_index"
        check.equal(report.worst_index, worst, where=index, look=STEP_6)
        error = abs(shift[worst])
        near(report.abs_err, error, 0, f"{where}: abs_err", CONTRACT, 1e-5)
        relative = error / size[worst]
        near(report.rel_err, relative, 0, f"{where}: rel_err", CONTRACT, 1e-5)
    for shift, report in sums.items():
        where = (
            f"gradcheck, {shift / atol:g} times atol, which is rtol times the slope: ok"
        )
        check.equal(report.ok, shift < 2 * atol, where=where, look=STEP_6)
    for kind, report in others.items():
        where = f"gradcheck, g {kind} the slope"
        error = abs(claims[kind] - 2)
        near(report.abs_err, error, 0, f"{where}: abs_err", CONTRACT, 1e-5)
        near(report.rel_err, 0.5, 0, f"{where}: rel_err", CONTRACT, 1e-5)


@pytest.mark.task("gradcheck", weight=2, core=True)
def test_kinks(student):
    f = student.keep_function(corners)
    halfway = lambda x: np.array([0.0, 2 * float(x[1]), 0.5])  # noqa: E731
    both = report_of(student, f, halfway, np.array([0.0, 1.0, 0.0]))
    one_sided = report_of(
        student, f, lambda x: np.array([1.0, 2.0, 0.0]), np.array([1.0, 1.0, 0.0])
    )
    beside = report_of(
        student, f, lambda x: np.array([-1.0, 0.0, 0.0]), np.array([-0.5, 0.0, 0.5])
    )
    dent = student.keep_function(size, scale=0.02)
    faint = report_of(student, dent, lambda x: np.zeros(1), np.zeros(1))
    bowls = {k: student.keep_function(parabola, k=k) for k in (1.0, -1e4)}
    curved = [
        report_of(
            student,
            bowl,
            lambda x, k=k: np.array([2 * k * float(x[0])]),
            np.array([at]),
        )
        for k, bowl in bowls.items()
        for at in (0.0, 1.0)
    ]

    look = "Slopes from both sides, at two steps. " + STEP_6
    where = "gradcheck, two kinks, g is the mean of the two slopes"
    check.equal(sorted(both.kinks), [0, 2], where=f"{where}: kinks", look=look)
    check.equal(both.ok, False, where=f"{where}: ok", look=look)
    where = "gradcheck, one kink, g is the slope of one side"
    check.equal(list(one_sided.kinks), [2], where=f"{where}: kinks", look=look)
    check.equal(one_sided.ok, False, where=f"{where}: ok", look=look)
    where = "gradcheck, kinks elsewhere"
    check.equal(list(beside.kinks), [], where=f"{where}: kinks", look=look)
    check.equal(beside.ok, True, where=f"{where}: ok", look=look)
    where = "gradcheck, a kink of 0.02 |x|"
    check.equal(list(faint.kinks), [0], where=f"{where}: kinks", look=look)
    check.equal(faint.ok, False, where=f"{where}: ok", look=look)
    for report in curved:
        where = "gradcheck, strong curvature, no kink"
        check.equal(list(report.kinks), [], where=f"{where}: kinks", look=look)
        check.equal(report.ok, True, where=f"{where}: ok", look=look)


# --- sizes, kinds of values, NaN, loose tolerances, calls --------------------------


@pytest.mark.task("gradcheck", weight=1)
def test_large_small_and_unusual_points(student, rng):
    x = rng.uniform(1, 2, size=3) * np.array([1, -1, 1])
    f = student.keep_function(squares)
    answers = {
        "|x| ~ 1e8, a quadratic": report_of(student, f, twice, x * 1e8),
        "|x| ~ 1e8, slopes ~ 1e-8": report_of(
            student,
            student.keep_function(logs),
            lambda x: 1 / x,
            np.abs(x) * 1e8,
            1e-5,
            1e-16,
        ),
        "|x| ~ 1e-8": report_of(student, f, twice, x * 1e-8, 1e-5, 1e-13),
        "integer x": report_of(student, f, twice, np.array([1, -2])),
        "n = 1, g returns a list": report_of(
            student, f, lambda x: [2.0 * float(x[0])], np.array([1.5])
        ),
        "f returns an array of one": report_of(
            student,
            student.keep_function(product),
            lambda x: x[::-1].copy(),
            np.array([2.0, 3.0]),
        ),
        "an f with a large offset": report_of(
            student,
            student.keep_function(line, slope=3, at_zero=1000.0),
            lambda x: np.array([3.0]),
            np.ones(1),
        ),
    }
    tiny = x * 1e-8
    wrong = {
        "the sign is flipped, |x| ~ 1e-8": report_of(
            student, f, lambda x: -twice(x), tiny, 1e-5, 1e-13
        ),
        "0.1 % too large, |x| ~ 1e8": report_of(
            student, f, lambda x: twice(x) * 1.001, x * 1e8
        ),
    }
    judge_accepted(answers)
    for kind, report in wrong.items():
        check.equal(report.ok, False, where=f"gradcheck, {kind}: ok", look=STEP_6)


@pytest.mark.task("gradcheck", weight=1)
def test_faint_kinks_and_jumps(student):
    cases = (
        ("a faint kink", student.keep_function(size, scale=1e-3)),
        ("a jump", student.keep_function(jump)),
        ("a kink far above 0", student.keep_function(size, scale=1e-3, at_zero=1e3)),
    )
    high = [
        report_of(student, student.keep_function(wave, at_zero=at), np.cos, x1)
        for at in (1e7, -1e8)
        for x1 in (np.array([0.3]), np.array([0.7]))
    ]
    reports = [
        (kind, report_of(student, f, lambda x: np.zeros(1), np.zeros(1)))
        for kind, f in cases
    ]
    for kind, report in reports:
        where = f"gradcheck, {kind}"
        check.equal(list(report.kinks), [0], where=f"{where}: kinks", look=STEP_6)
        check.equal(report.ok, False, where=f"{where}: ok", look=STEP_6)
    high += [
        report_of(student, student.keep_function(coarse), np.cos, np.array([at]))
        for at in COARSE
    ]
    for report in high:
        where = "gradcheck, a smooth f far from 0: rounding makes no kink"
        check.equal(list(report.kinks), [], where=where, look=CONTRACT)


COARSE = (0.3, 0.7, 1.3, 1.8, 2.4)
TINY = (1e-12, 1e-12)


@pytest.mark.task("gradcheck", weight=1)
def test_float32_and_integer_points(student):
    f, g = check.counted(squares), check.counted(twice)
    student.gradcheck(f, g, np.array([1.1, 2.3], dtype=np.float32), 1e-3, 1e-3)
    h = check.counted(twice)
    student.gradcheck(squares, h, np.array([1, -2]))
    rough = [
        report_of(student, student.keep_function(narrow), np.cos, x1, 1e-3, 1e-3)
        for x1 in np.array([[0.4], [0.9], [1.3], [2.0]], dtype=np.float32)
    ]

    for p in (*f.args, *g.args):
        where = "gradcheck, float32 x: what f and g are given"
        check.dtype(p, np.float32, where=where, look=CONTRACT)
    for report in rough:
        where = "gradcheck, float32 x and f: rounding makes no kink"
        check.equal(list(report.kinks), [], where=where, look=CONTRACT)
    where = "gradcheck, integer x: what g is given"
    check.dtype(h.args[0], np.float64, where=where, look=CONTRACT)


@pytest.mark.task("gradcheck", weight=1)
def test_valleys_are_no_kinks(student, rng):
    reports = [
        report_of(
            student,
            student.keep_function(parabola, k=1e9, at=at),
            lambda x, at=at: 2e9 * (x - at),
            np.array([at]),
        )
        for at in rng.uniform(1, 5, size=8).tolist()
    ]
    look = "The points are rounded: how wide was each gap really? " + STEP_6
    for report in reports:
        where = "gradcheck, strong curvature away from 0, no kink"
        check.equal(list(report.kinks), [], where=f"{where}: kinks", look=look)


@pytest.mark.task("gradcheck", weight=1)
def test_nan_and_infinity(student):
    f, half_known = student.keep_function(squares), student.keep_function(edge)
    broken = [
        report_of(student, f, lambda x, b=b: twice(x) + np.array([9.0, b, 0.0]), x3)
        for b, x3 in ((math.nan, np.ones(3)), (-math.inf, np.ones(3)))
    ]
    steep, g0 = student.keep_function(cliff), lambda x: np.array([1.0, 0.0])
    broken += [
        report_of(
            student, f, lambda x: np.array([2.0, math.nan, math.inf]), np.ones(3)
        ),
        report_of(student, steep, g0, np.ones(2)),
        report_of(student, steep, lambda x: np.array([1.0, math.inf]), np.ones(2)),
        report_of(student, f, lambda x: np.array([4.0, math.nan]), np.ones(2), *TINY),
    ]
    broken.append(
        report_of(
            student, half_known, lambda x: np.array([1.0, 0.0]), np.array([1.0, 1.0])
        )
    )
    for name, report in zip(
        (
            "g is NaN",
            "g is infinite",
            "two are not finite",
            "f is infinite",
            "f and g are",
            "g is NaN, tiny tolerances",
            "f is NaN",
        ),
        broken,
        strict=True,
    ):
        where = f"gradcheck, {name} in one coordinate"
        check.equal(report.ok, False, where=f"{where}: ok", look=CONTRACT)
        check.equal(report.worst_index, 1, where=f"{where}: worst_index", look=CONTRACT)
        near(report.abs_err, math.inf, 0, f"{where}: abs_err", CONTRACT)
        near(report.rel_err, math.inf, 0, f"{where}: rel_err", CONTRACT)


@pytest.mark.task("gradcheck", weight=1)
def test_loose_tolerances_and_flat_functions(student):
    straight = student.keep_function(line)
    edges = {  # the claim, the allowance at the defaults, and whether it is enough
        "half of rtol": (straight, 2 + 1e-5, True),
        "twice rtol": (straight, 2 + 4e-5, False),
        "half of atol": (student.keep_function(constant), 5e-9, True),
        "twice atol": (student.keep_function(constant), 2e-8, False),
    }
    defaults = [
        (kind, ok, report_of(student, f, lambda x, c=c: np.array([c]), np.ones(1)))
        for kind, (f, c, ok) in edges.items()
    ]
    exact = report_of(
        student,
        student.keep_function(constant),
        lambda x: np.array([0.5]),
        np.ones(1),
        0.5,
        0.25,
    )
    tips = [
        (kind, report_of(student, f, lambda x, c=c: np.array(c), x0, *tolerances))
        for kind, f, c, x0, tolerances in (
            ("a kink below atol", dent(student, 0.02), [0.0], np.zeros(1), (1e-5, 0.1)),
            (
                "a kink of a very small f",
                dent(student, 1e-12),
                [0.0],
                np.zeros(1),
                (1e-5, 1e-18),
            ),
            (
                "a kink below rtol",
                student.keep_function(dented),
                [1e3, 0.0],
                np.zeros(2),
                (),
            ),
            (
                "a kink beside a large slope",
                student.keep_function(leaning),
                [1e4, 0.0],
                np.zeros(2),
                (),
            ),
        )
    ]
    loose = [
        report_of(student, straight, g, np.ones(1), 0.6)
        for g in (lambda x: np.array([4.0]), lambda x: np.array([1.0]))
    ]
    level = student.keep_function(constant)
    flat = report_of(student, level, lambda x: np.zeros(2), np.ones(2))

    for kind, ok, report in defaults:
        where = f"gradcheck, an error of {kind}, default tolerances: ok"
        check.equal(report.ok, ok, where=where, look=CONTRACT)
    where = "gradcheck, an error equal to its allowance: ok"
    check.equal(exact.ok, True, where=where, look=CONTRACT)
    for (kind, report), kinks in zip(tips, ([], [0], [], [1]), strict=True):
        where = f"gradcheck, {kind}: kinks"
        check.equal(list(report.kinks), kinks, where=where, look=CONTRACT)
    for kind, report in zip(("twice", "half"), loose, strict=True):
        where = f"gradcheck, g {kind} the slope, rtol=0.6: ok"
        check.equal(report.ok, True, where=where, look=CONTRACT)
    where = "gradcheck, a constant f: worst_index, the first of equals"
    check.equal(flat.worst_index, 0, where=where, look=CONTRACT)
    check.equal(flat.ok, True, where="gradcheck, a constant f: ok", look=CONTRACT)
    near(flat.rel_err, 0.0, 0, "gradcheck, a constant f: rel_err", CONTRACT)


def dent(student, scale):
    return student.keep_function(size, scale=scale)


@pytest.mark.task("gradcheck", weight=1)
def test_calls_of_f_and_g(student):
    f, g = check.counted(cubic), check.counted(cubic_slope)
    student.gradcheck(f, g, np.array([0.3, 0.9, 1.0]))

    where = "gradcheck, n = 3"
    check.equal(g.calls, 1, where=f"{where}: calls of g", look=CONTRACT)
    check.at_most(f.calls, 64, where=f"{where}: calls of f", look=CONTRACT)
    for n in (1, 6):
        f = check.counted(squares)
        student.gradcheck(f, twice, np.ones(n))
        where = f"gradcheck, n = {n}: calls of f"
        check.at_most(f.calls, 16 * n + 16, where=where, look=CONTRACT)


@pytest.mark.task("gradcheck", weight=1)
def test_shapes_that_do_not_fit(student):
    x = np.array([1.0, 1.0, 1.0])
    check.raises(
        ValueError,
        student.gradcheck,
        squares,
        lambda x: 2.0,
        np.ones(1),
        where="gradcheck where g returns one number and n = 1",
        look=CONTRACT,
    )
    for kind, g in (
        ("a row", lambda x: np.full((1, 3), 2.0)),
        ("one number", lambda x: 2.0),
        ("an array of one", lambda x: np.array([2.0])),
        ("n + 1 numbers", lambda x: np.full(4, 2.0)),
        ("a column", lambda x: np.full((3, 1), 2.0)),
    ):
        where = f"gradcheck where g returns {kind}"
        check.raises(
            ValueError, student.gradcheck, squares, g, x, where=where, look=CONTRACT
        )


@pytest.mark.task("gradcheck", weight=1)
def test_gradcheck_leaves_x_alone(student):
    x = np.array([1.0, 2.0])
    given, calls = student.keep(x), []

    def overwritten(p):
        with student.together() as batch:
            held = batch.fetch(p)
            held[:] = 99.0
        return batch.result(held)

    def f(p):
        a, b = overwritten(p)
        return float(a) ** 2 + float(b) ** 2

    def g(p):
        return 2.0 * overwritten(p)

    def angry(p):
        calls.append(p)
        if len(calls) > 1:
            raise TypeError("no value here")
        return float(p[0])

    report = student.gradcheck(ByHandle(f), ByHandle(g), given)
    ok, after = report.ok, student.fetch(given)
    raised = "nothing"
    try:
        student.gradcheck(angry, ByHandle(g), given)
    except StudentRaised as error:
        raised = error.type_name
    where = "gradcheck, f and g overwrite the arrays they are given"
    check.unchanged(after, x, where=f"{where}: x", look=CONTRACT)
    check.equal(ok, True, where=f"{where}: ok", look=CONTRACT)
    where = "gradcheck, f raises TypeError: it passes through"
    check.equal(raised, "TypeError", where=where, look=CONTRACT)
