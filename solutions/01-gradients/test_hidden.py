"""Hidden tests of lesson 01. Tolerances are derived in NOTES.md.

Each test asks all its questions first and judges the answers afterwards, so that a
known mistake shows in as many answers as it touches. The file is long because it is the
whole lesson: a lesson keeps its hidden tests in one file, in the order of its tasks.
"""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from autograder.student.testing import check

CBRT = float(np.finfo(np.float64).eps) ** (1 / 3)
SQRT = float(np.finfo(np.float64).eps) ** (1 / 2)
CBRT32 = float(np.finfo(np.float32).eps) ** (1 / 3)
STEP_2 = "Chapter, step 2."
STEP_3 = "Chapter, step 3."
STEP_4 = "Chapter, step 4."
STEP_5 = "Chapter, step 5."
STEP_6 = "Chapter, step 6."
CONTRACT = "The contract in the docstring."


def number(got, where, look=CONTRACT):
    """Check that an answer is one number and no array; return it as a float."""
    check.plain(got, where, look)
    good = isinstance(got, (int, float, np.floating)) and not isinstance(got, bool)
    evidence = f"got {check.show(got)}, expected a float"
    check.true(good, where=where, evidence=evidence, look=look)
    return float(got)


def near(got, want, rtol, where, look, atol=0.0):
    """Check one number."""
    number(got, where, look)
    check.close(float(got), want, rtol=rtol, atol=atol, where=where, look=look)


# --- partial ------------------------------------------------------------------------


def wave(x):
    """Return exp(x0) * x1^2, smooth and asymmetric."""
    return math.exp(float(x[0])) * float(x[1]) ** 2


@pytest.mark.task("partial", weight=3)
def test_given_steps(student, rng):
    x = np.array([float(rng.uniform(0.5, 1.5)), 3.0])
    seen = {}
    for scheme in ("central", "forward"):
        for h in (0.25, 0.125):
            f = check.counted(wave)
            seen[scheme, h] = f, student.partial(f, x, 0, h=h, scheme=scheme)
    positional = student.partial(wave, x, 1, 0.5)
    apart = np.array([1000.0, -700.0])
    far = student.partial(wave_far, apart, 1, 0.5)
    exact = wave(x)

    for scheme, (low, high), order in (
        ("central", (3.8, 4.2), "quarter"),
        ("forward", (1.8, 2.2), "halve"),
    ):
        where = f"partial, scheme={scheme!r}, two given steps h and h/2"
        errors = [abs(number(seen[scheme, h][1], where) - exact) for h in (0.25, 0.125)]
        ratio = errors[0] / errors[1] if errors[1] else math.inf
        evidence = f"halving h divided the error by {ratio:.3g}: it must {order} it"
        check.true(low < ratio < high, where=where, evidence=evidence, look=STEP_2)
    for (scheme, h), (f, got) in seen.items():
        where = f"partial, scheme={scheme!r}, a given step"
        check.equal(f.calls, 2, where=f"{where}: calls of f", look=CONTRACT)
        points = sorted(float(p[0]) for p in f.args)
        want = [x[0] - h if scheme == "central" else x[0], x[0] + h]
        asked = f"{where}: the points where f is asked (h is used as given)"
        check.close(points, want, rtol=1e-14, where=asked, look=STEP_2)
        rise = math.exp(want[1]) - math.exp(want[0])
        near(got, rise * 9.0 / (want[1] - want[0]), 1e-12, where, STEP_2)
    near(positional, 6 * exact / 9, 1e-12, "partial in the second coordinate", STEP_2)
    near(far, -1400.0, 1e-12, "partial with a given step at a far point", STEP_2)


def wave_far(x):
    """Return x0 + x1^2: central differences of it are exact for any step."""
    return float(x[0]) + float(x[1]) ** 2


@pytest.mark.task("partial", weight=3)
def test_default_steps(student):
    points = (0.0, 1.0, -3.0, 1e-8, -1e8)
    seen = []
    for scheme, c in (("central", CBRT), ("forward", SQRT)):
        for at in points:
            f = check.counted(lambda x: float(x[1]) ** 3)
            student.partial(f, np.array([1e6, at]), 1, scheme=scheme)
            seen.append((scheme, at, c, f))
    exp_central = student.partial(exp_first, np.array([1.0]), 0)
    exp_forward = student.partial(exp_first, np.array([1.0]), 0, scheme="forward")
    log_central = student.partial(log_first, np.array([1e8]), 0)
    kinks = [student.partial(size_first, np.array([0.0]), 0, scheme=s) for s in KINK]

    for scheme, at, c, f in seen:
        size = "0" if at == 0 else f"{abs(at):.0e}"
        where = f"partial, default step of {scheme!r} at |x_i| = {size}"
        check.equal(f.calls, 2, where=f"{where}: calls of f", look=CONTRACT)
        low, high = sorted(float(p[1]) for p in f.args)
        h = (high - low) / (2 if scheme == "central" else 1)
        ratio = h / (c * max(1.0, abs(at)))
        evidence = f"the step is {ratio:.2g} times the one in the docstring"
        check.true(0.2 < ratio < 5, where=where, evidence=evidence, look=STEP_2)
        middle = (high + low) / 2 if scheme == "central" else low
        check.close(middle, at, atol=h / 50, where=f"{where}: around x_i", look=STEP_2)
    near(exp_central, math.e, 2e-9, "partial of exp, default step", STEP_2)
    near(exp_forward, math.e, 1e-6, "partial of exp, default forward step", STEP_2)
    near(log_central, 1e-8, 1e-6, "partial of log at a large x", STEP_2)
    for scheme, got, want in zip(KINK, kinks, (0.0, 1.0), strict=True):
        near(got, want, 0, f"partial of |x| at 0, scheme={scheme!r}", CONTRACT, 1e-9)


KINK = ("central", "forward")


def exp_first(x):
    return math.exp(float(x[0]))


def log_first(x):
    return math.log(float(x[0]))


def size_first(x):
    return abs(float(x[0]))


@pytest.mark.task("partial", weight=2)
def test_float32(student):
    x = np.array([2.0, 1.1], dtype=np.float32)
    seen = []
    for scheme in ("central", "forward"):
        for h in (None, 1e-3):
            f = check.counted(lambda x: 3.0 * float(x[1]))
            seen.append((scheme, h, f, student.partial(f, x, 1, h, scheme)))
    rough = student.partial(lambda x: np.exp(x[1]), x, 1)

    for scheme, h, f, got in seen:
        where = (
            f"partial, float32 x, {scheme!r}, {'default' if h is None else 'given'} h"
        )
        for p in f.args:
            check.dtype(p, np.float32, where=f"{where}: what f is given", look=CONTRACT)
        if h is None and scheme == "central":
            walked = abs(float(f.args[0][1]) - float(f.args[-1][1])) / 2
            ratio = walked / (CBRT32 * 1.1)
            evidence = f"the step is {ratio:.2g} times the one in the docstring"
            check.true(0.2 < ratio < 5, where=where, evidence=evidence, look=STEP_2)
        near(got, 3.0, 1e-7, f"{where}: f is linear, so the slope is exact", STEP_2)
    slope = math.exp(float(x[1]))
    near(rough, slope, 2e-3, "partial of a float32 function", STEP_2)


@pytest.mark.task("partial", weight=2)
def test_kinds_of_values(student):
    whole = [
        student.partial(plain_product, np.array([3, 4], dtype=kind), i)
        for kind in (np.int64, np.int32)
        for i in (0, 1)
    ]
    f = check.counted(plain_product)
    numpy_index = student.partial(f, np.array([3, 4]), np.int64(1), 0.25)
    single = student.partial(lambda x: float(x[0]) ** 2, np.array([-2.0]), 0)
    x = np.array([3.0, 4.0])
    wrapped = {
        "a 0-d array": student.partial(lambda x: np.array(plain_product(x)), x, 0),
        "an array of one": student.partial(lambda x: x[:1] ** 2 * x[1:], x, 0),
        "an int": student.partial(lambda x: round(8 * float(x[0])), x, 0, 0.5),
        "a NumPy float": student.partial(lambda x: x[0] ** 2 * x[1], x, 0),
    }

    for got, want in zip(whole, (24.0, 9.0, 24.0, 9.0), strict=True):
        near(got, want, 1e-7, "partial with integer x", "x + h: in which dtype?")
    near(numpy_index, 9.0, 1e-12, "partial with integer x and given h", STEP_2)
    for p in f.args:
        where = "partial with integer x: what f is given"
        check.dtype(p, np.float64, where=where, look=CONTRACT)
    near(single, -4.0, 1e-7, "partial with n = 1", STEP_2)
    for kind, got in wrapped.items():
        want = 8.0 if kind == "an int" else 24.0
        near(got, want, 1e-7, f"partial where f returns {kind}", CONTRACT)


def plain_product(x):
    return float(x[0]) ** 2 * float(x[1])


def careless(lesson, name, x, **options):
    """Call a function of the lesson with functions that do not respect their input."""
    import numpy as np

    call, kept, evidence = getattr(lesson, name), [], {}

    def value(p):
        return float(p[0]) ** 2 * float(p[1])

    def keep(p):
        kept.append(p)
        return value(p)

    def overwrite(p):
        y = value(p)
        p[:] = 99.0
        return y

    def angry(p):
        raise KeyError("no value here")

    def answer(f, mine):
        try:
            return np.array(call(f, mine, **options))
        except NotImplementedError:
            raise
        except Exception as error:
            return f"raised {type(error).__name__}"

    for f in (keep, overwrite, angry):
        mine = np.array(x)
        evidence[f.__name__] = answer(f, mine), mine.copy()
    evidence["points"] = [np.array(p) for p in kept]
    mine = np.array(x)
    mine.flags.writeable = False
    evidence["frozen"] = answer(value, mine), mine
    return evidence


def judge_careless(got, x, want, name, points):
    """Judge what `careless` saw; f was to be asked at so many distinct points."""
    distinct = {tuple(np.asarray(p).ravel()) for p in got["points"]}
    where = f"{name}, f keeps the arrays it is given"
    evidence = (
        f"of {len(got['points'])} arrays {len(distinct)} hold different points, where"
        f" {points} were due: is one array handed out again and again?"
    )
    check.true(len(distinct) == points, where=where, evidence=evidence, look=CONTRACT)
    for what, story in (
        ("keep", "f keeps the arrays it is given"),
        ("overwrite", "f overwrites the array it is given"),
        ("angry", "f raises an exception"),
        ("frozen", "x is read-only"),
    ):
        where = f"{name}, {story}"
        answer, after = got[what]
        check.unchanged(after, x, where=f"{where}: x", look=CONTRACT)
        if what == "angry":
            evidence = f"got {check.show(answer)}, expected f's own exception"
            good = isinstance(answer, str) and answer == "raised KeyError"
            check.true(good, where=where, evidence=evidence, look=CONTRACT)
        else:
            check.close(answer, want, rtol=1e-6, where=where, look=CONTRACT)


@pytest.mark.task("partial", weight=2)
def test_careless_functions(student):
    x = np.array([3.0, 4.0])
    central = student.run(careless, name="partial", x=x, i=0)
    forward = student.run(careless, name="partial", x=x, i=0, scheme="forward")

    judge_careless(central, x, 24.0, "partial", 2)
    judge_careless(forward, x, 24.0, "partial, 'forward'", 2)


@pytest.mark.task("partial", weight=2)
def test_complex_step(student, rng):
    x = np.array([float(rng.uniform(0.5, 1.5)), 2.0])
    f = check.counted(lambda z: np.exp(z[0]) / z[1])
    default = student.partial(f, x, 0, scheme="complex")
    falling = student.partial(lambda z: np.exp(z[0]) / z[1], x, 1, scheme="complex")
    tiny = student.partial(lambda z: z[0] ** 3, x, 0, 1e-100, "complex")
    whole = student.partial(lambda z: z[:1] ** 3, np.array([2]), 0, scheme="complex")

    where = "partial, scheme='complex'"
    check.equal(f.calls, 1, where=f"{where}: calls of f", look=CONTRACT)
    check.dtype(
        f.args[0], np.complex128, where=f"{where}: what f is given", look=STEP_2
    )
    check.close(f.args[0].real, x, where=f"{where}: the real part", look=STEP_2)
    slope = math.exp(x[0]) / 2
    near(default, slope, 1e-14, f"{where}: nothing cancels, so 14 digits", STEP_2)
    near(falling, -slope / 2, 1e-14, f"{where}, a falling f", STEP_2)
    near(tiny, 3 * x[0] ** 2, 1e-14, f"{where} with a very small given h", STEP_2)
    near(whole, 12.0, 1e-14, f"{where}, integer x, f returns an array of one", STEP_2)


@pytest.mark.task("partial", weight=1)
def test_coordinates_that_do_not_exist(student):
    x = np.array([1.0, 2.0, 3.0])
    for i, kind in ((3, "i = n"), (-1, "i = -1"), (-3, "i = -n"), (7, "i beyond n")):
        where = f"partial with {kind}"
        check.raises(
            IndexError, student.partial, wave, x, i, where=where, look=CONTRACT
        )


@pytest.mark.task("partial", weight=2)
def test_refused_arguments(student):
    x = np.array([1.0, 2.0])
    single = np.array([1e8], dtype=np.float32)
    cases = (
        ("an unknown scheme", wave, x, {"scheme": "sideways"}),
        ("h = 0", wave, x, {"h": 0.0}),
        ("a negative h", wave, x, {"h": -1e-3}),
        ("h = NaN", wave, x, {"h": math.nan}),
        ("an infinite h", wave, x, {"h": math.inf}),
        ("an h that vanishes beside x_i", wave, x, {"h": 1e-20}),
        ("a forward h that vanishes", wave, x, {"h": 1e-20, "scheme": "forward"}),
        ("an h that vanishes in float32", size_first, single, {"h": 1.0}),
        ("a 0-d x", lambda x: float(np.sum(x)), np.array(2.0), {}),
        ("a 2-d x", lambda x: float(np.sum(x)), np.ones((2, 1)), {}),
        ("f returning two numbers", lambda x: x * 2, x, {}),
        ("f returning no numbers", lambda x: x[:0], x, {}),
    )
    for kind, f, at, options in cases:
        where = f"partial with {kind}"
        check.raises(
            ValueError, student.partial, f, at, 0, where=where, look=CONTRACT, **options
        )


# --- gradient -----------------------------------------------------------------------


WEIGHTS = np.array([1.0, -2.0, 3.0, -4.0, 5.0])


def waves(x):
    x = np.asarray(x, dtype=np.float64)
    return float(np.sum(WEIGHTS * np.sin(x)) + x[0] * x[-1])


@pytest.mark.task("gradient", weight=3)
def test_all_coordinates(student, rng):
    x = rng.uniform(-1, 1, size=5)
    f = check.counted(waves)
    got = student.gradient(f, x)
    single = check.counted(lambda x: float(x[0]) ** 2)
    alone = student.gradient(single, np.array([-2.0]))

    want = WEIGHTS * np.cos(x)
    want[0] += x[-1]
    want[-1] += x[0]
    where = "gradient, n = 5"
    check.equal(f.calls, 10, where=f"{where}: calls of f (2n)", look=STEP_2)
    check.close(
        got, want, rtol=1e-7, atol=1e-7, where=where, look=STEP_2, dtype=np.float64
    )
    moved = [int(np.sum(p != x)) for p in f.args]
    evidence = "a sample point differs from x in more than one coordinate"
    check.true(max(moved) == 1, where=where, evidence=evidence, look=STEP_2)
    check.equal(single.calls, 2, where="gradient, n = 1: calls of f", look=STEP_2)
    check.close(alone, [-4.0], rtol=1e-7, where="gradient, n = 1", look=STEP_2)


def mixed(x):
    """Vary on the scale of each coordinate: 1e8, 1, 1 and 1."""
    a, b, c, d = (float(v) for v in x)
    return math.log(a) + math.exp(b) + math.sin(c) + 2 * math.exp(d)


@pytest.mark.task("gradient", weight=3)
def test_awkward_points(student):
    scales = student.gradient(mixed, np.array([1e8, 1.0, 0.0, 1e-8]))
    root = check.counted(lambda x: float(x[0]) ** 1.5 + 0.25 * float(x[1]))
    whole = student.gradient(root, np.array([4, 9]))
    single = check.counted(lambda x: float(x[0]) ** 2 + 0.5 * float(x[1]))
    narrow = student.gradient(single, np.array([1.1, 2.3], dtype=np.float32))
    boxed = student.gradient(lambda x: x[:1] * x[1:], np.array([2.0, 5.0]))

    check.close(
        scales,
        [1e-8, math.e, 1.0, 2.0],
        rtol=1e-6,
        where="gradient at coordinates of very different size",
        look="Each coordinate has its own step. " + STEP_2,
    )
    where = "gradient with integer x"
    look = "In which dtype is the answer collected?"
    check.close(whole, [3.0, 0.25], rtol=1e-7, where=where, look=look, dtype=np.float64)
    check.dtype(root.args[0], np.float64, where=f"{where}: what f is given", look=look)
    where = "gradient with float32 x"
    check.close(
        narrow, [2.2, 0.5], rtol=1e-5, where=where, look=STEP_2, dtype=np.float64
    )
    check.dtype(
        single.args[0], np.float32, where=f"{where}: what f is given", look=CONTRACT
    )
    where = "gradient where f returns an array of one"
    check.close(boxed, [5.0, 2.0], rtol=1e-7, where=where, look=CONTRACT)


@pytest.mark.task("gradient", weight=2)
def test_gradient_of_careless_functions(student):
    x = np.array([3.0, 4.0])
    got = student.run(careless, name="gradient", x=x)

    judge_careless(got, x, [24.0, 9.0], "gradient", 4)


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


# --- Dual ---------------------------------------------------------------------------


def dual_arithmetic(lesson, a, b, c, k):
    """Return (value, tangent) of every operator; a and b are pairs, k is an int."""
    pairs = a, b
    a, b = lesson.Dual(*a), lesson.Dual(*b)

    def in_place():
        total = lesson.Dual(*pairs[0])
        total += b
        total *= b
        return total

    asked = {
        "a + b": lambda: a + b,
        "a + number": lambda: a + c,
        "number + a": lambda: c + a,
        "a - b": lambda: a - b,
        "a - number": lambda: a - c,
        "number - a": lambda: c - a,
        "a * b": lambda: a * b,
        "a * number": lambda: a * c,
        "number * a": lambda: c * a,
        "a / b": lambda: a / b,
        "a / number": lambda: a / c,
        "number / a": lambda: c / a,
        "int + a": lambda: k + a,
        "int - a": lambda: k - a,
        "int * a": lambda: k * a,
        "int / a": lambda: k / a,
        "-a": lambda: -a,
        "a * a": lambda: a * a,
        "a - a": lambda: a - a,
        "Dual(number)": lambda: lesson.Dual(c),
        "a + a * b / (a - b)": lambda: a + a * b / (a - b),
        "a += b, then *= b": in_place,
        "a, used many times": lambda: a,
        "b, used many times": lambda: b,
    }

    def answer(call):
        try:
            y = call()
        except NotImplementedError:
            raise
        except Exception as error:
            return f"raised {type(error).__name__}"
        if not isinstance(y, lesson.Dual):
            return f"a {type(y).__name__}"
        return (y.value, y.tangent)

    return {what: answer(call) for what, call in asked.items()}


def judge_duals(got, want, look):
    """Compare a dictionary of (value, tangent) pairs."""
    for what, (value, tangent) in want.items():
        where = f"Dual, {what}"
        check.plain(got[what], where, look)
        evidence = f"got {check.show(got[what])}, expected a Dual"
        check.true(
            isinstance(got[what], tuple), where=where, evidence=evidence, look=look
        )
        near(got[what][0], value, 1e-12, f"{where}: value", look, 1e-300)
        near(got[what][1], tangent, 1e-11, f"{where}: tangent", look, 1e-300)


@pytest.mark.task("Dual", weight=3)
def test_dual_arithmetic(student, rng):
    u, p = (float(t) for t in rng.uniform(2, 3, size=2))
    w, q = (float(t) for t in rng.uniform(-1.5, -0.5, size=2))
    c, k = float(rng.uniform(0.3, 0.7)), 3
    got = student.run(dual_arithmetic, a=(u, p), b=(w, q), c=c, k=k)

    s, ds = u - w, p - q
    want = {
        "a + b": (u + w, p + q),
        "a + number": (u + c, p),
        "number + a": (c + u, p),
        "a - b": (u - w, p - q),
        "a - number": (u - c, p),
        "number - a": (c - u, -p),
        "a * b": (u * w, p * w + u * q),
        "a * number": (u * c, p * c),
        "number * a": (c * u, c * p),
        "a / b": (u / w, (p * w - u * q) / w**2),
        "a / number": (u / c, p / c),
        "number / a": (c / u, -c * p / u**2),
        "int + a": (k + u, p),
        "int - a": (k - u, -p),
        "int * a": (k * u, k * p),
        "int / a": (k / u, -k * p / u**2),
        "-a": (-u, -p),
        "a * a": (u * u, 2 * u * p),
        "a - a": (0.0, 0.0),
        "Dual(number)": (c, 0.0),
        "a + a * b / (a - b)": (
            u + u * w / s,
            p + ((p * w + u * q) * s - u * w * ds) / s**2,
        ),
        "a += b, then *= b": ((u + w) * w, (p + q) * w + (u + w) * q),
        "a, used many times": (u, p),
        "b, used many times": (w, q),
    }
    judge_duals(got, want, STEP_5)


def dual_powers(lesson, a, b, c):
    """Return (value, tangent) of powers with exponents of every kind."""
    a, b = lesson.Dual(*a), lesson.Dual(*b)
    asked = {
        "a ** 3": (a, 3),
        "a ** -2": (a, -2),
        "a ** 0.5": (a, 0.5),
        "a ** number": (a, c),
        "a ** b": (a, b),
        "number ** a": (c, a),
        "2 ** a": (2, a),
        "1 ** a": (1, a),
        "a ** Dual(number)": (a, lesson.Dual(c)),
        "Dual(number) ** a": (lesson.Dual(c), a),
        "a ** 1": (a, 1),
        "a ** 0": (a, 0),
        "negative ** 3": (lesson.Dual(-2.0, 1.0), 3),
        "negative ** 2": (lesson.Dual(-2.0, 1.0), 2),
        "negative ** -1": (lesson.Dual(-2.0, 1.0), -1),
        "negative ** Dual(3)": (lesson.Dual(-2.0, 1.0), lesson.Dual(3.0)),
        "negative ** 0": (lesson.Dual(-2.0, 1.0), 0),
        "0 ** 2": (lesson.Dual(0.0, 1.0), 2),
        "0 ** 1": (lesson.Dual(0.0, 1.0), 1),
        "0 ** 0": (lesson.Dual(0.0, 1.0), 0),
    }

    def answer(base, exponent):
        try:
            y = base**exponent
        except NotImplementedError:
            raise
        except Exception as error:
            return f"raised {type(error).__name__}"
        if not isinstance(y, lesson.Dual):
            return f"a {type(y).__name__}"
        return (y.value, y.tangent)

    return {what: answer(*pair) for what, pair in asked.items()}


@pytest.mark.task("Dual", weight=3)
def test_dual_powers(student, rng):
    u, p, w = (float(t) for t in rng.uniform(1.2, 2, size=3))
    q, c = (float(t) for t in rng.uniform(0.3, 0.7, size=2))
    got = student.run(dual_powers, a=(u, p), b=(w, q), c=c)

    want = {
        "a ** 3": (u**3, 3 * u**2 * p),
        "a ** -2": (u**-2, -2 * u**-3 * p),
        "a ** 0.5": (u**0.5, 0.5 * u**-0.5 * p),
        "a ** number": (u**c, c * u ** (c - 1) * p),
        "a ** b": (u**w, u**w * (q * math.log(u) + w * p / u)),
        "number ** a": (c**u, c**u * math.log(c) * p),
        "2 ** a": (2**u, 2**u * math.log(2) * p),
        "1 ** a": (1.0, 0.0),
        "a ** Dual(number)": (u**c, c * u ** (c - 1) * p),
        "Dual(number) ** a": (c**u, c**u * math.log(c) * p),
        "a ** 1": (u, p),
        "a ** 0": (1.0, 0.0),
        "negative ** 3": (-8.0, 12.0),
        "negative ** 2": (4.0, -4.0),
        "negative ** -1": (-0.5, -0.25),
        "negative ** Dual(3)": (-8.0, 12.0),
        "negative ** 0": (1.0, 0.0),
        "0 ** 2": (0.0, 0.0),
        "0 ** 1": (0.0, 1.0),
        "0 ** 0": (1.0, 0.0),
    }
    judge_duals(got, want, "The two terms of d(a ** b). " + STEP_5)


def dual_functions(lesson, a, c):
    """Return sin, exp and log of Duals and numbers, nested, and what they refuse."""
    Dual, sin, exp, log = lesson.Dual, lesson.sin, lesson.exp, lesson.log
    a = Dual(*a)
    asked = {
        "sin": lambda: sin(a),
        "exp": lambda: exp(a),
        "log": lambda: log(a),
        "exp(-2 a)": lambda: exp(-2 * a),
        "sin(a * a)": lambda: sin(a * a),
        "log(1 / a)": lambda: log(1 / a),
        "exp(sin(a)) / log(a + 1)": lambda: exp(sin(a)) / log(a + 1),
        "sin(Dual(number))": lambda: sin(Dual(c)),
        "sin of a number": lambda: sin(c),
        "exp of a number": lambda: exp(c),
        "log of a number": lambda: log(c),
        "exp of an int": lambda: exp(2),
        "log of Dual(0, 1)": lambda: log(Dual(0.0, 1.0)),
        "log of Dual(-1, 1)": lambda: log(Dual(-1.0, 1.0)),
        "log of Dual(-1)": lambda: log(Dual(-1.0)),
        "log of -1": lambda: log(-1.0),
        "negative base ** moving exponent": lambda: Dual(-2.0, 1.0) ** Dual(2.0, 1.0),
        "negative number ** moving exponent": lambda: (-2.0) ** Dual(2.0, 1.0),
    }

    def answer(call):
        try:
            y = call()
        except NotImplementedError:
            raise
        except Exception as error:
            return f"raised {type(error).__name__}"
        return (y.value, y.tangent) if isinstance(y, Dual) else y

    return {what: answer(call) for what, call in asked.items()}


@pytest.mark.task("Dual", weight=3)
def test_dual_functions(student, rng):
    u, p, c = (float(t) for t in rng.uniform(1.2, 2, size=3))
    got = student.run(dual_functions, a=(u, p), c=c)

    s, m = math.exp(math.sin(u)), math.log(u + 1)
    want = {
        "sin": (math.sin(u), math.cos(u) * p),
        "exp": (math.exp(u), math.exp(u) * p),
        "log": (math.log(u), p / u),
        "exp(-2 a)": (math.exp(-2 * u), -2 * math.exp(-2 * u) * p),
        "sin(a * a)": (math.sin(u * u), math.cos(u * u) * 2 * u * p),
        "log(1 / a)": (-math.log(u), -p / u),
        "exp(sin(a)) / log(a + 1)": (
            s / m,
            p * (s * math.cos(u) * m - s / (u + 1)) / m**2,
        ),
        "sin(Dual(number))": (math.sin(c), 0.0),
    }
    judge_duals(got, want, STEP_5)
    for what, value in (
        ("sin of a number", math.sin(c)),
        ("exp of a number", math.exp(c)),
        ("log of a number", math.log(c)),
        ("exp of an int", math.exp(2)),
    ):
        near(got[what], value, 1e-12, what, CONTRACT)
    for what in list(got)[-6:]:
        evidence = f"got {check.show(got[what])}, expected ValueError"
        good = isinstance(got[what], str) and got[what] == "raised ValueError"
        check.true(good, where=f"Dual, {what}", evidence=evidence, look=CONTRACT)


# --- jvp ----------------------------------------------------------------------------


def jvp_answers(lesson, x, v):
    """Call jvp with functions of every kind and count the calls of each."""
    import numpy as np

    calls, kinds = {}, set()

    def valley(t):
        n = len(t)
        return sum(
            (1 - t[i]) ** 2 + 5 * (t[i + 1] - t[i] ** 2) ** 2 for i in range(n - 1)
        )

    def mixture(t):
        return lesson.sin(t[0]) * lesson.exp(t[1]) / lesson.log(t[2])

    def squares(t):
        return sum(item * item for item in t)

    def answer(name, function, at, along):
        def f(t):
            calls[name] = calls.get(name, 0) + 1
            kinds.update(isinstance(item, lesson.Dual) for item in t)
            return function(t)

        try:
            return lesson.jvp(f, at, along)
        except NotImplementedError:
            raise
        except Exception as error:
            return f"raised {type(error).__name__}"

    xs, vs, whole = list(x), list(v), np.array([1, 2, 3])
    done = {
        name: answer(name, *case)
        for name, case in {
            "a valley": (valley, xs, vs),
            "a mixture": (mixture, xs, vs),
            "a sum over x": (squares, xs, vs),
            "one coordinate": (lambda t: t[1], xs, vs),
            "a constant": (lambda t: 7, xs, vs),
            "arrays": (mixture, np.array(x), np.array(v)),
            "integer arrays": (squares, whole, whole),
            "ints": (squares, [1, 2, 3], [0, 0, 2]),
            "v = 0": (mixture, xs, [0.0] * len(xs)),
            "n = 1": (lambda t: t[0] ** 2, [-3.0], [2.0]),
        }.items()
    }
    return done, calls, sorted(kinds), xs == list(x) and vs == list(v)


@pytest.mark.task("jvp", weight=4)
def test_jvp(student, rng):
    x, v = rng.uniform(1.2, 2, size=4), rng.uniform(-3, -1, size=4)
    args = [float(t) for t in x], [float(t) for t in v]
    done, calls, kinds, kept = student.run(jvp_answers, x=args[0], v=args[1])

    slope = np.zeros(4)
    gap = x[1:] - x[:-1] ** 2
    slope[:-1] += -2 * (1 - x[:-1]) - 20 * x[:-1] * gap
    slope[1:] += 10 * gap
    m = math.sin(x[0]) * math.exp(x[1]) / math.log(x[2])
    dm = m * (v[0] / math.tan(x[0]) + v[1] - v[2] / (x[2] * math.log(x[2])))
    want = {
        "a valley": (float(np.sum((1 - x[:-1]) ** 2 + 5 * gap**2)), float(slope @ v)),
        "a mixture": (m, dm),
        "a sum over x": (float(x @ x), float(2 * x @ v)),
        "one coordinate": (x[1], v[1]),
        "a constant": (7.0, 0.0),
        "arrays": (m, dm),
        "integer arrays": (14.0, 28.0),
        "ints": (14.0, 12.0),
        "v = 0": (m, 0.0),
        "n = 1": (9.0, -12.0),
    }
    for what, pair in want.items():
        where = f"jvp, {what}"
        got = done[what]
        check.plain(got, where, CONTRACT)
        good = isinstance(got, (tuple, list)) and len(got) == 2
        evidence = f"got {check.show(got)}, expected two numbers"
        check.true(good, where=where, evidence=evidence, look=CONTRACT)
        near(got[0], pair[0], 1e-11, f"{where}: f(x)", STEP_5)
        near(got[1], pair[1], 1e-10, f"{where}: slope along v", STEP_5, 1e-10)
    for what in want:
        where = f"jvp, {what}: calls of f"
        check.equal(calls.get(what, 0), 1, where=where, look=STEP_5)
    check.equal(
        kinds, [True], where="jvp: each item that f gets is a Dual", look=STEP_5
    )
    check.equal(kept, True, where="jvp: x and v keep their values", look=CONTRACT)


@pytest.mark.task("jvp", weight=1)
def test_jvp_lengths(student):
    for kind, v in (("longer", [1.0, 2.0, 3.0]), ("shorter", [1.0])):
        where = f"jvp with v {kind} than x"
        check.raises(ValueError, student.run, refuse, v=v, where=where, look=CONTRACT)


def refuse(lesson, v):
    """Call jvp with x of two numbers."""
    return lesson.jvp(lambda t: t[0] * 2, [1.0, 2.0], v)


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


def squares(x):
    return float(np.sum(np.asarray(x, dtype=np.float64) ** 2))


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
