# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: everything is the slope of a function of one variable along a
# line; Dual is a tuple; the gradient check is a loop over plain Python floats.

# %% tags=["setup"]
import math
from typing import NamedTuple

import numpy as np


# %%
class Report(NamedTuple):
    ok: bool
    worst_index: int
    abs_err: float
    rel_err: float
    kinks: tuple[int, ...]


# %%
def vector(x):
    x = np.asarray(x)
    if len(x.shape) != 1:
        raise ValueError("a vector is needed")
    return x.copy() if x.dtype in (np.float32, np.float64) else x.astype(float)


def single(y):
    flat = np.asarray(y).reshape(-1).tolist()
    if len(flat) != 1:
        raise ValueError("one number is needed")
    return flat[0]


def along(f, x, d):
    """Return g(t) = (how far x + t d really is along d, f there)."""

    def g(t):
        p = np.array(
            [x_i + x.dtype.type(t * d_i) for x_i, d_i in zip(x, d, strict=True)],
            x.dtype,
        )
        far = math.fsum(
            (float(p_i) - float(x_i)) * d_i
            for p_i, x_i, d_i in zip(p, x, d, strict=True)
        )
        return far, float(single(f(p)))

    return g


def slope(g, ends):
    (a, high), (b, low) = map(g, ends)
    return (high - low) / (a - b)


def step(x, size, root):
    return np.finfo(x.dtype).eps.item() ** root * (1.0 if abs(size) < 1 else abs(size))


# %% tags=["task"] task="partial"
def partial(f, x, i, h=None, scheme="central"):
    x = vector(x)
    if i < 0 or i >= x.shape[0]:
        raise IndexError("no such coordinate")
    if scheme == "complex":
        h = 1e-30 if h is None else h
    elif scheme == "central":
        h = step(x, float(x[i]), 1 / 3) if h is None else h
    elif scheme == "forward":
        h = step(x, float(x[i]), 1 / 2) if h is None else h
    else:
        raise ValueError("scheme")
    if math.isnan(h) or math.isinf(h) or h <= 0:
        raise ValueError("h")
    unit = [float(k == i) for k in range(len(x))]
    if scheme == "complex":
        return float(single(f(x + 1j * h * np.array(unit))).imag / h)
    ends = (h, -h) if scheme == "central" else (h, 0.0)
    try:
        return slope(along(f, x, unit), ends)
    except ZeroDivisionError:
        raise ValueError("h is lost beside x_i") from None


# %% tags=["task"] task="gradient"
def gradient(f, x):
    slopes = np.zeros(len(x))
    for i in range(len(x)):
        slopes[i] = partial(f, x, i)
    return slopes


# %% tags=["task"] task="directional"
def directional(f, x, v, *, normalise):
    x = vector(x)
    if np.shape(v) != x.shape:
        raise ValueError("shape of v")
    v = [float(v_i) for v_i in v]
    if not all(map(math.isfinite, v)):
        raise ValueError("v")
    length = math.hypot(*v)
    if length > 0:
        u = [v_i / length for v_i in v]
        suits = [max(1.0, abs(float(x_i))) for x_i in x]
        moves = [abs(u_i) / suit for u_i, suit in zip(u, suits, strict=True)]
        h = step(x, 1 / max(moves), 1 / 3)
        per_unit = slope(along(f, x, u), (h, -h))
        return per_unit if normalise else per_unit * length
    if normalise:
        raise ValueError("v is zero")
    return 0.0


# %% tags=["task"] task="Dual"
class Dual(tuple):
    def __new__(cls, value, tangent=0.0):
        return super().__new__(cls, (float(value), float(tangent)))

    value = property(lambda self: self[0])
    tangent = property(lambda self: self[1])

    def __neg__(self):
        return Dual(-self[0], -self[1])

    def __add__(self, other):
        b, db = pair(other)
        return Dual(self[0] + b, self[1] + db)

    __radd__ = __add__

    def __sub__(self, other):
        return self + -pair(other)

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        b, db = pair(other)
        return Dual(self[0] * b, self[0] * db + self[1] * b)

    __rmul__ = __mul__

    def inverse(self):
        return Dual(1 / self[0], -self[1] / self[0] ** 2)

    def __truediv__(self, other):
        return self * pair(other).inverse()

    def __rtruediv__(self, other):
        return self.inverse() * other

    def __pow__(self, other):
        b, db = pair(other)
        if db:
            if self[0] < 0:
                raise ValueError("a negative base with a moving exponent")
            return exp(log(self) * other)
        return Dual(self[0] ** b, self[1] * b * self[0] ** (b - 1) if b else 0.0)

    def __rpow__(self, other):
        return pair(other) ** self


def pair(x):
    return x if type(x) is Dual else Dual(x)


def sin(x):
    return chain(math.sin, math.cos, x)


def exp(x):
    return chain(math.exp, math.exp, x)


def log(x):
    return chain(math.log, lambda t: t**-1, x)


def chain(outer, slope_of_outer, x):
    if type(x) is not Dual:
        return outer(x)
    return Dual(outer(x[0]), slope_of_outer(x[0]) * x[1])


# %% tags=["task"] task="jvp"
def jvp(f, x, v):
    if np.size(x) != np.size(v):
        raise ValueError("lengths")
    y, dy = pair(f(tuple(map(Dual, x, v))))
    return y, dy


# %% tags=["task"] task="steepest"
def steepest(grad, norm):
    g = [float(t) for t in grad]
    if any(t != t or abs(t) == math.inf for t in g) or not any(g):
        raise ValueError("no direction")
    if norm == "l2":
        length = math.hypot(*g)
        return np.array([t / length for t in g])
    if norm == "linf":
        return np.array([float((t > 0) - (t < 0)) for t in g])
    if norm == "l1":
        best = max(range(len(g)), key=lambda k: abs(g[k]))
        return np.array(
            [math.copysign(k == best, g[k]) * (k == best) for k in range(len(g))]
        )
    raise ValueError("norm")


# %% tags=["task"] task="gradcheck"
def gradcheck(f, g, x, rtol=1e-5, atol=1e-8):
    x = vector(x)
    claim = np.asarray(g(x.copy()), dtype=float)
    if claim.shape != (len(x),):
        raise ValueError("shape of g")
    rows, kinks = [], []
    for i, (c, n) in enumerate(
        zip(claim.tolist(), gradient(f, x).tolist(), strict=True)
    ):
        larger = max(abs(c), abs(n))
        error = abs(c - n)
        if not math.isfinite(error):
            rows.append((math.inf, -i, math.inf, math.inf))
            continue
        share = error / (atol + rtol * larger)
        rows.append((share, -i, error, error / larger if larger else 0.0))
        unit = [float(k == i) for k in range(len(x))]
        # A power of two is a multiple of the gaps at x: x + h is seldom rounded.
        h = 2.0 ** round(math.log2(10 * step(x, float(x[i]), 1 / 3)))
        line = along(f, x, unit)
        gaps = [slope(line, (t, 0.0)) - slope(line, (0.0, -t)) for t in (h, h / 2)]
        noise = 100 * np.finfo(x.dtype).eps.item() * abs(line(0.0)[1]) / h
        if abs(2 * gaps[1] - gaps[0]) > atol + rtol * larger + noise:
            kinks.append(i)
    share, minus_i, error, relative = max(rows)
    return Report(share <= 1 and not kinks, -minus_i, error, relative, tuple(kinks))
