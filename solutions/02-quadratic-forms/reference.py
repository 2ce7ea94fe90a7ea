# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% tags=["setup"]
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

Product = Callable[[np.ndarray], np.ndarray]  # v -> H v

FLAT = 1e-14  # a curvature this small beside the largest one met is none


# %%
class Form(NamedTuple):
    """A quadratic polynomial. Leave it as it is: the grader reads these fields."""

    matrix: np.ndarray  # (n, n), symmetric
    vector: np.ndarray  # (n,)
    constant: float


class Minimum(NamedTuple):
    """What `minimise` found. Leave it as it is: the grader reads these fields."""

    kind: str  # "bowl", "trough", "ramp" or "saddle"
    x: np.ndarray | None  # (n,), a minimiser; None where there is none
    value: float  # f there; -inf where f has no minimum
    directions: np.ndarray  # (n, k): its columns are unit vectors


class Run(NamedTuple):
    """What a descent did. Leave it as it is: the grader reads these fields."""

    x: np.ndarray  # (n,), the last point
    status: str  # "converged", "maxiter" or "unbounded"
    residuals: np.ndarray  # (k + 1,) after k steps: |r| at the start and after each
    direction: np.ndarray | None  # (n,), a unit vector where "unbounded", else None


class Rates(NamedTuple):
    """What `rates` measured. Leave it as it is: the grader reads these fields."""

    kappa: float  # condition number
    measured: np.ndarray  # (k + 1,): energy of the error, over that of the first
    descent_bound: np.ndarray  # (k + 1,): what steepest descent cannot exceed
    conjugate_bound: np.ndarray  # (k + 1,): what conjugate gradients cannot exceed


class Bounds(NamedTuple):
    """What a residual promises. Leave it as it is: the grader reads these fields."""

    error: tuple[float, float]  # least and largest possible |e|
    energy: tuple[float, float]  # the same for sqrt(e'He)
    gap: tuple[float, float]  # the same for f(x) - f(x*)
    relative: tuple[float, float]  # the same for |e| / |x*|


# %%
def square(a: np.ndarray, *vectors: np.ndarray) -> list[np.ndarray]:
    """Copy a matrix and vectors of its size into float64, or refuse their shapes."""
    matrix, *rest = (np.array(v, dtype=np.float64) for v in (a, *vectors))
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a square matrix is needed, not shape {matrix.shape}")
    for v in rest:
        if v.shape != matrix.shape[:1]:
            raise ValueError(f"shape {v.shape} does not fit a matrix {matrix.shape}")
    return [matrix, *rest]


def length(v: np.ndarray) -> float:
    """Return the Euclidean length."""
    return math.sqrt(v @ v)


# %% tags=["task"] task="evaluate"
def evaluate(
    a: np.ndarray, b: np.ndarray, c: float, x: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return f(x) and the gradient of f at x."""
    a, b, x = square(a, b, x)
    # x_k occurs in row k and in column k of the sum: both have a slope.
    return float(x @ a @ x + b @ x + c), (a + a.T) @ x + b


# %% tags=["task"] task="both_forms"
def both_forms(a: np.ndarray, b: np.ndarray, c: float) -> tuple[Form, Form]:
    """Write the polynomial of `evaluate` with symmetric matrices, in two forms."""
    a, b = square(a, b)
    c = float(c)
    if not (np.isfinite(a).all() and np.isfinite(b).all() and math.isfinite(c)):
        raise ValueError("coefficients must be finite")
    # (1) a_ij and a_ji multiply the same x_i x_j: share their sum equally.
    A = (a + a.T) / 2
    if not A.any():
        raise ValueError("the polynomial has no quadratic part")
    # (2) The halves and the sign of the second form go into its coefficients.
    return Form(A, b, c), Form(2 * A, -b, c)


# %% tags=["task"] task="classify"
def classify(H: np.ndarray, h: np.ndarray, rtol: float = 1e-10) -> str:
    """Say which shape f(x) = x'Hx/2 - h'x + c has."""
    H, h = square(H, h)
    if not (np.isfinite(H).all() and np.isfinite(h).all()):
        raise ValueError("H and h must be finite")
    if not np.array_equal(H, H.T):
        raise ValueError("H must be symmetric")
    # (1) In the coordinates of its eigenvectors, f is a sum of parabolas.
    values, vectors = np.linalg.eigh(H)
    rtol = float(rtol)  # a float32 would draw what it meets down to its own precision
    flat = np.abs(values) <= rtol * np.max(np.abs(values), initial=0.0)
    # (2) One parabola that opens downwards is enough.
    if (values[~flat] < 0).any():
        return "saddle"
    if not flat.any():
        return "bowl"
    # (3) Along a flat direction f is a line: level, or falling without end.
    level = length(vectors[:, flat].T @ h) <= rtol * length(h)
    return "trough" if level else "ramp"


# %% tags=["task"] task="minimise"
def minimise(H: np.ndarray, h: np.ndarray, c: float, rtol: float = 1e-10) -> Minimum:
    """Find all minima of f(x) = x'Hx/2 - h'x + c, or a way down without end."""
    kind = classify(H, h, rtol)
    (H, h), rtol = square(H, h), float(rtol)
    values, vectors = np.linalg.eigh(H)
    # (1) The eigenvector of the smallest eigenvalue bends down most.
    if kind == "saddle":
        return Minimum(kind, None, -math.inf, vectors[:, :1])
    flat = np.abs(values) <= rtol * np.max(np.abs(values), initial=0.0)
    null, rest = vectors[:, flat], vectors[:, ~flat]
    # (2) Along the flat part of h, f falls as a line does.
    if kind == "ramp":
        d = null @ (null.T @ h)
        return Minimum(kind, None, -math.inf, (d / length(d))[:, None])
    # (3) Solve Hx = h in the other coordinates; no flat part makes x the shortest.
    x = rest @ ((rest.T @ h) / values[~flat])
    return Minimum(kind, x, float(c - h @ x / 2), null)


# %%
def begin(
    product: Product, h: np.ndarray, x0: np.ndarray, rtol: float, maxiter: int
) -> tuple[Product, np.ndarray, np.ndarray, np.ndarray, float]:
    """Check a descent's arguments; return a safe product, h, x, r and the aim."""
    h, x = np.array(h, dtype=np.float64), np.array(x0, dtype=np.float64)
    if h.ndim != 1 or x.shape != h.shape:
        raise ValueError(f"h has shape {h.shape} and x0 {x.shape}")
    if not rtol > 0 or maxiter < 0:
        raise ValueError("rtol must be greater than 0, and maxiter not negative")
    multiply = guarded(product, h.shape)
    r = h - multiply(x)
    return multiply, h, x, r, float(rtol) * (length(h) or length(r))


def guarded(product: Product, shape: tuple[int, ...]) -> Product:
    """Give product fresh arrays, and take only its numbers."""

    def multiply(v: np.ndarray) -> np.ndarray:
        Hv = np.array(product(v.copy()), dtype=np.float64)
        if Hv.shape != shape:
            raise ValueError(f"product returned shape {Hv.shape}, not {shape}")
        return Hv

    return multiply


def ignore(x: np.ndarray) -> None:
    """Watch nothing."""


# %% tags=["task"] task="steepest_descent"
def steepest_descent(
    product: Product,
    h: np.ndarray,
    x0: np.ndarray,
    rtol: float = 1e-8,
    maxiter: int = 1000,
    watch: Callable[[np.ndarray], object] | None = None,
) -> Run:
    """Walk down f(x) = x'Hx/2 - h'x along residuals, each time to the lowest point."""
    multiply, h, x, r, aim = begin(product, h, x0, rtol, maxiter)
    watch = watch or ignore
    watch(x.copy())
    sizes, largest, is_true = [length(r)], 0.0, True
    while True:
        # (1) Believe a small residual only where a product confirms it.
        if sizes[-1] <= aim and not is_true:
            r, is_true = h - multiply(x), True
            sizes[-1] = length(r)
        if sizes[-1] <= aim:
            return Run(x, "converged", np.array(sizes), None)
        if len(sizes) > maxiter:
            return Run(x, "maxiter", np.array(sizes), None)
        # (2) The curvature along r. Where there is none, f falls without end.
        Hr, rr = multiply(r), r @ r
        curvature = r @ Hr
        if not math.isfinite(curvature):
            raise OverflowError("the run has left the range of float64")
        largest = max(largest, curvature / rr)
        if curvature <= FLAT * largest * rr:
            return Run(x, "unbounded", np.array(sizes), r / length(r))
        # (3) Go to the lowest point of that line; r follows without a product.
        alpha = rr / curvature
        x = x + alpha * r
        r = r - alpha * Hr
        is_true = False
        sizes.append(length(r))
        watch(x.copy())


# %% tags=["task"] task="conjugate_gradient"
def conjugate_gradient(
    product: Product,
    h: np.ndarray,
    x0: np.ndarray,
    rtol: float = 1e-8,
    maxiter: int = 1000,
    watch: Callable[[np.ndarray], object] | None = None,
) -> Run:
    """Walk down f(x) = x'Hx/2 - h'x along conjugate directions."""
    multiply, h, x, r, aim = begin(product, h, x0, rtol, maxiter)
    watch = watch or ignore
    watch(x.copy())
    p, rr = r, r @ r
    sizes, largest, is_true = [length(r)], 0.0, True
    while True:
        # (1) Believe a small residual only where a product confirms it.
        if sizes[-1] <= aim and not is_true:
            r, is_true = h - multiply(x), True
            p, rr = r, r @ r
            sizes[-1] = length(r)
        if sizes[-1] <= aim:
            return Run(x, "converged", np.array(sizes), None)
        if len(sizes) > maxiter:
            return Run(x, "maxiter", np.array(sizes), None)
        # (2) The curvature along p. Where there is none, f falls without end.
        Hp = multiply(p)
        curvature = p @ Hp
        if not math.isfinite(curvature):
            raise OverflowError("the run has left the range of float64")
        largest = max(largest, curvature / (p @ p))
        if curvature <= FLAT * largest * (p @ p):
            return Run(x, "unbounded", np.array(sizes), p / length(p))
        # (3) The lowest point on the line: p'r is r'r.
        alpha = rr / curvature
        x = x + alpha * p
        r = r - alpha * Hp
        # (4) The next direction is conjugate to this one, and so to all before.
        beta = (r @ r) / rr
        p, rr = r + beta * p, r @ r
        is_true = False
        sizes.append(length(r))
        watch(x.copy())


# %% tags=["task"] task="preconditioned"
def preconditioned(
    product: Product,
    h: np.ndarray,
    x0: np.ndarray,
    precondition: Product,
    rtol: float = 1e-8,
    maxiter: int = 1000,
    watch: Callable[[np.ndarray], object] | None = None,
) -> Run:
    """Walk down f(x) = x'Hx/2 - h'x along conjugate directions made of z, Mz = r."""
    multiply, h, x, r, aim = begin(product, h, x0, rtol, maxiter)
    divide = guarded(precondition, h.shape)
    watch = watch or ignore
    watch(x.copy())
    p, rz_old = np.zeros_like(r), math.inf
    sizes, largest, is_true = [length(r)], 0.0, True
    while True:
        # (1) Believe a small residual only where a product confirms it.
        if sizes[-1] <= aim and not is_true:
            r, is_true = h - multiply(x), True
            rz_old = math.inf
            sizes[-1] = length(r)
        if sizes[-1] <= aim:
            return Run(x, "converged", np.array(sizes), None)
        if len(sizes) > maxiter:
            return Run(x, "maxiter", np.array(sizes), None)
        # (2) The direction: at the start, and after a failed check, z alone.
        z = divide(r)
        rz = r @ z
        if not rz > 0:
            raise ValueError("r'z is not positive: M is no positive matrix")
        p, rz_old = z + (rz / rz_old) * p, rz
        # (3) The curvature along p. Where there is none, f falls without end.
        Hp = multiply(p)
        curvature = p @ Hp
        if not math.isfinite(curvature):
            raise OverflowError("the run has left the range of float64")
        largest = max(largest, curvature / (p @ p))
        if curvature <= FLAT * largest * (p @ p):
            return Run(x, "unbounded", np.array(sizes), p / length(p))
        # (4) The lowest point on the line: p'r is r'z.
        alpha = rz / curvature
        x = x + alpha * p
        r = r - alpha * Hp
        is_true = False
        sizes.append(length(r))
        watch(x.copy())


# %% tags=["task"] task="rates"
def rates(H: np.ndarray, x_star: np.ndarray, path: Sequence[np.ndarray]) -> Rates:
    """Measure how fast a path comes down, beside the bounds for two methods."""
    H, x_star = square(H, x_star)
    points = np.array(path, dtype=np.float64)
    if points.ndim != 2 or not len(points) or points.shape[1] != x_star.size:
        raise ValueError(f"a path of shape {points.shape} does not fit H")
    values = np.linalg.eigvalsh(H)
    if not values[0] > 1e-14 * values[-1]:
        raise ValueError("H is not positive definite")
    # (1) Lengths of the errors, measured by H.
    e = points - x_star
    energies = np.sqrt(np.sum((e @ H) * e, axis=1))
    if energies[0] == 0:
        raise ValueError("the path starts at the minimum")
    # (2) The bounds after 0, 1, ..., k steps.
    kappa, k = float(values[-1] / values[0]), np.arange(len(points))
    root = math.sqrt(kappa)
    return Rates(
        kappa,
        energies / energies[0],
        ((kappa - 1) / (kappa + 1)) ** k,
        2 * ((root - 1) / (root + 1)) ** k,
    )


# %% tags=["task"] task="residual_bounds"
def residual_bounds(
    r: np.ndarray, h: np.ndarray, smallest: float, largest: float
) -> Bounds:
    """Return what a residual says about the error, whatever H and x are."""
    r, h = np.array(r, dtype=np.float64), np.array(h, dtype=np.float64)
    smallest, largest = float(smallest), float(largest)
    if r.shape != h.shape or not h.any():
        raise ValueError("r must have the shape of h, and h may not be zero")
    if not 0 < smallest <= largest < math.inf:
        raise ValueError("0 < smallest <= largest is needed")
    # r = -He, so each coordinate of r in H's axes is between the two times that of e.
    size, kappa = length(r), largest / smallest
    ratio = size / length(h)
    return Bounds(
        error=(size / largest, size / smallest),
        energy=(size / math.sqrt(largest), size / math.sqrt(smallest)),
        gap=(size**2 / (2 * largest), size**2 / (2 * smallest)),
        relative=(ratio / kappa, ratio * kappa),
    )
