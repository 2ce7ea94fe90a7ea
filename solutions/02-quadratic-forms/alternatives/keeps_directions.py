# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: directions are made conjugate to all before, which are kept;
# the answer is found in an orthonormal basis.

# %% tags=["setup"]
import math
from collections import namedtuple

import numpy as np

Form = namedtuple("Form", "matrix vector constant")
Minimum = namedtuple("Minimum", "kind x value directions")
Run = namedtuple("Run", "x status residuals direction")
Rates = namedtuple("Rates", "kappa measured descent_bound conjugate_bound")
Bounds = namedtuple("Bounds", "error energy gap relative")


# %%
def must(condition, kind=ValueError):
    if not condition:
        raise kind("refused")


# %% tags=["task"] task="evaluate"
def evaluate(a, b, c, x):
    a, b, x = np.float64(a), np.float64(b), np.float64(x)
    must(a.ndim == 2 and b.shape == x.shape == (a.shape[0],) == (a.shape[1],))
    H, terms = a + a.T, a * x * x[:, None]
    return float(math.fsum(terms.ravel()) + math.fsum(b * x) + float(c)), H.dot(x) + b


# %% tags=["task"] task="both_forms"
def both_forms(a, b, c):
    value, b = evaluate(a, b, c, np.zeros(np.shape(b)))  # the gradient at 0 is b
    a = np.float64(a)
    must(math.isfinite(value) and np.isfinite(b).all() and np.isfinite(a).all())
    A = np.array(a)
    for i in range(len(b)):
        for j in range(len(b)):
            A[i, j] = 0.5 * a[i, j] + 0.5 * a[j, i]
    must(A.any())
    return Form(A, b, value), Form(A + A, 0 - b, value)


# %%
def axes_of(H, h, rtol):
    H, h = np.float64(H), np.float64(h)
    must(H.ndim == 2 and H.shape == (len(H), len(H)) and h.shape == (len(H),))
    must(np.isfinite(H).all() and np.isfinite(h).all() and (H == H.T).all())
    size = np.abs(H).max(initial=0.0) or 1.0
    values, vectors = np.linalg.eigh(H / size)
    rtol = float(rtol)
    zero = abs(values) <= rtol * abs(values).max(initial=0)
    return values * size, vectors, zero, vectors.T @ h


# %% tags=["task"] task="classify"
def classify(H, h, rtol=1e-10):
    values, _, zero, g = axes_of(H, h, rtol)
    if min(values[~zero], default=1) < 0:
        return "saddle"
    if not any(zero):
        return "bowl"
    slope = math.hypot(*g[zero])
    return "ramp" if slope > float(rtol) * math.hypot(*g) else "trough"


# %% tags=["task"] task="minimise"
def minimise(H, h, c, rtol=1e-10):
    values, vectors, zero, g = axes_of(H, h, rtol)
    kind = classify(H, h, rtol)
    if kind == "saddle":
        k = values.argmin()
        return Minimum(kind, None, float("-inf"), -vectors[:, k : k + 1])
    if kind == "ramp":
        k = np.argmax(abs(g) * zero)  # the flat axis along which f falls most
        return Minimum(kind, None, float("-inf"), np.sign(g[k]) * vectors[:, k : k + 1])
    y = np.divide(g, values, where=~zero, out=np.zeros(len(g)))
    return Minimum(kind, vectors @ y, float(c) - g @ y / 2, vectors[:, zero])


# %%
def run(product, h, x0, rtol, maxiter, watch, divide, remember):
    """Walk; each direction is made conjugate to those in memory."""
    h, x = np.array(h, float), np.array(x0, float)
    must(h.ndim == 1 and x.shape == h.shape and rtol > 0 and maxiter >= 0)

    def ask(f, v):
        got = np.array(f(v.copy()), float)
        must(got.shape == h.shape)
        return got

    r = h - ask(product, x)
    residuals = [math.hypot(*r)]
    limit = float(rtol) * (math.hypot(*h) if h.any() else residuals[0])
    memory, q = [], 0.0
    if watch:
        watch(x.copy())
    guess = False
    for k in range(maxiter + 1):
        if guess and residuals[k] <= limit:
            r, memory, guess = h - ask(product, x), [], False
            residuals[k] = math.hypot(*r)
        if residuals[k] <= limit:
            return Run(x, "converged", np.array(residuals), None)
        if k == maxiter:
            break
        p = ask(divide, r)
        must(p @ r > 0 or not np.isfinite(p @ r))
        for other, H_other, bend in memory:
            p = p - (p @ H_other) / bend * other
        Hp = ask(product, p)
        bend = p @ Hp
        must(np.isfinite(bend), OverflowError)
        q = max(q, bend / (p @ p))
        if bend <= 1e-14 * q * (p @ p):
            return Run(x, "unbounded", np.array(residuals), p / math.hypot(*p))
        x, r, guess = x + (p @ r) / bend * p, r - (p @ r) / bend * Hp, True
        if remember:
            memory = [*memory[1 - remember :], (p, Hp, bend)]
        residuals.append(math.hypot(*r))
        if watch:
            watch(x.copy())
    return Run(x, "maxiter", np.array(residuals), None)


# %% tags=["task"] task="steepest_descent"
def steepest_descent(product, h, x0, rtol=1e-8, maxiter=1000, watch=None):
    return run(product, h, x0, rtol, maxiter, watch, np.array, 0)


# %% tags=["task"] task="conjugate_gradient"
def conjugate_gradient(product, h, x0, rtol=1e-8, maxiter=1000, watch=None):
    return run(product, h, x0, rtol, maxiter, watch, np.array, 3)


# %% tags=["task"] task="preconditioned"
def preconditioned(product, h, x0, precondition, rtol=1e-8, maxiter=1000, watch=None):
    return run(product, h, x0, rtol, maxiter, watch, precondition, 2)


# %% tags=["task"] task="rates"
def rates(H, x_star, path):
    H, x_star, path = np.float64(H), np.float64(x_star), np.float64(path)
    must(H.ndim == 2 and H.shape == (len(H), len(H)) and x_star.shape == (len(H),))
    must(path.ndim == 2 and path.shape[0] > 0 and path.shape[1] == len(H))
    values, vectors = np.linalg.eigh(H)
    must(values[0] > 1e-14 * values[-1] and (path[0] != x_star).any())
    parts = (path - x_star) @ vectors * np.sqrt(values)
    energies = np.array([math.hypot(*row) for row in parts])
    root = math.sqrt(values[-1] / values[0])
    k = np.arange(len(path))
    bounds = [((t - 1) / (t + 1)) ** k for t in (root**2, root)]
    return Rates(root**2, energies / energies[0], bounds[0], bounds[1] * 2)


# %% tags=["task"] task="residual_bounds"
def residual_bounds(r, h, smallest, largest):
    must(np.shape(r) == np.shape(h) and np.any(h))
    smallest, largest = float(smallest), float(largest)
    must(smallest > 0 and largest >= smallest and math.isfinite(largest))
    R, B = math.hypot(*map(float, r)), math.hypot(*map(float, h))

    def between(f):
        return f(largest), f(smallest)

    return Bounds(
        between(lambda t: R / t),
        between(lambda t: R / math.sqrt(t)),
        between(lambda t: R * R / t / 2),
        (R / B * smallest / largest, R / B * largest / smallest),
    )
