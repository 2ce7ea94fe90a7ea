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

Function = Callable[[np.ndarray], float]


# %%
class Report(NamedTuple):
    """What `gradcheck` found. Leave it as it is: the grader reads these fields."""

    ok: bool  # every error is within its allowance and there is no kink
    worst_index: int  # the coordinate with the largest error / allowance
    abs_err: float  # |g_i - c_i| there
    rel_err: float  # abs_err / max(|g_i|, |c_i|) there, 0.0 where both are zero
    kinks: tuple[int, ...]  # coordinates whose two one-sided slopes disagree


# %%
def point(x: np.ndarray) -> np.ndarray:
    """Copy x into a fresh vector of floats: float32 stays, the rest is float64."""
    x = np.array(x)
    if x.ndim != 1:
        raise ValueError(f"x must be one-dimensional, not {x.ndim}-dimensional")
    return x if x.dtype == np.float32 else x.astype(np.float64)


def number(y: object) -> float | complex:
    """Take the one element out of what f returned."""
    y = np.asarray(y)
    if y.size != 1:
        raise ValueError(f"f must return one number, not {y.size}")
    return y.item()


def default_step(x: np.ndarray, size: float, order: int) -> float:
    """Balance truncation and round-off: eps^(1/order), scaled with the coordinate."""
    return float(np.finfo(x.dtype).eps) ** (1 / order) * max(1.0, abs(float(size)))


# %% tags=["task"] task="partial"
def partial(
    f: Function,
    x: np.ndarray,
    i: int,
    h: float | None = None,
    scheme: str = "central",
) -> float:
    """Estimate df/dx_i at x from values of f."""
    # (1) A fresh vector of floats: x + h must not truncate, nor touch the caller's x.
    x = point(x)
    if not 0 <= i < x.size:
        raise IndexError(f"coordinate {i} is outside 0..{x.size - 1}")
    if scheme not in ("central", "forward", "complex"):
        raise ValueError(f"unknown scheme {scheme!r}")
    # (2) The step.
    if h is None:
        order = 3 if scheme == "central" else 2
        h = 1e-30 if scheme == "complex" else default_step(x, x[i], order)
    if not (h > 0 and math.isfinite(h)):
        raise ValueError("h must be positive and finite")
    # (3) The complex step subtracts nothing, so nothing cancels.
    if scheme == "complex":
        z = x.astype(np.complex128)
        z[i] += 1j * h
        return float(number(f(z)).imag / h)
    # (4) Two fresh points.
    right, left = x.copy(), x.copy()
    right[i] += h
    if scheme == "central":
        left[i] -= h
    # (5) Divide by the distance that was really walked, not by the one asked for.
    distance = float(right[i]) - float(left[i])
    if distance == 0:
        raise ValueError("h is too small beside x_i: the sample points coincide")
    return float(number(f(right)) - number(f(left))) / distance


# %% tags=["task"] task="gradient"
def gradient(f: Function, x: np.ndarray) -> np.ndarray:
    """Estimate the gradient of f at x by central differences."""
    x = point(x)
    return np.array([partial(f, x, i) for i in range(x.size)], dtype=np.float64)


# %% tags=["task"] task="directional"
def directional(f: Function, x: np.ndarray, v: np.ndarray, *, normalise: bool) -> float:
    """Estimate the derivative of f at x along v."""
    x = point(x)
    v = np.array(v, dtype=np.float64)
    if v.shape != x.shape or not np.isfinite(v).all():
        raise ValueError("v must be a finite vector of x's shape")
    largest = float(np.max(np.abs(v)))
    if largest == 0:
        if normalise:
            raise ValueError("the zero vector has no direction")
        return 0.0
    # (1) The unit vector. Scaling first keeps the squares in range.
    u = v / largest
    length = float(np.sqrt(u @ u))
    u = u / length
    # (2) Walk along u, however long v is, and no coordinate further than suits it.
    steps = np.abs(u) / np.maximum(1, np.abs(x))  # of a walk of length 1
    k = int(np.argmax(steps))  # the coordinate that decides
    h = default_step(x, 1.0, 3) / float(steps[k])
    right, left = (x + h * u).astype(x.dtype), (x - h * u).astype(x.dtype)
    # (3) Divide by the distance that was really walked, as that coordinate shows it.
    distance = (float(right[k]) - float(left[k])) / float(u[k])
    slope = float(number(f(right)) - number(f(left))) / distance
    # (4) Along v itself the slope is |v| times as large.
    return slope if normalise else slope * length * largest


# %% tags=["task"] task="steepest"
def steepest(grad: np.ndarray, norm: str) -> np.ndarray:
    """Return the unit vector u, in the given norm, with the largest grad . u."""
    grad = np.array(grad, dtype=np.float64)
    if norm not in ("l1", "l2", "linf"):
        raise ValueError(f"unknown norm {norm!r}")
    if not np.isfinite(grad).all() or not grad.any():
        raise ValueError(
            "a steepest direction needs a finite gradient that is not zero"
        )
    # (1) l-infinity: every coordinate may go all the way, each with its own sign.
    if norm == "linf":
        return np.sign(grad)
    # (2) l1: the whole budget goes to the coordinate that pays most.
    if norm == "l1":
        k = int(np.argmax(np.abs(grad)))
        u = np.zeros_like(grad)
        u[k] = np.sign(grad[k])
        return u
    # (3) l2: along the gradient. Scaling first keeps the squares in range.
    u = grad / np.max(np.abs(grad))
    return u / np.sqrt(u @ u)


# %% tags=["task"] task="Dual"
class Dual:
    """A value and its tangent: value + tangent * d, where d * d = 0."""

    def __init__(self, value: float, tangent: float = 0.0) -> None:
        self.value = float(value)
        self.tangent = float(tangent)

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {self.tangent!r})"

    def __neg__(self) -> "Dual":
        return Dual(-self.value, -self.tangent)

    def __add__(self, other: "Dual | float") -> "Dual":
        other = lift(other)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __sub__(self, other: "Dual | float") -> "Dual":
        other = lift(other)
        return Dual(self.value - other.value, self.tangent - other.tangent)

    def __mul__(self, other: "Dual | float") -> "Dual":
        other = lift(other)
        return Dual(
            self.value * other.value,
            self.tangent * other.value + self.value * other.tangent,
        )

    def __truediv__(self, other: "Dual | float") -> "Dual":
        other = lift(other)
        value = self.value / other.value
        return Dual(value, (self.tangent - value * other.tangent) / other.value)

    def __pow__(self, other: "Dual | float") -> "Dual":
        other = lift(other)
        a, b = self.value, other.value
        tangent = 0.0
        # (1) The base moves: b a^(b-1) a'. For b = 0 there is nothing to differentiate.
        if self.tangent != 0 and b != 0:
            tangent += b * a ** (b - 1) * self.tangent
        # (2) The exponent moves: a^b log(a) b'. A fixed exponent needs no logarithm.
        if other.tangent != 0:
            tangent += a**b * math.log(a) * other.tangent
        return Dual(a**b, tangent)

    def __radd__(self, other: float) -> "Dual":
        return lift(other) + self

    def __rsub__(self, other: float) -> "Dual":
        return lift(other) - self

    def __rmul__(self, other: float) -> "Dual":
        return lift(other) * self

    def __rtruediv__(self, other: float) -> "Dual":
        return lift(other) / self

    def __rpow__(self, other: float) -> "Dual":
        return lift(other) ** self


def lift(x: "Dual | float") -> Dual:
    """A number is a Dual that does not move."""
    return x if isinstance(x, Dual) else Dual(x)


def sin(x: "Dual | float") -> "Dual | float":
    """Return the sine: a Dual for a Dual, a float for a number."""
    if not isinstance(x, Dual):
        return math.sin(x)
    return Dual(math.sin(x.value), math.cos(x.value) * x.tangent)


def exp(x: "Dual | float") -> "Dual | float":
    """Return the exponential: a Dual for a Dual, a float for a number."""
    if not isinstance(x, Dual):
        return math.exp(x)
    return Dual(math.exp(x.value), math.exp(x.value) * x.tangent)


def log(x: "Dual | float") -> "Dual | float":
    """Return the natural logarithm, or raise ValueError where the value is <= 0."""
    if not isinstance(x, Dual):
        return math.log(x)
    return Dual(math.log(x.value), x.tangent / x.value)


# %% tags=["task"] task="jvp"
def jvp(
    f: Callable[[Sequence[Dual]], "Dual | float"],
    x: Sequence[float],
    v: Sequence[float],
) -> tuple[float, float]:
    """Return f(x) and the derivative of f at x along v, as two floats."""
    if len(x) != len(v):
        raise ValueError("x and v must have the same length")
    # One call: coordinate i leaves with tangent v_i, and the chain rule does the rest.
    y = lift(f([Dual(x_i, v_i) for x_i, v_i in zip(x, v, strict=True)]))
    return y.value, y.tangent


# %% tags=["task"] task="gradcheck"
def gradcheck(
    f: Function,
    g: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    rtol: float = 1e-5,
    atol: float = 1e-8,
) -> Report:
    """Compare a claimed gradient g with central differences c of f, at x."""
    x = point(x)
    claimed = np.asarray(g(x.copy()), dtype=np.float64)
    if claimed.shape != x.shape:
        raise ValueError(f"g returned shape {claimed.shape}, x has shape {x.shape}")
    # (1) Error against allowance, one coordinate at a time.
    numeric = gradient(f, x)
    size = np.maximum(np.abs(claimed), np.abs(numeric))
    allowed = atol + rtol * size
    finite = np.isfinite(claimed) & np.isfinite(numeric)
    ratio = np.full(x.shape, np.inf)
    ratio[finite] = np.abs(claimed - numeric)[finite] / allowed[finite]
    worst = int(np.argmax(ratio))
    # (2) The two errors of the worst coordinate.
    abs_err = rel_err = math.inf
    if finite[worst]:
        abs_err = float(abs(claimed[worst] - numeric[worst]))
        rel_err = abs_err / float(size[worst]) if size[worst] > 0 else 0.0
    # (3) Kinks, and the verdict.
    kinks = tuple(i for i in range(x.size) if is_kink(f, x, i, allowed[i]))
    return Report(bool(ratio[worst] <= 1) and not kinks, worst, abs_err, rel_err, kinks)


def is_kink(f: Function, x: np.ndarray, i: int, allowed: float) -> bool:
    """Extrapolate the gap between the one-sided slopes to a step of zero."""
    h = default_step(x, x[i], 3)
    here = float(number(f(x.copy())))
    gaps, widths, largest, middle = [], [], abs(here), float(x[i])
    for step in (h, h / 2):
        before, after = x.copy(), x.copy()
        before[i] -= step
        after[i] += step
        left, right = float(before[i]), float(after[i])  # before f sees them
        low, high = float(number(f(before))), float(number(f(after)))
        gaps.append((high - here) / (right - middle) - (here - low) / (middle - left))
        widths.append(right - left)
        largest = max(largest, abs(low), abs(high))
    # A smooth f has gap(h) = h f'' + O(h^3): a line through 0 over the width walked.
    # What is left may be round-off, about 10 eps |f| / h if f is right to half an ulp.
    (wide, narrow), (gap, half) = widths, gaps
    limit = abs((wide * half - narrow * gap) / (wide - narrow))
    noise = 64 * float(np.finfo(x.dtype).eps) * largest / h
    return bool(limit > allowed + noise)
