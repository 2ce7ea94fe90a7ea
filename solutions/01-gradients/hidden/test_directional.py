"""Hidden tests of `directional`: what the slope is, and how it is walked.

Core: the chapter's example, a point where no gradient tells the slope, directions of
ordinary length with and without `normalise`, and the step that suits the coordinates
which the direction moves. Not core: calls, extreme lengths, dtypes and refusals.
"""

import math

import numpy as np
import pytest
from hidden.answers import CBRT, CONTRACT, near, step_matches
from hidden.careless import careless, judge_careless

from autograder.student.testing import check

STEP_3 = "Chapter, step 3."


def bowl(x):
    return float(x[0]) ** 2 + float(x[1]) ** 2


@pytest.mark.task("directional", weight=2, core=True)
def test_the_worked_example(student):
    x, w = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    unit = student.directional(bowl, x, w, normalise=True)
    along = student.directional(bowl, x, w, normalise=False)
    backwards = student.directional(bowl, x, -w, normalise=True)
    across = student.directional(bowl, x, np.array([2.0, -1.0]), normalise=False)

    where = "directional, x^2 + y^2 at (1, 2) along (3, 4)"
    near(unit, 4.4, 1e-8, f"{where}, normalise=True", STEP_3)
    near(along, 22.0, 1e-8, f"{where}, normalise=False", STEP_3)
    near(backwards, -4.4, 1e-8, "directional, downhill", STEP_3)
    near(across, 0.0, 0, "directional along the level line", STEP_3, 1e-8)


def tent(x):
    """Return x^2 y/(x^2 + y^2), 0 at the origin."""
    a, b = float(x[0]), float(x[1])
    return a * a * b / (a * a + b * b) if a or b else 0.0


@pytest.mark.task("directional", weight=2, core=True)
def test_where_no_gradient_tells_the_slope(student, rng):
    angle = float(rng.uniform(0.6, 1.0))
    u, origin = np.array([math.cos(angle), math.sin(angle)]), np.zeros(2)
    got = student.directional(tent, origin, u, normalise=True)
    mirrored = student.directional(tent, origin, u * [1, -1], normalise=True)
    axis = student.directional(tent, origin, np.array([0.0, 1.0]), normalise=True)
    longer = student.directional(tent, origin, 5 * u, normalise=False)

    look = "The definition, along v: not a product with the gradient. " + STEP_3
    where = "directional at a point where f has slopes but is not differentiable"
    want = u[0] ** 2 * u[1]
    near(got, want, 1e-8, where, look)
    near(mirrored, -want, 1e-8, where, look)
    near(axis, 0.0, 0, where, look, 1e-12)
    near(longer, 5 * want, 1e-8, f"{where}, normalise=False", look)


def wavy(rng):
    """Return a function of six coordinates, x, v, the slope along v, and |v|."""
    a, x = rng.uniform(0.5, 1.0, size=6), rng.uniform(-1, 1, size=6)
    v = rng.uniform(0.5, 1.0, size=6)
    slope = math.exp(float(a @ x)) * float(a @ v)
    length = float(np.sqrt(v @ v))
    return lambda p: math.exp(float(np.sum(a * p))), x, v, slope, length


def judge_lengths(student, rng, factors):
    """Ask for the slope along v times each factor, with and without `normalise`."""
    f, x, v, slope, length = wavy(rng)
    answers = [
        (factor, n, student.directional(f, x, factor * v, normalise=n))
        for factor in factors
        for n in (False, True)
    ]
    for factor, normalise, got in answers:
        where = f"directional, v of length {factor:.0e}, normalise={normalise}"
        want = slope / length if normalise else slope * factor
        near(got, want, 1e-7, where, "Walk along u, scale the slope. " + STEP_3)


@pytest.mark.task("directional", weight=2, core=True)
def test_six_coordinates_and_lengths(student, rng):
    judge_lengths(student, rng, (1.0, 1e3, 1e-4))


@pytest.mark.task("directional", weight=2, core=True)
def test_the_step(student, rng):
    far = float(rng.uniform(500, 1000))
    cases = (
        ("the large coordinate", [far, 1.0], [1.0, 0.0], far),
        ("the large coordinate, backwards", [far, 1.0], [-2.0, 0.0], far),
        ("the small coordinate", [far, 1.0], [0.0, 3.0], 1.0),
        ("two large coordinates of opposite sign", [far, -far], [1.0, 1.0], far * 1.41),
        ("a large and a small coordinate", [far, -1.0], [1.0, -1.0], 1.41),
        ("small coordinates only", [0.1, 0.2], [3.0, 4.0], 1.25),
        ("one of six coordinates most", [0.1] * 6, [1.0] + [1e-6] * 5, 1.0),
        ("six small coordinates alike", [0.1] * 6, [1.0] * 6, 2.45),
        ("a small coordinate hardly", [far, 1.0], [1.0, 1e-6], far),
        ("a large coordinate more than a small one", [far, 1.0], [4.0, 3.0], 1.67),
    )
    seen = []
    for kind, x, v, size in cases:
        f, at = check.counted(bowl), np.array(x)
        student.directional(f, at, np.array(v), normalise=True)
        seen.append((kind, at, size, f))
    for kind, at, size, f in seen:
        where = f"directional, the step where v moves {kind}"
        walked = max(float(np.linalg.norm(p - at)) for p in f.args)
        look = "Which coordinates does u move? " + STEP_3
        step_matches(walked, CBRT * size, where, look)


# --- costs, extremes, kinds of arrays, refusals ------------------------------------


@pytest.mark.task("directional", weight=1)
def test_two_calls_in_any_direction(student, rng):
    many, x, v, _, _ = wavy(rng)
    counts = []
    for function, at, along in (
        (tent, np.zeros(2), np.array([1.0, 2.0])),
        (many, x, v),
    ):
        for normalise in (True, False):
            f = check.counted(function)
            student.directional(f, at, along, normalise=normalise)
            counts.append((normalise, f.calls))
    for normalise, calls in counts:
        where = f"directional, normalise={normalise}: calls of f"
        check.equal(calls, 2, where=where, look=CONTRACT)


@pytest.mark.task("directional", weight=1)
def test_very_long_and_very_short_directions(student, rng):
    judge_lengths(student, rng, (1e200, 1e-200))


@pytest.mark.task("directional", weight=1)
def test_kinds_of_points(student):
    whole = [
        student.directional(bowl, np.array([1, 2]), np.array(v), normalise=n)
        for v, n in (([1, 0], True), ([3, 4], True), ([3, 4], False))
    ]
    boxed = student.directional(
        lambda x: x[:1] * x[1:],
        np.array([1.0, 2.0]),
        np.array([3.0, 4.0]),
        normalise=True,
    )
    small = [
        (np.array([3, 4], np.float16), 4.4),
        (np.array([-128, 0], np.int8), -2.0),
        (np.array([1e-9, 1.0]), 4.0 + 2e-9),
        (np.array([1.0, 1e-9]), 2.0 + 4e-9),
    ]
    small = [
        (v, want, student.directional(bowl, np.array([1.0, 2.0]), v, normalise=True))
        for v, want in small
    ]
    leaning = student.directional(
        lambda x: 1e15 * float(x[0]) + float(x[1]),
        np.array([0.0, 1.0]),
        np.array([1e-15, 1.0]),
        normalise=True,
    )
    still = student.directional(bowl, np.ones(2), np.zeros(2), normalise=False)
    far = np.array([1e8, 1.0])
    spread = [
        student.directional(log_exp, far, np.array(v), normalise=True)
        for v in ([1.0, 0.0], [0.0, -2.0], [-3.0, 0.0])
    ]
    both = student.directional(log_exp, far, np.array([1.0, 1.0]), normalise=True)
    g = check.counted(lambda p: float(p[0]) ** 2 + 0.5 * float(p[1]))
    narrow = np.array([1.1, 2.3], dtype=np.float32)
    single = student.directional(g, narrow, np.array([3.0, 4.0]), normalise=False)
    extreme = [
        student.directional(g, narrow, s * np.array([3.0, 4.0]), normalise=True)
        for s in (1e-200, 1e199)
    ]

    for got, want in zip(whole, (2.0, 4.4, 22.0), strict=True):
        near(got, want, 1e-8, "directional with integer x and v", STEP_3)
    for v, want, got in small:
        near(got, want, 1e-8, f"directional, v = {v.tolist()} in {v.dtype}", STEP_3)
    near(leaning, 2.0, 1e-8, "directional, steep where v moves x a little", STEP_3)
    near(boxed, 2.0, 1e-8, "directional where f returns an array of one", CONTRACT)
    near(still, 0.0, 0, "directional, v = 0, normalise=False", CONTRACT)
    for got, want in zip(spread, (1e-8, -math.e, -1e-8), strict=True):
        where = "directional at coordinates of very different size"
        near(got, want, 1e-6, where, "Which coordinates does u move? " + STEP_3)
    # The rounding of the large coordinate bends the direction by 2e-3.
    look = "Which coordinate is thrown off? " + STEP_3
    near(both, (1e-8 + math.e) / math.sqrt(2), 1e-2, where, look)
    where = "directional with float32 x"
    near(single, 8.6, 1e-4, where, STEP_3)
    for got in extreme:
        near(got, 1.72, 1e-4, f"{where} and a very long or short v", STEP_3)
    for p in g.args:
        check.dtype(p, np.float32, where=f"{where}: what f is given", look=CONTRACT)


def log_exp(x):
    return math.log(float(x[0])) + math.exp(float(x[1]))


@pytest.mark.task("directional", weight=1)
def test_directions_that_are_none(student):
    x = np.array([1.0, 2.0])
    for kind, v, normalise in (
        ("v = 0 and normalise=True", [0.0, 0.0], True),
        ("a NaN in v", [1.0, math.nan], False),
        ("a NaN in v and normalise=True", [math.nan, 1.0], True),
        ("an infinity in v", [math.inf, 1.0], False),
        ("an infinity in v and normalise=True", [math.inf, 1.0], True),
        ("minus infinity in v", [1.0, -math.inf], False),
        ("minus infinity in v and normalise=True", [1.0, -math.inf], True),
        ("v of shape (1, 2)", [[1.0, 2.0]], True),
        ("v = 0 of shape (1, 2)", [[0.0, 0.0]], False),
        ("v = 0 of another length", [0.0, 0.0, 0.0], False),
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
    check.raises(
        ValueError,
        student.directional,
        lambda x: x * 2,
        x,
        x,
        normalise=True,
        where="directional where f returns two numbers",
        look=CONTRACT,
    )
    check.raises(
        ValueError,
        student.directional,
        lambda x: float(x[0]) ** 2,
        np.array([3.0]),
        np.array(2.0),
        normalise=False,
        where="directional with a 0-d v and n = 1",
        look=CONTRACT,
    )


@pytest.mark.task("directional", weight=1)
def test_directional_of_careless_functions(student):
    x, v = np.array([3.0, 4.0]), np.array([3.0, 4.0])
    both = [
        careless(student, name="directional", x=x, v=v, normalise=n)
        for n in (True, False)
    ]
    for got, want in zip(both, (21.6, 108.0), strict=True):
        judge_careless(got, x, want, "directional", 2)
