# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: one generator walks for all three descents, polynomials are
# made of einsum, shapes are read from singular value decompositions.

# %% tags=["setup"]
from dataclasses import dataclass

import numpy as np


# %%
@dataclass
class Form:
    matrix: np.ndarray
    vector: np.ndarray
    constant: float


@dataclass
class Minimum:
    kind: str
    x: np.ndarray | None
    value: float
    directions: np.ndarray


@dataclass
class Run:
    x: np.ndarray
    status: str
    residuals: np.ndarray
    direction: np.ndarray | None


@dataclass
class Rates:
    kappa: float
    measured: np.ndarray
    descent_bound: np.ndarray
    conjugate_bound: np.ndarray


@dataclass
class Bounds:
    error: tuple
    energy: tuple
    gap: tuple
    relative: tuple


# %%
def floats(a, shape=None):
    a = np.asarray(a).astype(np.float64)
    if shape is not None and a.shape != shape:
        raise ValueError("shape")
    return a


def matrix_of(a):
    a = floats(a)
    return floats(a, (len(a), len(a)) if a.ndim else (0, 0))


# %% tags=["task"] task="evaluate"
def evaluate(a, b, c, x):
    a = matrix_of(a)
    b, x = floats(b, a.shape[:1]), floats(x, a.shape[:1])
    value = np.einsum("ij,i,j", a, x, x) + np.einsum("i,i", b, x) + c
    slopes = np.einsum("kj,j->k", a, x) + np.einsum("ik,i->k", a, x)
    return value, slopes + b


# %% tags=["task"] task="both_forms"
def both_forms(a, b, c):
    a = matrix_of(a)
    b = floats(b, a.shape[:1])
    if not np.isfinite([a.sum(), b.sum(), c, *a.ravel(), *b]).all():
        raise ValueError("finite")
    H = np.add(a, np.transpose(a))
    if np.count_nonzero(H) == 0:
        raise ValueError("nothing is quadratic")
    return Form(H * 0.5, +b, float(c)), Form(H, np.negative(b), float(c))


# %% tags=["task"] task="classify"
def classify(H, h, rtol=1e-10):
    return anatomy(H, h, rtol)[0]


def anatomy(H, h, rtol):
    """Singular vectors of a symmetric matrix; their signs tell the eigenvalues."""
    H = matrix_of(H)
    h = floats(h, H.shape[:1])
    if np.any(H != H.T) or not np.all(np.isfinite(h)) or not np.all(np.isfinite(H)):
        raise ValueError("H or h")
    if len(h) == 0:
        return "bowl", H, h, np.zeros((0, 0)), None
    left, sizes, _ = np.linalg.svd(H)
    rtol = float(rtol)
    flat = left[:, sizes <= rtol * sizes[0]]
    # Shifted by its norm, H keeps its order; the smallest is then told from the top.
    values, axes = np.linalg.eigh(H / (sizes[0] or 1.0))
    if values[0] < -rtol:
        return "saddle", H, h, flat, axes[:, [0]]
    if flat.shape[1] == 0:
        return "bowl", H, h, flat, None
    part = flat @ (flat.T @ h)
    scale = np.max(np.abs(h)) or 1.0
    if np.linalg.norm(part / scale) <= rtol * np.linalg.norm(h / scale):
        return "trough", H, h, flat, None
    return "ramp", H, h, flat, (part / scale)[:, None] / np.linalg.norm(part / scale)


# %% tags=["task"] task="minimise"
def minimise(H, h, c, rtol=1e-10):
    kind, H, h, flat, down = anatomy(H, h, rtol)
    if down is not None:
        return Minimum(kind, None, -np.inf, down)
    if len(h) == 0:
        return Minimum(kind, np.zeros(0), float(c), flat)
    if kind == "bowl":
        x = np.linalg.solve(H, h)
    else:
        x = np.linalg.lstsq(H, h, rcond=float(rtol))[0]
    return Minimum(kind, x, c - 0.5 * np.dot(h, x), flat)


# %%
def walk(product, h, x0, divide, share, rtol, maxiter, watch):
    """All three descents: `share` says how much of the old direction stays."""
    h = floats(h)
    if h.ndim != 1:
        raise ValueError("h")
    x = np.array(floats(x0, h.shape))
    if not (rtol > 0 and maxiter >= 0):
        raise ValueError("rtol or maxiter")
    times = lambda v: floats(product(np.array(v)), h.shape).copy()  # noqa: E731
    over = lambda r: floats(divide(np.array(r)), h.shape).copy()  # noqa: E731
    watch = watch if watch is not None else lambda x: None
    r, is_exact = h - times(x), True
    watch(np.array(x))
    norms = [np.linalg.norm(r)]
    aim = float(rtol) * (np.linalg.norm(h) if h.any() else norms[0])
    old, top = None, 0.0
    while True:
        if norms[-1] <= aim:
            if is_exact:
                return Run(x, "converged", np.array(norms), None)
            r, is_exact, old = h - times(x), True, None
            norms[-1] = np.linalg.norm(r)
            continue
        if len(norms) - 1 == maxiter:
            return Run(x, "maxiter", np.array(norms), None)
        z = over(r)
        rz = np.dot(r, z)
        if rz <= 0:
            raise ValueError("M")
        p = z if old is None else z + share * (rz / old[1]) * old[0]
        Hp = times(p)
        bend = np.dot(p, Hp)
        if not np.isfinite(bend):
            raise OverflowError("p'Hp")
        top = max(top, bend / np.dot(p, p))
        if bend <= 1e-14 * top * np.dot(p, p):
            unit = p / np.linalg.norm(p)
            return Run(x, "unbounded", np.array(norms), unit)
        step = np.dot(p, r) / bend
        x, r, is_exact, old = x + step * p, r - step * Hp, False, (p, rz)
        norms.append(np.linalg.norm(r))
        watch(np.array(x))


# %% tags=["task"] task="steepest_descent"
def steepest_descent(product, h, x0, rtol=1e-8, maxiter=1000, watch=None):
    return walk(product, h, x0, lambda r: r, 0.0, rtol, maxiter, watch)


# %% tags=["task"] task="conjugate_gradient"
def conjugate_gradient(product, h, x0, rtol=1e-8, maxiter=1000, watch=None):
    return walk(product, h, x0, lambda r: r, 1.0, rtol, maxiter, watch)


# %% tags=["task"] task="preconditioned"
def preconditioned(product, h, x0, precondition, rtol=1e-8, maxiter=1000, watch=None):
    return walk(product, h, x0, precondition, 1.0, rtol, maxiter, watch)


# %% tags=["task"] task="rates"
def rates(H, x_star, path):
    H = matrix_of(H)
    x_star = floats(x_star, H.shape[:1])
    errors = [floats(x, x_star.shape) - x_star for x in path]
    values = np.linalg.eigvalsh(H)
    if values[0] <= 1e-14 * values[-1] or not errors or not errors[0].any():
        raise ValueError("H or path")
    scale = np.max(np.abs(errors[0]))
    energies = [np.sqrt(np.dot(e / scale, H @ (e / scale))) for e in errors]
    kappa = values[-1] / values[0]
    q, s = (kappa - 1) / (kappa + 1), (kappa**0.5 - 1) / (kappa**0.5 + 1)
    count = range(len(errors))
    return Rates(
        kappa,
        np.array(energies) / energies[0],
        np.array([q**k for k in count]),
        np.array([2 * s**k for k in count]),
    )


# %% tags=["task"] task="residual_bounds"
def residual_bounds(r, h, smallest, largest):
    h = floats(h)
    r = floats(r, h.shape)
    smallest, largest = float(smallest), float(largest)
    if not (smallest > 0 and smallest <= largest and largest < np.inf and h.any()):
        raise ValueError("eigenvalues or h")
    ends = (largest, smallest)
    size = np.linalg.norm(r)
    error = tuple(size / end for end in ends)
    energy = tuple(size / end**0.5 for end in ends)
    solution = tuple(np.linalg.norm(h) / end for end in ends)
    return Bounds(
        error,
        energy,
        tuple(0.5 * e**2 for e in energy),
        (error[0] / solution[1], error[1] / solution[0]),
    )
