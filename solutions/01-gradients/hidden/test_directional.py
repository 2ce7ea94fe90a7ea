"""Hidden tests of `directional`."""

import math

import numpy as np
import pytest
from hidden.common import CBRT, CONTRACT, near

from autograder.student.testing import check

STEP_3 = "Chapter, step 3."


# --- directional --------------------------------------------------------------------


def bowl(x):
    return float(x[0]) ** 2 + float(x[1]) ** 2


@pytest.mark.task("directional", weight=3)
def test_the_worked_example(student):
    x, w = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    f = check.counted(bowl)
    unit = student.directional(f, x, w, normalise=True)
    g = check.counted(bowl)
    along = student.directional(g, x, w, normalise=False)
    backwards = student.directional(bowl, x, -w, normalise=True)
    across = student.directional(bowl, x, np.array([2.0, -1.0]), normalise=False)
    whole = [
        student.directional(bowl, np.array([1, 2]), np.array(v), normalise=n)
        for v, n in (([1, 0], True), ([3, 4], True), ([3, 4], False))
    ]
    boxed = student.directional(lambda x: x[:1] * x[1:], x, w, normalise=True)

    where = "directional, x^2 + y^2 at (1, 2) along (3, 4)"
    near(unit, 4.4, 1e-8, f"{where}, normalise=True", STEP_3)
    near(along, 22.0, 1e-8, f"{where}, normalise=False", STEP_3)
    near(backwards, -4.4, 1e-8, "directional, downhill", STEP_3)
    near(across, 0.0, 0, "directional along the level line", STEP_3, 1e-8)
    for got, want in zip(whole, (2.0, 4.4, 22.0), strict=True):
        near(got, want, 1e-8, "directional with integer x and v", STEP_3)
    near(boxed, 2.0, 1e-8, "directional where f returns an array of one", CONTRACT)
    for name, counted in (("True", f), ("False", g)):
        what = f"directional, normalise={name}"
        check.equal(counted.calls, 2, where=f"{what}: calls of f", look=CONTRACT)
        walked = np.linalg.norm(counted.args[0] - counted.args[-1]) / 2
        ratio = float(walked) / (CBRT * 1.6)
        evidence = f"the step along u is {ratio:.2g} times the one in the docstring"
        check.true(0.2 < ratio < 5, where=what, evidence=evidence, look=STEP_3)


def tent(x):
    """Return x^2 y/(x^2 + y^2), 0 at the origin."""
    a, b = float(x[0]), float(x[1])
    return a * a * b / (a * a + b * b) if a or b else 0.0


@pytest.mark.task("directional", weight=2)
def test_where_no_gradient_tells_the_slope(student, rng):
    angle = float(rng.uniform(0.6, 1.0))
    u, origin = np.array([math.cos(angle), math.sin(angle)]), np.zeros(2)
    f = check.counted(tent)
    got = student.directional(f, origin, u, normalise=True)
    mirrored = student.directional(tent, origin, u * [1, -1], normalise=True)
    axis = student.directional(tent, origin, np.array([0.0, 1.0]), normalise=True)
    longer = student.directional(tent, origin, 5 * u, normalise=False)

    look = "The definition, along v: not a product with the gradient. " + STEP_3
    where = "directional at a point where f has slopes but is not differentiable"
    want = u[0] ** 2 * u[1]
    check.equal(f.calls, 2, where=f"{where}: calls of f", look=CONTRACT)
    near(got, want, 1e-8, where, look)
    near(mirrored, -want, 1e-8, where, look)
    near(axis, 0.0, 0, where, look, 1e-12)
    near(longer, 5 * want, 1e-8, f"{where}, normalise=False", look)


@pytest.mark.task("directional", weight=3)
def test_long_short_and_mixed(student, rng):
    a, x = rng.uniform(0.5, 1.0, size=6), rng.uniform(-1, 1, size=6)
    f = check.counted(lambda p: math.exp(float(np.sum(a * p))))
    v = rng.uniform(0.5, 1.0, size=6)
    slope = math.exp(float(a @ x)) * float(a @ v)
    length = float(np.sqrt(v @ v))
    asked = [
        ("of length 1e4", 1e4, student.directional(f, x, 1e4 * v, normalise=False)),
        (
            "of length 1e200",
            1e200,
            student.directional(f, x, 1e200 * v, normalise=False),
        ),
        (
            "of length 1e-200",
            1e-200,
            student.directional(f, x, v / 1e200, normalise=False),
        ),
        ("of length 1e4", None, student.directional(f, x, 1e4 * v, normalise=True)),
        ("of length 1e200", None, student.directional(f, x, 1e200 * v, normalise=True)),
        (
            "of length 1e-200",
            None,
            student.directional(f, x, v / 1e200, normalise=True),
        ),
    ]
    still = student.directional(f, x, np.zeros(6), normalise=False)
    far = np.array([1e8, 1.0])
    spread = [
        student.directional(log_exp, far, np.array(v), normalise=True)
        for v in ([1.0, 0.0], [0.0, -2.0], [-3.0, 0.0])
    ]
    g = check.counted(lambda p: float(p[0]) ** 2 + 0.5 * float(p[1]))
    narrow = np.array([1.1, 2.3], dtype=np.float32)
    single = student.directional(g, narrow, np.array([3.0, 4.0]), normalise=False)

    for kind, scale, got in asked:
        normalise = scale is None
        where = f"directional, v {kind}, normalise={normalise}"
        want = slope / length if normalise else slope * scale
        near(got, want, 1e-7, where, "Walk along u, scale the slope. " + STEP_3)
    where = "directional, v = 0, normalise=False"
    near(still, 0.0, 0, where, CONTRACT)
    for got, want in zip(spread, (1e-8, -math.e, -1e-8), strict=True):
        where = "directional at coordinates of very different size"
        near(got, want, 1e-6, where, "Which coordinates does u move? " + STEP_3)
    where = "directional with float32 x"
    near(single, 8.6, 1e-4, where, STEP_3)
    check.dtype(g.args[0], np.float32, where=f"{where}: what f is given", look=CONTRACT)


def log_exp(x):
    return math.log(float(x[0])) + math.exp(float(x[1]))


@pytest.mark.task("directional", weight=2)
def test_directions_that_are_none(student):
    x = np.array([1.0, 2.0])
    for kind, v, normalise in (
        ("v = 0 and normalise=True", [0.0, 0.0], True),
        ("a NaN in v", [1.0, math.nan], False),
        ("a NaN in v and normalise=True", [math.nan, 1.0], True),
        ("an infinity in v", [math.inf, 1.0], False),
        ("v longer than x", [1.0, 2.0, 3.0], False),
        ("v of one element", [1.0], False),
        ("v of shape (2, 1)", [[1.0], [2.0]], True),
    ):
        check.raises(
            ValueError,
            student.directional,
            bowl,
            x,
            np.array(v),
            normalise=normalise,
            where=f"directional with {kind}",
            look=CONTRACT,
        )


def careless_direction(lesson, x, v, normalise):
    """Watch x and v while f keeps and overwrites what it is given."""
    import numpy as np

    x, v = np.array(x), np.array(v)
    before = x.copy(), v.copy()
    kept = []

    def f(p):
        kept.append(p)
        y = float(p[0]) ** 2 + float(p[1]) ** 2
        p[:] = 99.0
        return y

    got = float(lesson.directional(f, x, v, normalise=normalise))
    changed = [
        bool(np.any(now != was)) for now, was in zip((x, v), before, strict=True)
    ]
    return got, changed, len({id(p) for p in kept})


@pytest.mark.task("directional", weight=1)
def test_directional_leaves_its_arguments_alone(student):
    x, v = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    answers = [
        student.run(careless_direction, x=x, v=v, normalise=n) for n in (True, False)
    ]

    for (got, changed, arrays), want in zip(answers, (4.4, 22.0), strict=True):
        where = "directional, f keeps and overwrites the arrays it is given"
        check.equal(
            changed, [False, False], where=f"{where}: x, v changed", look=CONTRACT
        )
        near(got, want, 1e-7, where, CONTRACT)
        check.equal(arrays, 2, where=f"{where}: different arrays", look=CONTRACT)
