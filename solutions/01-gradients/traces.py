"""Recompute the figure's data and the numbers that the chapter of lesson 01 claims."""

import functools
import importlib.util
import math
import types
from collections.abc import Iterable, Iterator
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import numpy as np
import reference

#: Where errors are measured: a single point can be lucky, the worst of many is not.
POINTS = [1 + k / 64 for k in range(64)]


@functools.cache
def exact_exp(x: float) -> float:
    """Return exp(x) rounded once, the same on every machine."""
    with localcontext() as context:
        context.prec = 40
        return float(Decimal(x).exp())


def exp64(x: np.ndarray) -> float:
    """Return exp of the first coordinate in float64."""
    return exact_exp(float(x[0]))


def exp32(x: np.ndarray) -> np.float32:
    """Return exp of the first coordinate in float32."""
    return np.float32(exact_exp(float(x[0])))


def step_error(scheme: str, h: float, at: float, kind: type = np.float64) -> float:
    """Return |slope - exp'| of the reference at a point.

    Where the sample points coincide, the quotient is read as a slope of 0.
    """
    f = exp32 if kind is np.float32 else exp64
    x = np.array([at], dtype=kind)
    exact = exact_exp(float(x[0]))
    try:
        return abs(reference.partial(f, x, 0, h, scheme) - exact)
    except ValueError:
        return exact


def worst(scheme: str, h: float, kind: type = np.float64) -> float:
    """Return the largest relative error over all points."""
    return max(step_error(scheme, h, at, kind) / exact_exp(at) for at in POINTS)


def shrunk(points: Iterable[float]) -> float:
    """Return how the worst error grows from h = 1e-8 to 1e-12, divided by h."""

    def error(h: float, at: float) -> float:
        exact = exact_exp(at)
        return abs((exact_exp(at + h) - exact) / h - exact) / exact

    near, far = (max(error(h, at) for at in points) for h in (1e-12, 1e-8))
    return near / far


def best(scheme: str, kind: type = np.float64, last: int = 30) -> tuple[float, float]:
    """Return the step, of two a decade, with the least worst error, and that error."""
    steps = [10 ** (-k / 2) for k in range(1, last)]
    error, h = min((worst(scheme, h, kind), h) for h in steps)
    return h, error


def hill(z: Any) -> Any:
    """Return the height of the figure's map: a hill, a hollow and a gentle slope."""
    x, y = z[0], z[1]
    up = 1.6 * reference.exp(-((x + 0.8) ** 2 + (y - 0.5) ** 2))
    down = 1.2 * reference.exp(-((x - 0.9) ** 2 + (y + 0.6) ** 2) / 0.8)
    return up - down + 0.15 * x


def slopes_of_the_hill() -> Iterator[dict[str, Any]]:
    """Yield heights, gradients and slopes of the map, exact to rounding."""
    for x in ([0.3, -0.2], [-1.0, 0.5], [0.0, 0.0], [1.5, 1.0]):
        grad = [reference.jvp(hill, x, e)[1] for e in ([1.0, 0.0], [0.0, 1.0])]
        for v in ([0.6, 0.8], [2.0, 0.0], [-0.5, 1.0]):
            value, slope = reference.jvp(hill, x, v)
            yield {"x": x, "v": v, "f": value, "grad": grad, "slope": slope}


def slopes_of_the_tent() -> Iterator[dict[str, float]]:
    """Yield slopes at the origin: f(hu) = h f(u), so the quotient needs no limit."""
    for degrees in range(0, 360, 30):
        u = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
        yield {"angle_deg": degrees, "slope": tent(u)}


def figure() -> dict[str, Any]:
    """Return slopes at some points, and errors at x = 1, four steps a decade."""
    steps = [10 ** (-k / 4) for k in range(4, 63)]
    return {
        "surface": {"samples": list(slopes_of_the_hill())},
        "no_gradient": {"samples": list(slopes_of_the_tent())},
        "steps": {
            "h": steps,
            "forward": [step_error("forward", h, 1.0) for h in steps],
            "central": [step_error("central", h, 1.0) for h in steps],
            "central32": [step_error("central", h, 1.0, np.float32) for h in steps],
            "best": {name: list(best(name)) for name in ("forward", "central")},
        },
    }


def short(number: float) -> str:
    """Write a number with two digits, such as 1.7e-8."""
    mantissa, exponent = f"{number:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def tent(x: np.ndarray) -> float:
    """Return x^2 y/(x^2 + y^2), 0 at the origin."""
    a, b = float(x[0]), float(x[1])
    return a * a * b / (a * a + b * b) if a or b else 0.0


def ridge(x: np.ndarray) -> float:
    """Return x^2 y/(x^4 + y^2), 0 at the origin."""
    a, b = float(x[0]), float(x[1])
    return a * a * b / (a**4 + b * b) if a or b else 0.0


def bowl(x: np.ndarray) -> float:
    """Return x^2 + y^2, the worked example."""
    return float(x[0]) ** 2 + float(x[1]) ** 2


def slow() -> types.ModuleType:
    """Return the chapter's slow way, from the file that the chapter includes."""
    lesson = Path(__file__).resolve().parent.name
    path = Path(__file__).resolve().parents[2] / "course" / lesson / "slow.py"
    spec = importlib.util.spec_from_file_location("slow", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def slow_way() -> dict[str, str]:
    """Return what the slow way answers where it breaks."""
    slope = slow().slope
    square = lambda x: float(x[0]) ** 2  # noqa: E731
    moved = np.array([1e-9])
    slope(square, moved, 0)
    return {
        "slow_near": f"{slope(square, np.array([1.0]), 0):.8f}",
        "slow_far": f"{slope(square, np.array([1e9]), 0):g}",
        "slow_whole": f"{slope(square, np.array([3]), 0):g}",
        "slow_moved": repr(float(moved[0])),
    }


def in_float32(nominal: bool) -> str:
    """Return the error of the central slope of 3x at 1 in float32 with h = 0.001."""
    h, one = np.float32(1e-3), np.float32(1)
    right, left = float(one + h), float(one - h)
    walked = 2 * float(h) if nominal else right - left
    error = abs((3 * right - 3 * left) / walked - 3)
    return short(error) if error else "0"


def tall() -> dict[str, str]:
    """Return the error and the allowance of a right gradient of 1e6 + x^2 at 1e-3."""
    report = reference.gradcheck(
        lambda x: 1e6 + float(x[0]) ** 2, lambda x: 2 * x, np.array([1e-3])
    )
    assert not report.ok
    allowed = 1e-8 + 1e-5 * 2e-3
    return {
        "tall_error": short(report.abs_err),
        "tall_allowed": short(allowed),
    }


def far_and_near() -> dict[str, str]:
    """Return a slope where the coordinates differ in size, and with the wrong step."""
    at, u = np.array([1e8, 1.0]), np.array([1.0, 1.0]) / math.sqrt(2)

    def f(x: np.ndarray) -> float:
        return math.log(float(x[0])) + math.exp(float(x[1]))

    h = reference.default_step(at, at[0], 3) / u[0]  # it suits the first coordinate
    wrong = (f(at + h * u) - f(at - h * u)) / (2 * h)
    return {
        "far_slope": f"{reference.directional(f, at, u, normalise=True):.3f}",
        "far_thrown": f"{h * u[1]:.0f}",
        "far_wrong": f"{wrong:.1e}",
    }


def bowls_and_creases() -> dict[str, str]:
    """Return the slopes of the worked example, of the corner and of the two creases."""
    one_two, origin = np.array([1.0, 2.0]), np.zeros(2)
    gradient, flat = (
        reference.gradient(*at) for at in ((bowl, one_two), (tent, origin))
    )
    u, size = np.array([0.6, 0.8]), lambda x: abs(float(x[0]))
    slope = functools.partial(reference.directional, normalise=True)
    partial = functools.partial(reference.partial, size, np.zeros(1), 0)
    report = reference.gradcheck(size, lambda x: np.zeros(1), np.zeros(1))
    return {
        "bowl_gradient": f"({gradient[0]:.6f}, {gradient[1]:.6f})",
        "bowl_slope": f"{slope(bowl, one_two, 5 * u):.6f}",
        "tent_slope": f"{slope(tent, origin, u):.3f}",
        "tent_gradient": f"({flat[0]:g}, {flat[1]:g})",
        "ridge_slope": f"{slope(ridge, origin, u):.3f}",
        "ridge_height": f"{ridge(np.array([1e-3, 1e-6])):g}",
        "size_central": f"{partial(scheme='central'):g}",
        "size_forward": f"{partial(scheme='forward'):g}",
        "kinks": str(report.kinks),
    }


def claims() -> dict[str, str]:
    """Return the text of each measured number in the chapter."""
    table = {
        f"{scheme}_{k}": short(worst(scheme, 10.0**-k))
        for scheme in ("forward", "central")
        for k in (2, 4, 5, 6, 8, 10, 12, 14)
    }
    forward, central = best("forward"), best("central")
    single = best("central", np.float32, 14)
    exp = lambda z: np.exp(z[0])  # noqa: E731
    steps = [
        reference.partial(exp, np.array([at]), 0, scheme="complex") for at in POINTS
    ]
    errors = [abs(s / exact_exp(at) - 1) for s, at in zip(steps, POINTS, strict=True)]
    dual = reference.Dual(3.0, 1.0)
    quotient = dual * dual / (1 + dual)
    value, tangent = reference.jvp(
        lambda x: x[0] ** 2 + x[1] ** 2, [1.0, 2.0], [0.6, 0.8]
    )
    return {
        **table,
        **slow_way(),
        **far_and_near(),
        **tall(),
        **bowls_and_creases(),
        "shrink_ratio": f"{shrunk(POINTS):,.0f}",
        "shrink_at_one": f"{shrunk([1.0]):,.0f}",
        "best_forward": short(forward[1]),
        "best_central": short(central[1]),
        "best_single_h": short(single[0]),
        "best_single": short(single[1]),
        "asked": in_float32(nominal=True),
        "walked": in_float32(nominal=False),
        "complex_digits": str(math.floor(-math.log10(max(errors)))),
        "dual": f"({quotient.value:g}, {quotient.tangent:g})",
        "jvp": f"({value:g}, {tangent:g})",
    }
