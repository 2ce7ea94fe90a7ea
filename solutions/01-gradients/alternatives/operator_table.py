# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: steps are powers of two (exact in every dtype), sample points
# are the rows of one matrix, Dual's operators are filled in from a table of partial
# derivatives, and kinks are found by the ratio of two gaps.

# %% tags=["setup"]
import math
import operator
from dataclasses import dataclass

import numpy as np


# %%
@dataclass(frozen=True)
class Report:
    ok: bool
    worst_index: int
    abs_err: float
    rel_err: float
    kinks: tuple


# %%
def as_floats(x):
    x = np.asarray(x)
    if x.ndim != 1:
        raise ValueError("x must be a vector")
    kind = np.float32 if x.dtype == np.float32 else np.float64
    return np.array(x, dtype=kind)


def ask(f, p):
    y = np.ravel(f(np.array(p)))
    if len(y) != 1:
        raise ValueError("f must return one number")
    return y[0]


def power_of_two(eps, size, order):
    exact = np.exp2(np.round(np.log2(eps) / order))
    return float(exact * np.exp2(np.round(np.log2(np.maximum(1.0, np.abs(size))))))


# %% tags=["task"] task="partial"
def partial(f, x, i, h=None, scheme="central"):
    x = as_floats(x)
    if i not in range(len(x)):
        raise IndexError(i)
    steps = {"central": (3, (1, -1)), "forward": (2, (1, 0)), "complex": (1, ())}
    if scheme not in steps:
        raise ValueError(scheme)
    order, sides = steps[scheme]
    if h is None and scheme != "complex":
        h = power_of_two(np.finfo(x.dtype).eps, x[i], order)
    h = 1e-200 if h is None else float(h)
    if not 0 < h < math.inf:
        raise ValueError("h must be positive and finite")
    if scheme == "complex":
        z = np.array(x, dtype=complex)
        z[i] = complex(z[i].real, h)
        return float(np.imag(ask(f, z)) / h)
    rows = np.tile(x, (2, 1))
    rows[:, i] += (np.array(sides) * h).astype(x.dtype)
    walked = np.subtract(*rows[:, i].astype(float))
    if not walked:
        raise ValueError("the step is lost beside x")
    high, low = [ask(f, row) for row in rows]
    return float((float(high) - float(low)) / walked)


# %% tags=["task"] task="gradient"
def gradient(f, x):
    x = as_floats(x)
    steps = [power_of_two(np.finfo(x.dtype).eps, value, 3) for value in x]
    moves = np.diag(np.array(steps, dtype=x.dtype))
    plus, minus = x + moves, x - moves
    walked = np.diagonal(plus).astype(float) - np.diagonal(minus).astype(float)
    heights = [[float(ask(f, p)) for p in side] for side in (plus, minus)]
    return np.subtract(*heights) / walked


# %% tags=["task"] task="directional"
def directional(f, x, v, *, normalise):
    x, v = as_floats(x), np.asarray(v, dtype=float)
    if v.shape != x.shape or not np.all(np.abs(v) < np.inf):
        raise ValueError("v")
    length = math.hypot(*v)
    if length == 0:
        if normalise:
            raise ValueError("v is zero")
        return 0.0
    u = v / length
    share = np.linalg.norm(u / np.maximum(1, np.abs(x)), np.inf)
    h = power_of_two(np.finfo(x.dtype).eps, 1 / share, 3)
    ends = [np.asarray(x + side * h * u, dtype=x.dtype) for side in (1, -1)]
    walked = np.dot(np.subtract(*[end.astype(float) for end in ends]), u)
    high, low = (float(ask(f, end)) for end in ends)
    return float((high - low) / walked * (1.0 if normalise else length))


# %% tags=["task"] task="Dual"
class Dual:
    __slots__ = ("tangent", "value")

    def __init__(self, value, tangent=0.0):
        self.value, self.tangent = float(value), float(tangent)


def apply(function, by_left, by_right, left, right):
    a, da = getattr(left, "value", left), getattr(left, "tangent", 0.0)
    b, db = getattr(right, "value", right), getattr(right, "tangent", 0.0)
    tangent = (by_left(a, b) * da if da else 0.0) + (by_right(a, b) * db if db else 0.0)
    return Dual(function(a, b), tangent)


TABLE = {
    "add": (operator.add, lambda a, b: 1.0, lambda a, b: 1.0),
    "sub": (operator.sub, lambda a, b: 1.0, lambda a, b: -1.0),
    "mul": (operator.mul, lambda a, b: b, lambda a, b: a),
    "truediv": (operator.truediv, lambda a, b: 1 / b, lambda a, b: -a / b / b),
    "pow": (
        lambda a, b: float(a) ** b,
        lambda a, b: b * float(a) ** (b - 1) if b else 0.0,
        lambda a, b: math.log(a) * float(a) ** b,
    ),
}
for name, rule in TABLE.items():
    setattr(Dual, f"__{name}__", lambda s, o, rule=rule: apply(*rule, s, o))
    setattr(Dual, f"__r{name}__", lambda s, o, rule=rule: apply(*rule, o, s))
Dual.__neg__ = lambda self: 0.0 - self


def unary(function, slope):
    def lifted(x):
        if isinstance(x, Dual):
            return Dual(function(x.value), slope(x.value) * x.tangent)
        return function(x)

    return lifted


sin = unary(math.sin, math.cos)
exp = unary(math.exp, math.exp)
log = unary(math.log, lambda value: 1 / value)


# %% tags=["task"] task="jvp"
def jvp(f, x, v):
    duals = np.empty(len(x), dtype=object)
    if len(v) != duals.size:
        raise ValueError("lengths differ")
    duals[:] = [Dual(*pair) for pair in zip(x, v, strict=True)]
    y = f(duals)
    return (y.value, y.tangent) if isinstance(y, Dual) else (float(y), 0.0)


# %% tags=["task"] task="steepest"
def steepest(grad, norm):
    grad = np.asarray(grad, dtype=float)
    size = np.abs(grad)
    top = size.max()
    if not 0 < top < np.inf:
        raise ValueError("no steepest direction")
    share = {
        "linf": lambda: (size > 0) * 1.0,
        "l1": lambda: 1.0 * (np.arange(grad.size) == np.flatnonzero(size == top)[0]),
        "l2": lambda: size / top / np.linalg.norm(size / top),
    }
    if norm not in share:
        raise ValueError(norm)
    return np.copysign(share[norm](), grad) * (size > 0)


# %% tags=["task"] task="gradcheck"
def gradcheck(f, g, x, rtol=1e-5, atol=1e-8):
    x = as_floats(x)
    numeric = gradient(f, x)
    claim = np.array(g(np.array(x)), dtype=float)
    if claim.shape != x.shape:
        raise ValueError("the shape of g")
    with np.errstate(all="ignore"):
        size = np.fmax(np.abs(claim), np.abs(numeric))
        error = np.abs(claim - numeric)
        share = error / (atol + rtol * size)
    share[~np.isfinite(claim + numeric)] = np.inf
    worst = int(np.flatnonzero(share == share.max())[0])
    if np.isinf(share[worst]):
        pair = (np.inf, np.inf)
    else:
        pair = (error[worst], error[worst] / size[worst] if error[worst] else 0.0)
    kinks = [i for i in range(len(x)) if bent(f, x, i, atol + rtol * abs(numeric[i]))]
    return Report(
        bool(share.max() <= 1 and not kinks), worst, *map(float, pair), tuple(kinks)
    )


def bent(f, x, i, allowance):
    gaps = []
    for shrink in (1, 4):
        e = np.zeros_like(x)
        e[i] = power_of_two(np.finfo(x.dtype).eps, x[i], 3) / shrink
        right, middle, left = (float(ask(f, x + side * e)) for side in (1, 0, -1))
        gaps.append(abs(right - 2 * middle + left) / float(e[i]))
    floor = (
        100 * np.finfo(x.dtype).eps * max(map(abs, (right, middle, left))) / float(e[i])
    )
    return gaps[1] > allowance + floor and gaps[1] > 0.5 * gaps[0]
