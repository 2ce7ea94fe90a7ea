# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% tags=["setup"]
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np


# %%
class Polya(NamedTuple):
    """What `polya` found. Leave it as it is: the grader reads these fields."""

    returned: int  # walks that came back to the origin within n steps
    estimate: float  # returned / walks
    late: float  # how much the walks that come back after step n can add, at most
    low: float  # of an interval for the probability to come back at all
    high: float


# %%
def exact(x: int | Fraction) -> Fraction:
    """Take a number without rounding, or refuse it."""
    if not isinstance(x, (int, Fraction)):
        raise TypeError(f"an int or a Fraction is needed, not {type(x).__name__}")
    return Fraction(x)


def refuse(n: int, p: int | Fraction | float) -> None:
    """Refuse a negative number of steps, and what is no probability."""
    if n < 0:
        raise ValueError("n must not be negative")
    if not 0 <= p <= 1:
        raise ValueError("p must lie between 0 and 1")


# %% tags=["task"] task="Series"
class Series:
    """A power series, known exactly up to some power of s."""

    def __init__(self, terms: Sequence[int | Fraction]) -> None:
        self.terms = tuple(exact(t) for t in terms)
        if not self.terms:
            raise ValueError("a series needs at least one term")

    def __repr__(self) -> str:
        return f"Series([{', '.join(map(str, self.terms))}])"

    def _pair(
        self, other: "Series | int | Fraction"
    ) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
        """Cut both to what both know. A number is known to any power."""
        if not isinstance(other, Series):
            return self.terms, (exact(other), *[Fraction(0)] * (len(self.terms) - 1))
        m = min(len(self.terms), len(other.terms))
        return self.terms[:m], other.terms[:m]

    def __neg__(self) -> "Series":
        return Series([-a for a in self.terms])

    def __add__(self, other: "Series | int | Fraction") -> "Series":
        return Series([a + b for a, b in zip(*self._pair(other), strict=True)])

    def __sub__(self, other: "Series | int | Fraction") -> "Series":
        return Series([a - b for a, b in zip(*self._pair(other), strict=True)])

    def __mul__(self, other: "Series | int | Fraction") -> "Series":
        a, b = self._pair(other)
        return Series(
            [sum(a[j] * b[k - j] for j in range(k + 1)) for k in range(len(a))]
        )

    def __radd__(self, other: int | Fraction) -> "Series":
        return self + other

    def __rsub__(self, other: int | Fraction) -> "Series":
        return -self + other

    def __rmul__(self, other: int | Fraction) -> "Series":
        return self * other

    def __call__(self, inner: "Series") -> "Series":
        """Return the composition, from the highest power down."""
        if inner.terms[0] != 0:
            raise ValueError("the inner series must begin with 0")
        m = min(len(self.terms), len(inner.terms))
        result = Series([0] * m)
        for t in reversed(self.terms[:m]):
            result = result * inner + t
        return result

    def inverse(self) -> "Series":
        """Return 1/self: each term is what makes the product's next term 0."""
        a = self.terms
        b = [1 / a[0]]
        for k in range(1, len(a)):
            b.append(-b[0] * sum(a[j] * b[k - j] for j in range(1, k + 1)))
        return Series(b)

    def sqrt(self) -> "Series":
        """Return the root whose first term is positive."""
        a = self.terms
        top, bottom = (math.isqrt(max(t, 0)) for t in a[0].as_integer_ratio())
        r = [Fraction(top, bottom)]
        if a[0] <= 0 or r[0] ** 2 != a[0]:
            raise ValueError("the first term must be the square of a fraction above 0")
        for k in range(1, len(a)):
            known = sum(r[j] * r[k - j] for j in range(1, k))
            r.append((a[k] - known) / (2 * r[0]))
        return Series(r)


# %% tags=["task"] task="walk_pmf"
def walk_pmf(n: int, p: int | Fraction | float) -> list[Fraction] | np.ndarray:
    """Return P(S_n = x) for x = -n ... n: entry n + x."""
    refuse(n, p)
    # (1) k steps up and n - k down end at x = 2k - n: every second place.
    if not isinstance(p, float):
        p = exact(p)
        pmf = [Fraction(0)] * (2 * n + 1)
        for k in range(n + 1):
            pmf[2 * k] = math.comb(n, k) * p**k * (1 - p) ** (n - k)
        return pmf
    # (2) The same in logarithms, where neither the count nor the power overflows.
    logs = np.zeros(2 * n + 1)
    up = np.arange(n + 1)
    factorial = np.array([math.lgamma(k + 1) for k in range(n + 1)])
    log = factorial[n] - factorial - factorial[::-1]
    with np.errstate(divide="ignore"):
        # (3) 0 log 0 is 0: no step up costs nothing, even where p is 0.
        log[1:] += up[1:] * np.log(p)
        log[:-1] += (n - up)[:-1] * np.log1p(-p)
    logs[::2] = np.exp(log)
    return logs


# %% tags=["task"] task="returns"
def returns(p: int | Fraction, n: int) -> tuple[list[Fraction], list[Fraction]]:
    """Return u and f up to step n: at the origin, and there for the first time."""
    p = exact(p)
    refuse(n, p)
    u = [
        math.comb(k, k // 2) * (p * (1 - p)) ** (k // 2) if k % 2 == 0 else Fraction(0)
        for k in range(n + 1)
    ]
    # Every visit after step 0 has a first return before it: U = 1 + F U.
    return u, list((1 - Series(u).inverse()).terms)


# %% tags=["task"] task="passage"
def passage(p: int | Fraction, level: int, n: int) -> list[Fraction]:
    """Return the probability that the walk first stands on `level` at step 0 ... n."""
    p = exact(p)
    refuse(n, p)
    if level == 0:
        raise ValueError("the walk starts on level 0")
    # (1) Down is up with the roles of p and q exchanged.
    if level < 0:
        p, level = 1 - p, -level
    # (2) C = 1 + x C^2, by its closed form; one factor x is divided away.
    root = Series([1, -4, *[0] * (n // 2)]).sqrt()
    catalan = [t / 2 for t in (1 - root).terms[1:]]
    # (3) One level: p s C(pq s^2). Each further level starts afresh.
    terms = [Fraction(0)] * (n + 1)
    for k in range((n + 1) // 2):
        terms[2 * k + 1] = p * (p * (1 - p)) ** k * catalan[k]
    one = Series(terms)
    result = one
    for _ in range(min(level, n + 1) - 1):
        result = result * one
    return list(result.terms)


# %% tags=["task"] task="last_zero"
def last_zero(p: int | Fraction, n: int) -> list[Fraction]:
    """Return P(the last visit to 0 within n steps is at step k) for k = 0 ... n."""
    u, f = returns(p, n)
    # At 0 at step k, then n - k steps without a return.
    return [u[k] * (1 - sum(f[: n - k + 1])) for k in range(n + 1)]


# %% tags=["task"] task="ruin"
def ruin(
    p: int | Fraction | float, z: int, a: int
) -> tuple[Fraction, Fraction] | tuple[float, float]:
    """Return the chance to reach 0 before a from z, and the mean number of steps."""
    refuse(0, p)
    if not 0 <= z <= a or a < 1:
        raise ValueError("z must lie between 0 and a, and a above 0")
    p = p if isinstance(p, float) else exact(p)
    # (1) Look from the side on which r = q/p is at most 1: its powers cannot overflow.
    mirrored = 2 * p < 1
    if mirrored:
        p, z = 1 - p, a - z
    r = (1 - p) / p
    # (2) g is 1 + r + ... + r^(m-1), h is the sum of the g before it. Only sums of
    # terms of one sign: nothing divides by 1 - r, and r = 1 is no special case.
    power, g, h = p / p, 0 * p, 0 * p
    g_z = h_z = g
    above = 0 * p  # r^z + ... + r^(a-1)
    for m in range(a):
        if m == z:
            g_z, h_z = g, h
        if m >= z:
            above += power
        h += g
        g += power
        power *= r
    if z == a:
        g_z, h_z = g, h
    up, down = g_z / g, above / g
    duration = (up * h - h_z) / p
    return (up if mirrored else down), duration


# %% tags=["task"] task="normal_error"
def normal_error(n: int, p: float | Fraction) -> tuple[float, float]:
    """Return the largest error of the normal law, without and with the correction."""
    p = float(p)
    if n < 1 or not 0 < p < 1:
        raise ValueError("a normal law needs n >= 1 and 0 < p < 1")
    x = np.arange(-n, n + 1, 2)
    mean, deviation = n * (2 * p - 1), 2 * math.sqrt(n * p * (1 - p))

    def normal(at: np.ndarray) -> np.ndarray:
        z = (at - mean) / (deviation * math.sqrt(2))
        return np.array([(1 + math.erf(t)) / 2 for t in z])

    # (1) The exact law jumps at x: its distance from a curve is largest at one side.
    law = np.cumsum(walk_pmf(n, p)[::2])
    before = np.concatenate([[0.0], law[:-1]])
    curve = normal(x)
    plain = max(np.max(np.abs(law - curve)), np.max(np.abs(before - curve)))
    # (2) Neighbours are 2 apart, so half-way to the next is 1.
    corrected = np.max(np.abs(law - normal(x + 1)))
    return float(plain), float(corrected)


# %% tags=["task"] task="simulate"
def simulate(n: int, p: float, walks: int, rng: np.random.Generator) -> np.ndarray:
    """Return the positions of independent walks at steps 0 ... n."""
    refuse(n, p)
    if walks < 0:
        raise ValueError("walks must not be negative")
    steps = np.where(rng.random((walks, n)) < p, 1, -1)
    positions = np.zeros((walks, n + 1), dtype=np.int64)
    np.cumsum(steps, axis=1, out=positions[:, 1:])
    return positions


# %% tags=["task"] task="polya"
def interval(hits: int, trials: int, width: float = 1.96) -> tuple[float, float]:
    """Return the Wilson interval (low, high) for the probability of a hit."""
    if trials < 1 or not 0 <= hits <= trials or not 0 < width < math.inf:
        raise ValueError("needs 0 <= hits <= trials, trials >= 1 and a width above 0")
    share, w = hits / trials, width * width / trials
    middle = (share + w / 2) / (1 + w)
    half = math.sqrt(w * (share * (1 - share) + w / 4)) / (1 + w)
    low = 0.0 if hits == 0 else middle - half
    return low, (1.0 if hits == trials else middle + half)


def polya(
    d: int, n: int, walks: int, rng: np.random.Generator, width: float = 1.96
) -> Polya:
    """Estimate the probability that a walk in d dimensions comes back to its origin."""
    if d < 1 or n < 0 or walks < 1:
        raise ValueError("needs d >= 1, n >= 0 and walks >= 1")
    # (1) Each step moves one coordinate, by one.
    at = np.zeros((d, walks), dtype=np.int64)
    back = np.zeros(walks, dtype=bool)
    coordinates = np.arange(d)[:, None]
    for _ in range(n):
        axis = rng.integers(0, d, size=walks)
        step = 2 * rng.integers(0, 2, size=walks) - 1
        at += step * (axis == coordinates)
        back |= ~at.any(axis=0)
    returned = int(np.count_nonzero(back))
    # (2) Who is not back after n steps may still come back: a bound on how many do.
    low, high = interval(returned, walks, width)
    late = late_returns(d, n)
    return Polya(returned, returned / walks, late, low, min(1.0, high + late))


def late_returns(d: int, n: int) -> float:
    """Bound the probability of a first return after step n."""
    half = n // 2
    if d <= 2 or half == 0:
        return 1.0
    bound = 2 * (d / (4 * math.pi)) ** (d / 2) * half ** (1 - d / 2) / (d / 2 - 1)
    return min(1.0, bound)
