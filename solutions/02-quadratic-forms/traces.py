"""Recompute the figure's data and the numbers that the chapter of lesson 02 claims."""

import functools
import importlib.util
import math
import types
from pathlib import Path
from typing import Any

import numpy as np
import reference

HERE = Path(__file__).resolve()
#: The chapter's example: 1.5 x^2 + 5xy - 3yx + 3y^2 - 2x + 8y.
A_FULL, B = np.array([[1.5, 5.0], [-3.0, 3.0]]), np.array([-2.0, 8.0])
START = np.array([-2.0, -2.0])


@functools.cache
def load(path: Path) -> types.ModuleType:
    """Return a file of the course as a module."""
    spec = importlib.util.spec_from_file_location(
        f"{path.parent.name}.{path.stem}", path
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def short(number: float) -> str:
    """Write a number with two digits, such as 1.7e-8."""
    mantissa, exponent = f"{number:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def above(number: float, every: int = 1) -> str:
    """Write a power of ten that a number exceeds, where rounding decides the digits."""
    return f"1e{every * math.floor(math.log10(number) / every)}"


def below(number: float, every: int = 1) -> str:
    """Write a power of ten that a number stays below."""
    return f"1e{every * math.ceil(math.log10(number) / every)}"


def steps(run: reference.Run) -> int:
    """Return how many steps a run took."""
    return len(run.residuals) - 1


def pair(x: np.ndarray, digits: int = 4) -> str:
    """Write a point of the plane."""
    rounded = [f"{v:.{digits}f}".rstrip("0").rstrip(".") for v in x]
    return f"({', '.join(rounded)})".replace("-", "−")


def example() -> tuple[np.ndarray, np.ndarray]:
    """Return H and h of the chapter's example."""
    second = reference.both_forms(A_FULL, B, 0.0)[1]
    return second.matrix, second.vector


def watched(
    method: Any, H: np.ndarray, h: np.ndarray, x0: np.ndarray, **options: Any
) -> tuple[reference.Run, list[np.ndarray]]:
    """Run a descent on a matrix; return it with its points."""
    path: list[np.ndarray] = []
    run = method(lambda v: H @ v, h, x0, watch=path.append, **options)
    return run, path


def slow_way() -> dict[str, str]:
    """Return where a fixed step leads after 50 steps."""
    found = {}
    slow = load(HERE.parents[2] / "course" / HERE.parent.name / "slow.py")
    for name, step in (("small", 0.02), ("good", 0.2), ("large", 0.29)):
        x = slow.slow_minimum(A_FULL, B, START, step, 50)
        found[f"slow_{name}"] = short(float(np.linalg.norm(x - [2.0, -2.0])))
    return found


def checked() -> dict[str, str]:
    """Return how far two gradients are from central differences, at the example."""
    h = float(np.finfo(np.float64).eps) ** (1 / 3) * 2.0  # lesson 1's step at x_i = -2
    slopes = []
    for e in h * np.eye(2):
        high, low = (
            reference.evaluate(A_FULL, B, 0.0, x)[0] for x in (START + e, START - e)
        )
        slopes.append((high - low) / (2 * h))
    right = reference.evaluate(A_FULL, B, 0.0, START)[1]
    wrong = 2 * A_FULL @ START + B
    return {
        "check_right": below(float(np.max(np.abs(right - slopes))), every=4),
        "check_wrong": f"{np.max(np.abs(wrong - slopes)):.3f}",
    }


def by_hand() -> dict[str, str]:
    """Return the two steps of the worked example, and both counts of steps."""
    H, h = example()
    aim = 1e-6 / float(np.linalg.norm(h))
    down, points = watched(reference.steepest_descent, H, h, START, rtol=aim)
    conjugate, two = watched(reference.conjugate_gradient, H, h, START, rtol=aim)
    minimum = reference.minimise(H, h, 0.0)
    assert np.allclose(two[-1], minimum.x)
    return {
        "descent_first": pair(points[1]),
        "descent_second": pair(points[2]),
        "descent_steps": str(steps(down)),
        "conjugate_second": pair(two[2]),
        "conjugate_steps": str(steps(conjugate)),
        "least": f"{minimum.value:g}".replace("-", "−"),
    }


def spread(kappa: float, n: int = 50) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a bowl with n evenly spaced eigenvalues, its h and its minimiser."""
    H, h = np.diag(np.linspace(1.0, kappa, n)), np.ones(n)
    return H, h, h / np.diag(H)


def table() -> dict[str, str]:
    """Return the energies after 20 steps beside their bounds."""
    found = {}
    for kappa in (10, 100, 1000):
        H, h, x_star = spread(kappa)
        for name, method in (
            ("descent", reference.steepest_descent),
            ("conjugate", reference.conjugate_gradient),
        ):
            _, path = watched(method, H, h, 0 * h, rtol=1e-14, maxiter=20)
            got = reference.rates(H, x_star, path)
            bound = got.descent_bound if name == "descent" else got.conjugate_bound
            found[f"{name}_{kappa}"] = short(got.measured[20])
            found[f"{name}_{kappa}_bound"] = short(bound[20])
    H, h, _ = spread(1000)
    down, _ = watched(reference.steepest_descent, H, h, 0 * h, maxiter=50_000)
    conjugate, _ = watched(reference.conjugate_gradient, H, h, 0 * h)
    return found | {
        "thousand_descent": f"{steps(down):,}",
        "thousand_conjugate": str(steps(conjugate)),
    }


def chain(v: np.ndarray) -> np.ndarray:
    """Return Hv for H with 2.01 on the diagonal and -1 beside it."""
    out = 2.01 * v
    out[1:] -= v[:-1]
    out[:-1] -= v[1:]
    return out


def large() -> dict[str, str]:
    """Return how many steps 2,000 unknowns take, and how many the bound allows."""
    n = 2000
    x_star = np.cos(np.arange(n) ** 2)
    h = chain(x_star)
    path: list[np.ndarray] = []
    run = reference.conjugate_gradient(chain, h, 0 * h, 1e-10, watch=path.append)
    energies = [math.sqrt((x - x_star) @ chain(x - x_star)) for x in path]
    first = next(k for k, e in enumerate(energies) if e <= 1e-8 * energies[0])
    angle = math.pi / (n + 1)
    root = math.sqrt((2.01 + 2 * math.cos(angle)) / (2.01 - 2 * math.cos(angle)))
    bound = math.log(2e8) / math.log((root + 1) / (root - 1))
    assert run.status == "converged"
    return {
        "chain_kappa": f"{root**2:.0f}",
        "chain_steps": str(first),
        "chain_bound": str(math.ceil(bound)),
    }


def preconditioning() -> dict[str, str]:
    """Return condition numbers and steps of a badly scaled bowl, both ways."""
    n = 200
    sizes = 10.0 ** np.linspace(-2, 2, n)
    near = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    H = np.outer(sizes, sizes) * np.where(
        near == 0, 2.5, np.where(near == 1, -1.0, 0.0)
    )
    h, diagonal = np.ones(n), np.diag(H).copy()
    scaled = H / np.sqrt(np.outer(diagonal, diagonal))
    plain, _ = watched(reference.conjugate_gradient, H, h, 0 * h, maxiter=100_000)
    better = reference.preconditioned(lambda v: H @ v, h, 0 * h, lambda r: r / diagonal)
    assert plain.status == better.status == "converged"
    kappas = [np.linalg.cond(K) for K in (H, scaled)]
    return {
        "plain_kappa": short(kappas[0]),
        "plain_steps": f"{10 ** math.floor(math.log10(steps(plain))):,}",
        "scaled_kappa": f"{kappas[1]:.1f}",
        "scaled_steps": str(steps(better)),
    }


def crowded(n: int = 24) -> np.ndarray:
    """Return eigenvalues from 0.1 to 100 that crowd at the small end."""
    k = np.arange(n)
    return 0.1 + k / (n - 1) * 99.9 * 0.65 ** (n - 1 - k)


def rounding() -> dict[str, str]:
    """Return what rounding does to conjugacy, to steps, and to the residual."""
    values = crowded()
    H, h = np.diag(values), np.ones(values.size)
    _, path = watched(reference.conjugate_gradient, H, h, 0 * h, rtol=1e-12)
    walks = np.diff(np.array(path), axis=0)  # alpha p: as long as p is conjugate
    units = walks / np.sqrt(np.sum((walks @ H) * walks, axis=1))[:, None]
    overlap = np.abs(units @ H @ units.T)
    return drift() | {
        "crowded_steps": f"{len(walks) // 10 * 10}",
        "overlap_third": below(float(np.max(overlap[:2, 2])), every=5),
        "overlap_twelfth": above(float(np.max(overlap[:11, 11])), every=3),
        "overlap_late": above(float(np.max(overlap[:20, 20]))),
    }


def drift() -> dict[str, str]:
    """Return a residual that was only brought up to date, and the true one."""
    n = 5
    H = np.diag(np.linspace(1.1, 4.3, n)) - 0.3 * (np.eye(n, k=1) + np.eye(n, k=-1))
    h, x = np.ones(n), 1e8 * np.ones(n)
    aim = 1e-12 * float(np.linalg.norm(h))
    r = h - H @ x
    p = r
    while np.linalg.norm(r) > aim:
        Hp = H @ p
        alpha = (r @ r) / (p @ Hp)
        x, new = x + alpha * p, r - alpha * Hp
        p, r = new + (new @ new) / (r @ r) * p, new
    run, _ = watched(reference.conjugate_gradient, H, h, 1e8 * h, rtol=1e-12)
    assert run.status == "converged"
    assert np.linalg.norm(h - H @ run.x) <= aim
    return {
        "drift_claimed": below(float(np.linalg.norm(r)), every=5),
        "drift_true": above(float(np.linalg.norm(h - H @ x))),
        "drift_aim": short(aim),
    }


def promises() -> dict[str, str]:
    """Return a thin bowl's residual and error."""
    H = np.diag([1.0, 1e-6])
    x_star = np.array([1.0, 1.0])
    x = np.array([1.0, 0.0])
    h = H @ x_star
    r = h - H @ x
    error = np.linalg.norm(x - x_star) / np.linalg.norm(x_star)
    found = reference.residual_bounds(r, h, 1e-6, 1.0)
    return {
        "thin_residual": short(float(np.linalg.norm(r) / np.linalg.norm(h))),
        "thin_error": f"{100 * error:.0f}",
        "thin_high": f"{found.relative[1] * 100:.0f}",
    }


def ramp() -> dict[str, str]:
    """Return how both methods end on a ramp."""
    H, h = np.diag([0.0, 1.0, 2.0, 4.0]), np.ones(4)
    down, _ = watched(reference.steepest_descent, H, h, 0 * h)
    proved, _ = watched(reference.conjugate_gradient, H, h, 0 * h)
    assert proved.status == "unbounded"
    return {
        "ramp_descent": f"{steps(down):,}",
        "ramp_status": down.status,
        "ramp_conjugate": str(steps(proved)),
    }


def troughs(count: int = 100) -> dict[str, str]:
    """Return how runs in troughs end, with an aim in reach and with one too small."""
    rng, ends = np.random.default_rng(2), []
    for _ in range(count):
        axes, _ = np.linalg.qr(rng.normal(size=(6, 6)))
        H = (axes * np.append(0.0, rng.uniform(0.1, 10, size=5))) @ axes.T
        H = (H + H.T) / 2
        h, x0 = H @ rng.normal(size=6), 100 * rng.normal(size=6)
        for rtol in (1e-12, 1e-16):
            run, _ = watched(reference.conjugate_gradient, H, h, x0, rtol=rtol)
            ends.append(run.status)
    return {
        "trough_count": str(count),
        "trough_right": str(ends[::2].count("converged")),
        "trough_wrong": str(ends[1::2].count("unbounded") // 30 * 30),
    }


def figure() -> dict[str, Any]:
    """Return runs in the plane, point by point, for the figure to be compared with."""
    cases = []
    for kappa, turn, x0 in ((3.5, 63.4, [-2.0, -2.0]), (10.0, 30.0, [1.5, 1.0])):
        angle = math.radians(turn)
        axes = np.array(
            [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        )
        H = (axes * np.array([1.0, kappa])) @ axes.T
        H = (H + H.T) / 2
        runs = {}
        for name, method in (
            ("descent", reference.steepest_descent),
            ("conjugate", reference.conjugate_gradient),
        ):
            _, path = watched(
                method, H, np.zeros(2), np.array(x0), rtol=1e-9, maxiter=6
            )
            runs[name] = [[float(v) for v in x] for x in path]
        got = reference.rates(H, np.zeros(2), runs["descent"])
        bound = {
            "descent": got.descent_bound.tolist(),
            "conjugate": got.conjugate_bound.tolist(),
        }
        energies = got.measured.tolist()
        about = {"kappa": kappa, "turn": turn, "x0": x0}
        cases.append({**about, **runs, "energies": energies, "bound": bound})
    return {"runs": cases}


def claims() -> dict[str, str]:
    """Return the text of each measured number in the chapter."""
    return {
        **slow_way(),
        **checked(),
        **by_hand(),
        **table(),
        **large(),
        **preconditioning(),
        **rounding(),
        **promises(),
        **ramp(),
        **troughs(),
    }
