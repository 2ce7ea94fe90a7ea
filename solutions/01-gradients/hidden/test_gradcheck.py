"""Hidden tests of `gradcheck`."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hidden.common import CONTRACT, near, squares

from autograder.student.testing import check

STEP_6 = "Chapter, step 6."


# --- gradcheck ----------------------------------------------------------------------


def report_of(student, *args):
    """Call gradcheck and read every field of its report."""
    report = student.gradcheck(*args)
    fields = ("ok", "worst_index", "abs_err", "rel_err", "kinks")
    return SimpleNamespace(**{name: getattr(report, name) for name in fields})


def cubic(x):
    """Return a smooth function of three coordinates of very different slope."""
    a, b, c = (float(t) for t in x)
    return 1e3 * math.sin(a) + b**3 + 1e-2 * math.exp(c) + a * b


def cubic_slope(x):
    a, b, c = (float(t) for t in x)
    return np.array([1e3 * math.cos(a) + b, 3 * b**2 + a, 1e-2 * math.exp(c)])


def twice(x):
    return 2.0 * np.asarray(x, dtype=np.float64)


def planted(change):
    """Return the right gradient of `cubic`, spoilt by `change`."""

    def g(x):
        slope = cubic_slope(x)
        change(slope)
        return slope

    return g


def flip_all(s):
    s *= -1.0


def flip_small(s):
    s[2] *= -1.0


def double_middle(s):
    s[1] *= 2.0


def swap(s):
    s[[1, 2]] = s[[2, 1]]


def drop_last(s):
    s[2] = 0.0


def drift_last(s):
    s[2] += 5e-6


def raise_first(s):
    s[0] *= 1.001


def lower_first(s):
    s[0] *= 0.999


WRONG = (
    ("the sign is flipped", flip_all),
    ("the sign of the smallest coordinate is flipped", flip_small),
    ("one coordinate is doubled", double_middle),
    ("two coordinates are swapped", swap),
    ("the last coordinate is left out", drop_last),
    ("a small coordinate is off by 0.02 %", drift_last),
    ("a large coordinate is 0.1 % too large", raise_first),
    ("a large coordinate is 0.1 % too small", lower_first),
)


@pytest.mark.task("gradcheck", weight=4)
def test_wrong_gradients_are_rejected(student, rng):
    x = np.array([0.3, 0.9, 1.0]) + rng.uniform(-0.05, 0.05, size=3)
    f, g = check.counted(cubic), check.counted(cubic_slope)
    right = report_of(student, f, g, x)
    wrong = [(kind, report_of(student, cubic, planted(c), x)) for kind, c in WRONG]
    tiny = x * 1e-8
    small = report_of(student, squares, lambda x: -twice(x), tiny, 1e-5, 1e-13)
    huge = report_of(student, squares, lambda x: twice(x) * 1.001, x * 1e8)

    look = "Each coordinate against its own allowance. " + STEP_6
    where = "gradcheck, a right gradient"
    check.equal(right.ok, True, where=f"{where}: ok", look=look)
    check.equal(list(right.kinks), [], where=f"{where}: kinks", look=look)
    check.equal(g.calls, 1, where=f"{where}: calls of g", look=CONTRACT)
    check.at_most(f.calls, 64, where=f"{where}: calls of f", look=CONTRACT)
    wrong.append(("the sign is flipped, |x| ~ 1e-8", small))
    wrong.append(("0.1 % too large, |x| ~ 1e8", huge))
    for kind, report in wrong:
        check.equal(report.ok, False, where=f"gradcheck, {kind}: ok", look=look)


@pytest.mark.task("gradcheck", weight=3)
def test_right_gradients_are_accepted(student, rng):
    x = rng.uniform(1, 2, size=3) * np.array([1, -1, 1])
    logs = np.abs(x) * 1e8
    answers = {
        "|x| ~ 1e8, a quadratic": report_of(student, squares, twice, x * 1e8),
        "|x| ~ 1e8, slopes ~ 1e-8": report_of(
            student,
            lambda x: float(np.sum(np.log(np.abs(x)))),
            lambda x: 1 / x,
            logs,
            1e-5,
            1e-16,
        ),
        "|x| ~ 1e-8": report_of(student, squares, twice, x * 1e-8, 1e-5, 1e-13),
        "x = 0": report_of(
            student, lambda x: float(np.sum(np.exp(x))), np.exp, np.zeros(2)
        ),
        "integer x": report_of(student, squares, twice, np.array([1, -2])),
        "n = 1, g returns a list": report_of(
            student, squares, lambda x: [2.0 * float(x[0])], np.array([1.5])
        ),
        "f returns an array of one": report_of(
            student,
            lambda x: x[:1] * x[1:],
            lambda x: x[::-1].copy(),
            np.array([2.0, 3.0]),
        ),
        "an f with a large offset": report_of(
            student,
            lambda x: 1000.0 + 3 * float(x[0]),
            lambda x: np.array([3.0]),
            np.ones(1),
        ),
    }
    for kind, report in answers.items():
        where = f"gradcheck, a right gradient, {kind}"
        check.equal(list(report.kinks), [], where=f"{where}: kinks", look=STEP_6)
        check.equal(report.ok, True, where=f"{where}: ok", look=STEP_6)


def edge(x):
    """Return x0, but NaN where x1 is below 1."""
    return float(x[0]) if float(x[1]) >= 1.0 else math.nan


@pytest.mark.task("gradcheck", weight=3)
def test_what_the_report_says(student):
    x = np.array([500.0, -0.5, 0.0])  # the slopes are 1000, -1 and 0
    rtol, atol = 1e-3, 1e-2  # the allowances are 1.01, 0.011 and 0.01
    shifts = {
        "within every allowance": [0.5, -0.006, 0.0],
        "half of atol where the slope is 0": [0.0, 0.0, 0.005],
        "twice atol where the slope is 0": [0.0, 0.0, -0.02],
        "half of the relative allowance": [-0.505, 0.0, 0.0],
        "twice the relative allowance": [2.02, 0.0, 0.0],
        "a small error past its allowance": [0.9, 0.03, 0.0],
    }
    answers = {
        kind: report_of(
            student, squares, lambda x, s=s: twice(x) + np.array(s), x, rtol, atol
        )
        for kind, s in shifts.items()
    }
    doubled = report_of(
        student, lambda x: 2 * float(x[0]), lambda x: np.array([4.0]), np.ones(1)
    )
    loose = [
        report_of(student, lambda x: 2 * float(x[0]), g, np.ones(1), 0.6)
        for g in (lambda x: np.array([4.0]), lambda x: np.array([1.0]))
    ]
    flat = report_of(student, lambda x: 5.0, lambda x: np.zeros(2), np.ones(2))
    broken = [
        report_of(
            student, squares, lambda x, b=b: twice(x) + np.array([9.0, b, 0.0]), x3
        )
        for b, x3 in ((math.nan, np.ones(3)), (-math.inf, np.ones(3)))
    ]
    broken.append(
        report_of(student, edge, lambda x: np.array([1.0, 0.0]), np.array([1.0, 1.0]))
    )

    for kind, report in answers.items():
        shift = np.array(shifts[kind])
        slope = 2 * x
        size = np.maximum(np.abs(slope), np.abs(slope + shift))
        ratio = np.abs(shift) / (atol + rtol * size)
        worst = int(np.argmax(ratio))
        where = f"gradcheck, {kind}"
        check.equal(
            report.ok, bool(ratio[worst] <= 1), where=f"{where}: ok", look=STEP_6
        )
        check.equal(
            report.worst_index, worst, where=f"{where}: worst_index", look=STEP_6
        )
        error = abs(shift[worst])
        near(report.abs_err, error, 0, f"{where}: abs_err", CONTRACT, 1e-5)
        near(
            report.rel_err, error / size[worst], 0, f"{where}: rel_err", CONTRACT, 1e-5
        )
    near(
        doubled.rel_err, 0.5, 0, "gradcheck, g twice the slope: rel_err", CONTRACT, 1e-5
    )
    near(
        doubled.abs_err, 2.0, 0, "gradcheck, g twice the slope: abs_err", CONTRACT, 1e-5
    )
    for kind, report in zip(("twice", "half"), loose, strict=True):
        where = f"gradcheck, g {kind} the slope, rtol=0.6: ok"
        check.equal(report.ok, True, where=where, look=CONTRACT)
    where = "gradcheck, a constant f: worst_index, the first of equals"
    check.equal(flat.worst_index, 0, where=where, look=CONTRACT)
    check.equal(flat.ok, True, where="gradcheck, a constant f: ok", look=CONTRACT)
    near(flat.rel_err, 0.0, 0, "gradcheck, a constant f: rel_err", CONTRACT)
    for name, report in zip(
        ("g is NaN", "g is infinite", "f is NaN"), broken, strict=True
    ):
        where = f"gradcheck, {name} in one coordinate"
        check.equal(report.ok, False, where=f"{where}: ok", look=CONTRACT)
        check.equal(report.worst_index, 1, where=f"{where}: worst_index", look=CONTRACT)
        near(report.abs_err, math.inf, 0, f"{where}: abs_err", CONTRACT)
        near(report.rel_err, math.inf, 0, f"{where}: rel_err", CONTRACT)


def corners(x):
    """Return |x0| + x1^2 + max(x2, 0)."""
    return abs(float(x[0])) + float(x[1]) ** 2 + max(float(x[2]), 0.0)


@pytest.mark.task("gradcheck", weight=3)
def test_kinks(student):
    halfway = lambda x: np.array([0.0, 2 * float(x[1]), 0.5])  # noqa: E731
    both = report_of(student, corners, halfway, np.array([0.0, 1.0, 0.0]))
    one_sided = report_of(
        student, corners, lambda x: np.array([1.0, 2.0, 0.0]), np.array([1.0, 1.0, 0.0])
    )
    beside = report_of(
        student,
        corners,
        lambda x: np.array([-1.0, 0.0, 1.0]),
        np.array([-0.5, 0.0, 0.5]),
    )
    faint = report_of(
        student, lambda x: 1e-3 * abs(float(x[0])), lambda x: np.zeros(1), np.zeros(1)
    )
    curved = [
        report_of(
            student,
            lambda x, k=k: k * float(x[0]) ** 2,
            lambda x, k=k: np.array([2 * k * float(x[0])]),
            np.array([at]),
        )
        for k in (1.0, 1e4)
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
    where = "gradcheck, a faint kink"
    check.equal(list(faint.kinks), [0], where=f"{where}: kinks", look=look)
    check.equal(faint.ok, False, where=f"{where}: ok", look=look)
    for report in curved:
        where = "gradcheck, strong curvature, no kink"
        check.equal(list(report.kinks), [], where=f"{where}: kinks", look=look)
        check.equal(report.ok, True, where=f"{where}: ok", look=look)


@pytest.mark.task("gradcheck", weight=2)
def test_shapes_that_do_not_fit(student):
    x = np.array([1.0, 1.0, 1.0])
    for kind, g in (
        ("one number", lambda x: 2.0),
        ("an array of one", lambda x: np.array([2.0])),
        ("n + 1 numbers", lambda x: np.full(4, 2.0)),
        ("a column", lambda x: np.full((3, 1), 2.0)),
    ):
        where = f"gradcheck where g returns {kind}"
        check.raises(
            ValueError, student.gradcheck, squares, g, x, where=where, look=CONTRACT
        )


def careless_gradcheck(lesson, x):
    """Watch x while f and g overwrite what they are given."""
    import numpy as np

    x = np.array(x)
    before = x.copy()

    def f(p):
        y = float(p[0]) ** 2 + float(p[1]) ** 2
        p[:] = 99.0
        return y

    def g(p):
        slope = 2.0 * p
        p[:] = 99.0
        return slope

    report = lesson.gradcheck(f, g, x)
    return bool(report.ok), bool(np.any(x != before))


@pytest.mark.task("gradcheck", weight=1)
def test_gradcheck_leaves_x_alone(student):
    ok, changed = student.run(careless_gradcheck, x=np.array([1.0, 2.0]))
    where = "gradcheck, f and g overwrite the arrays they are given"
    check.equal(changed, False, where=f"{where}: x changed", look=CONTRACT)
    check.equal(ok, True, where=f"{where}: ok", look=CONTRACT)
