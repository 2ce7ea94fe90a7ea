"""Hidden tests of `partial`."""

import math

import numpy as np
import pytest
from hidden.common import CBRT, CONTRACT, STEP_2, careless, judge_careless, near, number

from autograder.student.testing import check

SQRT = float(np.finfo(np.float64).eps) ** (1 / 2)


CBRT32 = float(np.finfo(np.float32).eps) ** (1 / 3)


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
