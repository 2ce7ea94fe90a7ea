"""Hidden tests of `partial`: its three schemes and their steps, then the rest.

Core tests record the points where f is asked and compare the slope with the formula of
the scheme at those points. Calls of f, dtypes, extreme coordinates, careless functions
and refused arguments stand in tests that are not core.
"""

import math

import numpy as np
import pytest
from hidden.answers import CBRT, CONTRACT, STEP_2, near, number, step_matches
from hidden.careless import careless, judge_careless

from autograder.student.testing import check

SQRT = float(np.finfo(np.float64).eps) ** (1 / 2)
CBRT32 = float(np.finfo(np.float32).eps) ** (1 / 3)
REAL = (("central", CBRT), ("forward", SQRT))


def wave(x):
    """Return exp(x0) * x1^2, smooth and asymmetric."""
    return math.exp(float(x[0])) * float(x[1]) ** 2


def wave_far(x):
    """Return x0 + x1^2: central differences of it are exact for any step."""
    return float(x[0]) + float(x[1]) ** 2


@pytest.mark.task("partial", weight=3, core=True)
def test_given_steps(student, rng):
    x = np.array([float(rng.uniform(0.5, 1.5)), 3.0])
    seen = {}
    for scheme in ("central", "forward"):
        for h in (0.25, 0.125):
            f = check.counted(wave)
            seen[scheme, h] = f, student.partial(f, x, 0, h=h, scheme=scheme)
    positional = student.partial(wave, x, 1, 0.5)
    falling = student.partial(lambda x: -wave(x), x, 0, 0.25)
    far = student.partial(wave_far, np.array([1000.0, -700.0]), 1, 0.3)
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
        points = [float(p[0]) for p in f.args]
        want = [x[0] - h if scheme == "central" else x[0], x[0] + h]
        asked = f"{where}: the points where f is asked (h is used as given)"
        ends = [min(points), max(points)]
        check.close(ends, want, rtol=1e-14, where=asked, look=STEP_2)
        rise = math.exp(want[1]) - math.exp(want[0])
        near(got, rise * 9.0 / (want[1] - want[0]), 1e-12, where, STEP_2)
    near(positional, 6 * exact / 9, 1e-12, "partial in the second coordinate", STEP_2)
    slope = -exact * math.sinh(0.25) / 0.25
    near(falling, slope, 1e-12, "partial of a falling f", STEP_2)
    near(far, -1400.0, 1e-12, "partial with a given step at a far point", STEP_2)


@pytest.mark.task("partial", weight=3, core=True)
def test_default_steps(student):
    seen = []
    for scheme, c in REAL:
        for at in (0.01, 1.0, -3.0, 200.0):
            f = check.counted(lambda x: float(x[1]) ** 3)
            student.partial(f, np.array([1e4, at]), 1, scheme=scheme)
            seen.append((scheme, at, c, f))
    exp_central = student.partial(exp_first, np.array([1.0]), 0)
    exp_forward = student.partial(exp_first, np.array([1.0]), 0, scheme="forward")

    for scheme, at, c, f in seen:
        judge_step(scheme, at, c, f)
    near(exp_central, math.e, 2e-9, "partial of exp, default step", STEP_2)
    near(exp_forward, math.e, 1e-6, "partial of exp, default forward step", STEP_2)


def judge_step(scheme, at, c, f):
    """Judge the points of a default step in the second coordinate."""
    size = "0" if at == 0 else f"{abs(at):.0e}"
    where = f"partial, default step of {scheme!r} at |x_i| = {size}"
    points = [float(p[1]) for p in f.args]
    low, high = min(points), max(points)
    h = (high - low) / (2 if scheme == "central" else 1)
    step_matches(h, c * max(1.0, abs(at)), where, STEP_2)
    middle = (high + low) / 2 if scheme == "central" else low
    check.close(middle, at, atol=h / 50, where=f"{where}: around x_i", look=STEP_2)


@pytest.mark.task("partial", weight=2, core=True)
def test_the_distance_that_was_walked(student, rng):
    at = np.array([2.0, float(rng.uniform(500, 1000))])
    double = lambda x: 2.0 * float(x[1])  # noqa: E731
    answers = [
        (scheme, h, student.partial(double, at, 1, h, scheme))
        for scheme, _ in REAL
        for h in (1e-5, 3e-7)
    ]
    look = "x + h is rounded: how far apart are the two points? " + STEP_2
    for scheme, _, got in answers:
        where = f"partial, {scheme!r}, a small given step: 2x has the exact slope 2"
        near(got, 2.0, 1e-12, where, look)


@pytest.mark.task("partial", weight=2, core=True)
def test_complex_step(student, rng):
    x = np.array([float(rng.uniform(0.5, 1.5)), 2.0])
    f = check.counted(lambda z: np.exp(z[0]) / z[1])
    default = student.partial(f, x, 0, scheme="complex")
    falling = student.partial(lambda z: np.exp(z[0]) / z[1], x, 1, scheme="complex")
    tiny = student.partial(lambda z: z[0] ** 3, x, 0, 1e-100, "complex")
    given = student.partial(lambda z: z[0] ** 3, x, 0, 0.5, "complex")
    whole = student.partial(lambda x: float(x[0]) ** 3, np.array([2.0]), 0, 1)
    faint = student.partial(lambda z: 1e-20 * np.exp(z[0]), x, 0, scheme="complex")
    level = student.partial(lambda z: 7.0, x, 0, scheme="complex")

    where = "partial, scheme='complex'"
    check.equal(f.calls, 1, where=f"{where}: calls of f", look=CONTRACT)
    check.close(f.args[0].real, x, where=f"{where}: the real part", look=STEP_2)
    slope = math.exp(x[0]) / 2
    near(default, slope, 1e-14, f"{where}: nothing cancels, so 14 digits", STEP_2)
    near(falling, -slope / 2, 1e-14, f"{where}, a falling f", STEP_2)
    near(tiny, 3 * x[0] ** 2, 1e-14, f"{where} with a very small given h", STEP_2)
    near(given, 3 * x[0] ** 2 - 0.25, 1e-14, f"{where}, h=0.5, used as given", CONTRACT)
    near(whole, 13.0, 1e-12, "partial of x^3 at 2, h=1, used as given", CONTRACT)
    near(level, 0.0, 0, f"{where}, f is constant and returns a float", CONTRACT)
    near(faint, 2e-20 * slope, 1e-14, f"{where}, a very small f", CONTRACT)


# --- costs, kinds and sizes of numbers, functions that do not respect x -------------


@pytest.mark.task("partial", weight=1)
def test_two_calls_a_slope(student):
    x, counts = np.array([1.0, 3.0]), []
    for scheme, _ in REAL:
        for h in (None, 0.25):
            f = check.counted(wave)
            student.partial(f, x, 0, h, scheme)
            counts.append((scheme, f.calls))
    for scheme, calls in counts:
        check.equal(calls, 2, where=f"partial, {scheme!r}: calls of f", look=CONTRACT)


@pytest.mark.task("partial", weight=1)
def test_extreme_coordinates(student):
    seen = []
    for scheme, c in REAL:
        for at in (0.0, 1e-8, -1e8):
            f = check.counted(lambda x: float(x[1]) ** 3)
            student.partial(f, np.array([1e6, at]), 1, scheme=scheme)
            seen.append((scheme, at, c, f))
    log_central = student.partial(log_first, np.array([1e8]), 0)
    kinks = [student.partial(size_first, np.zeros(1), 0, scheme=s) for s, _ in REAL]
    product = check.counted(lambda z: z[0] * z[1])
    student.partial(product, np.array([1e6, 1.0]), 1, scheme="complex")
    student.partial(product, np.array([1.0, 1e6]), 1, scheme="complex")
    beside_zero = [
        student.partial(lambda x: 3.0 * float(x[0]), np.zeros(1), 0, 1e-20, s)
        for s, _ in REAL
    ]
    # 1 + h is rounded to 1, and 1 - h is not: the two points differ.
    one_sided = student.partial(lambda x: 2 * (float(x[0]) - 1), np.ones(1), 0, 1e-16)

    for scheme, at, c, f in seen:
        judge_step(scheme, at, c, f)
    where = "partial, default step of 'complex'"
    for z in product.args:
        h = float(z.imag[1])  # a shorter one does no harm
        evidence = f"the step is {h:.0e}, the docstring's 1e-30"
        check.true(0 < h < 5e-30, where=where, evidence=evidence, look=CONTRACT)
    for (scheme, _), got in zip(REAL, beside_zero, strict=True):
        near(got, 3.0, 1e-12, f"partial at x_i = 0, h = 1e-20, {scheme!r}", CONTRACT)
    near(one_sided, 2.0, 1e-12, "partial where only x_i - h differs from x_i", CONTRACT)
    near(log_central, 1e-8, 1e-6, "partial of log at a large x", STEP_2)
    for (scheme, _), got, want in zip(REAL, kinks, (0.0, 1.0), strict=True):
        near(got, want, 0, f"partial of |x| at 0, scheme={scheme!r}", CONTRACT, 1e-9)


def exp_first(x):
    return math.exp(float(x[0]))


def log_first(x):
    return math.log(float(x[0]))


def size_first(x):
    return abs(float(x[0]))


@pytest.mark.task("partial", weight=1)
def test_float32(student):
    x = np.array([2.0, 1.1], dtype=np.float32)
    seen = []
    for scheme in ("central", "forward"):
        for h in (None, 1e-3):
            f = check.counted(lambda x: 3.0 * float(x[1]))
            seen.append((scheme, h, f, student.partial(f, x, 1, h, scheme)))
    rough = student.partial(lambda x: np.exp(x[1]), x, 1)
    wide = check.counted(lambda z: np.exp(z[1]))
    sideways = student.partial(wide, x, 1, scheme="complex")

    for scheme, h, f, got in seen:
        kind = "default" if h is None else "given"
        where = f"partial, float32 x, {scheme!r}, {kind} h"
        for p in f.args:
            check.dtype(p, np.float32, where=f"{where}: what f is given", look=CONTRACT)
        if h is None and scheme == "central":
            walked = abs(float(f.args[0][1]) - float(f.args[-1][1])) / 2
            step_matches(walked, CBRT32 * 1.1, where, STEP_2)
        near(got, 3.0, 1e-7, f"{where}: f is linear, so the slope is exact", STEP_2)
    slope = math.exp(float(x[1]))
    near(rough, slope, 2e-3, "partial of a float32 function", STEP_2)
    where = "partial, float32 x, scheme='complex'"
    kind = f"{where}: what f is given"
    check.dtype(wide.args[0], np.complex128, where=kind, look=CONTRACT)
    near(sideways, slope, 1e-11, where, STEP_2)


@pytest.mark.task("partial", weight=1)
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
    wrapped["an array of shape (1, 1)"] = student.partial(
        lambda x: x[:1, None] ** 2 * x[1:, None], x, 0
    )
    falling = student.partial(
        lambda x: np.array(100 - round(2 * float(x[0])), dtype=np.uint8), x, 0, 0.5
    )
    signed = student.partial(
        lambda x: np.array([round(600 - 200 * float(x[0]))], np.int8), x, 0, 0.5
    )
    half = check.counted(plain_product)
    student.partial(half, np.array([3, 4], dtype=np.float16), 1, 0.25)
    g = check.counted(lambda z: z[:1] ** 3)
    sideways = student.partial(g, np.array([2]), 0, scheme="complex")

    for got, want in zip(whole, (24.0, 9.0, 24.0, 9.0), strict=True):
        near(got, want, 1e-7, "partial with integer x", "x + h: in which dtype?")
    near(numpy_index, 9.0, 1e-12, "partial with integer x and given h", STEP_2)
    for p in f.args:
        where = "partial with integer x: what f is given"
        check.dtype(p, np.float64, where=where, look=CONTRACT)
    for p in half.args:
        where = "partial with float16 x: what f is given"
        check.dtype(p, np.float64, where=where, look=CONTRACT)
    near(falling, -2.0, 1e-12, "partial where f returns unsigned ints", CONTRACT)
    near(signed, -200.0, 1e-12, "partial where f returns an int8 array", CONTRACT)
    near(single, -4.0, 1e-7, "partial with n = 1", STEP_2)
    for kind, got in wrapped.items():
        want = 8.0 if kind == "an int" else 24.0
        near(got, want, 1e-7, f"partial where f returns {kind}", CONTRACT)
    where = "partial, scheme='complex', integer x, f returns an array of one"
    near(sideways, 12.0, 1e-14, where, STEP_2)
    where = "partial, scheme='complex': what f is given"
    check.dtype(g.args[0], np.complex128, where=where, look=STEP_2)


def plain_product(x):
    return float(x[0]) ** 2 * float(x[1])


@pytest.mark.task("partial", weight=1)
def test_careless_functions(student):
    x = np.array([3.0, 4.0])
    central = careless(student, name="partial", x=x, i=0)
    forward = careless(student, name="partial", x=x, i=0, scheme="forward")

    judge_careless(central, x, 24.0, "partial", 2)
    judge_careless(forward, x, 24.0, "partial, 'forward'", 2)


@pytest.mark.task("partial", weight=1)
def test_coordinates_that_do_not_exist(student):
    x = np.array([1.0, 2.0, 3.0])
    for i, kind in ((3, "i = n"), (-1, "i = -1"), (-3, "i = -n"), (7, "i beyond n")):
        for scheme in ("central", "forward", "complex"):
            where = f"partial with {kind}, {scheme!r}"
            check.raises(
                IndexError,
                student.partial,
                lambda x: x[0] * x[1],
                x,
                i,
                scheme=scheme,
                where=where,
                look=CONTRACT,
            )


@pytest.mark.task("partial", weight=1)
def test_refused_arguments(student):
    x = np.array([1.0, 2.0])
    single = np.array([1e8], dtype=np.float32)
    total = lambda x: np.sum(x)  # noqa: E731
    sideways = {"scheme": "complex"}
    cases = (
        *(
            (f"the scheme {name!r}", wave, x, {"scheme": name})
            for name in ("sideways", "backward", "Central", "c", "")
        ),
        ("h = 0", wave, x, {"h": 0.0}),
        ("a negative h", wave, x, {"h": -1e-3}),
        ("h = NaN", wave, x, {"h": math.nan}),
        ("an infinite h", wave, x, {"h": math.inf}),
        ("an h that vanishes beside x_i", wave, x, {"h": 1e-20}),
        ("a forward h that vanishes", wave, x, {"h": 1e-20, "scheme": "forward"}),
        ("an h that vanishes in float32", size_first, single, {"h": 1.0}),
        ("h = 0 and scheme='complex'", total, x, {"h": 0.0, **sideways}),
        ("the int h = 0", wave, x, {"h": 0}),
        ("a negative h and scheme='complex'", total, x, {"h": -1e-3, **sideways}),
        ("an infinite h and scheme='complex'", total, x, {"h": math.inf, **sideways}),
        ("h = NaN and scheme='complex'", total, x, {"h": math.nan, **sideways}),
        ("a 0-d x", total, np.array(2.0), {}),
        ("a 2-d x", total, np.ones((2, 1)), {}),
        ("an x that is a row", total, np.ones((1, 2)), {}),
        ("a 2-d x and scheme='complex'", total, np.ones((2, 1)), sideways),
        ("f returning two numbers", lambda x: x * 2, x, {}),
        ("f returning no numbers", lambda x: x[:0], x, {}),
        ("f returning two numbers, 'complex'", lambda z: z * 2, x, sideways),
        ("f returning two, 'forward'", lambda x: x * 2, x, {"scheme": "forward"}),
        ("f returning two at x_i - h", lambda x: x if x[0] < 1 else x[:1], x, {}),
        ("f returning two at x_i + h", lambda x: x if x[0] > 1 else x[:1], x, {}),
    )
    for kind, f, at, options in cases:
        where = f"partial with {kind}"
        check.raises(
            ValueError, student.partial, f, at, 0, where=where, look=CONTRACT, **options
        )
