# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: a Dual is the matrix [[a, a'], [0, a]], whose algebra already
# is that of duals; x is moved in place in a private copy and every call gets a copy.

# %% tags=["setup"]
import math
from types import SimpleNamespace

import numpy as np


# %%
class Report(SimpleNamespace):
    pass


# %%
def clean(x):
    x = np.array(x, copy=True)
    assert_vector(x)
    if x.dtype.kind != "f" or x.dtype.itemsize != 4:
        x = x.astype("f8")
    return x


def assert_vector(x):
    if np.ndim(x) != 1:
        raise ValueError("one-dimensional, please")


def the_number(y):
    y = np.asarray(y)
    if np.prod(y.shape) != 1:
        raise ValueError("one number, please")
    return y.flat[0]


# %% tags=["task"] task="partial"
def partial(f, x, i, h=None, scheme="central"):
    x = clean(x)
    n = len(x)
    if not (i >= 0 and i < n):
        raise IndexError(f"{i} of {n}")
    if scheme not in {"central", "forward", "complex"}:
        raise ValueError("central, forward or complex")
    if h is None:
        eps = float(np.finfo(x.dtype).eps)
        c = {"central": np.cbrt(eps), "forward": np.sqrt(eps), "complex": 1e-30}[scheme]
        h = c if scheme == "complex" else c * max(abs(float(x[i])), 1)
    if not np.isfinite(h) or np.sign(h) != 1:
        raise ValueError("a positive h, please")
    if scheme == "complex":
        z = x.astype(complex)
        z[i] += h * 1j
        return float(np.imag(the_number(f(z))) / float(h))
    here = x[i]
    x[i] = here + x.dtype.type(h)
    right, up = x[i], the_number(f(x.copy()))
    x[i] = here - x.dtype.type(h) if scheme == "central" else here
    left = x[i]
    if right == left:
        raise ValueError("too small an h")
    down = the_number(f(x.copy()))
    return (float(up) - float(down)) / (float(right) - float(left))


# %% tags=["task"] task="gradient"
def gradient(f, x):
    return np.fromiter((partial(f, x, i) for i, _ in enumerate(x)), dtype=float)


# %% tags=["task"] task="directional"
def directional(f, x, v, *, normalise):
    x, v = clean(x), np.asarray(v, dtype=np.float64)
    if v.shape != x.shape or np.isnan(v).any() or np.isinf(v).any():
        raise ValueError("v")
    if not v.any():
        if normalise:
            raise ValueError("v is zero")
        return 0.0
    scale = 2.0 ** np.floor(np.log2(np.abs(v).max()))
    short = v / scale
    length = np.linalg.norm(short)
    u = short / length
    moved = np.flatnonzero(np.abs(u) > 1e-200)
    suits = np.maximum(1.0, np.abs(x[moved])) / np.abs(u[moved])
    h = np.cbrt(float(np.finfo(x.dtype).eps)) * suits.min()
    ends = [(x + t * u).astype(x.dtype) for t in (h, -h)]
    gap = np.linalg.norm(ends[0].astype(float) - ends[1].astype(float))
    up, down = (float(the_number(f(end))) for end in ends)
    slope = float((up - down) / gap)
    return slope if normalise else float(slope * length * scale)


# %% tags=["task"] task="Dual"
class Dual:
    def __init__(self, value, tangent=0.0):
        self.matrix = np.array([[value, tangent], [0, value]], dtype=float)

    @classmethod
    def of(cls, thing):
        if isinstance(thing, np.ndarray):
            return cls(thing[0, 0], thing[0, 1])
        return thing if isinstance(thing, cls) else cls(thing)

    @property
    def value(self):
        return float(self.matrix[0, 0])

    @property
    def tangent(self):
        return float(self.matrix[0, 1])

    def __add__(self, other):
        return Dual.of(self.matrix + Dual.of(other).matrix)

    def __neg__(self):
        return Dual.of(-self.matrix)

    def __sub__(self, other):
        return Dual.of(self.matrix - Dual.of(other).matrix)

    def __mul__(self, other):
        return Dual.of(self.matrix @ Dual.of(other).matrix)

    def __truediv__(self, other):
        return Dual.of(np.linalg.solve(Dual.of(other).matrix, self.matrix))

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return Dual(other) - self

    def __rtruediv__(self, other):
        return Dual(other) / self

    def __rpow__(self, other):
        return Dual(other) ** self

    def __pow__(self, other):
        other = Dual.of(other)
        whole = other.value == int(other.value)
        if other.tangent == 0 and whole and other.value >= 0:
            return Dual.of(np.linalg.matrix_power(self.matrix, int(other.value)))
        if other.tangent == 0 and whole:
            return 1.0 / self ** (-other.value)
        return exp(log(self) * other)


def sin(x):
    if isinstance(x, Dual):
        return Dual(math.sin(x.value), math.sin(x.value + math.pi / 2) * x.tangent)
    return math.sin(x)


def exp(x):
    if isinstance(x, Dual):
        grown = math.exp(x.value)
        return Dual(grown, grown * x.tangent)
    return math.exp(x)


def log(x):
    if isinstance(x, Dual):
        if x.value <= 0:
            raise ValueError("a positive number, please")
        return Dual(float(np.log(x.value)), x.tangent / x.value)
    if x <= 0:
        raise ValueError("a positive number, please")
    return float(np.log(x))


# %% tags=["task"] task="jvp"
def jvp(f, x, v):
    if len(list(x)) != len(list(v)):
        raise ValueError("x and v")
    y = Dual.of(f([Dual(float(a), float(b)) for a, b in zip(x, v, strict=True)]))
    return y.value, y.tangent


# %% tags=["task"] task="steepest"
def steepest(grad, norm):
    g = np.asarray(grad, dtype=np.float64)
    if np.isnan(g).any() or np.isinf(g).any() or not np.count_nonzero(g):
        raise ValueError("a finite gradient that is not zero, please")
    up, down = g > 0, g < 0  # before a small entry underflows beside a large one
    g = g / np.linalg.norm(g, np.inf)
    match norm:
        case "l1":
            u = np.eye(len(g))[np.argmax(g**2)] * np.sign(g)
        case "l2":
            u = g / np.sqrt((g**2).sum())
        case "linf":
            u = 1.0 * up - 1.0 * down
        case _:
            raise ValueError("l1, l2 or linf")
    return u


# %% tags=["task"] task="gradcheck"
def gradcheck(f, g, x, rtol=1e-5, atol=1e-8):
    x = clean(x)
    theirs, ours = np.asarray(g(x + 0), dtype=float), gradient(f, x)
    if theirs.shape != ours.shape:
        raise ValueError("g must return n numbers")
    larger = np.maximum(np.abs(theirs), np.abs(ours))
    error = np.abs(theirs - ours)
    bad = ~np.isfinite(error)
    allowance = np.where(bad, 1.0, atol + rtol * larger)
    error = np.where(bad, np.inf, error)
    worst = int(np.argmax(error / allowance))
    relative = error[worst] if np.isinf(error[worst]) else 0.0
    if 0 < error[worst] < np.inf:
        relative = error[worst] / larger[worst]
    kinks = []
    for i in range(len(x)):
        h = 1e-4 * max(1.0, abs(float(x[i])))
        gaps = []
        for t in (h, h / 10):
            sides = []
            for s in (t, -t):
                p = x.copy()
                p[i] += s
                walk = float(p[i]) - float(x[i])
                sides.append(
                    (float(the_number(f(p))) - float(the_number(f(x.copy())))) / walk
                )
            gaps.append(abs(sides[0] - sides[1]))
        height = abs(float(the_number(f(x.copy()))))
        noise = 1e3 * float(np.finfo(x.dtype).eps) * height / h
        if gaps[1] > allowance[i] + noise and gaps[1] > 0.5 * gaps[0]:
            kinks.append(i)
    return Report(
        ok=bool(np.all(error <= allowance)) and not kinks,
        worst_index=worst,
        abs_err=float(error[worst]),
        rel_err=float(relative),
        kinks=tuple(kinks),
    )
