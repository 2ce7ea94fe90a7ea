# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: what has a closed form is taken from it (first returns are
# u/(k - 1), first visits follow the ballot theorem), ruin by `expm1` and a
# Taylor series close to 1/2, and powers of a series by logarithmic derivatives.

# %% tags=["setup"]
import dataclasses
import math
from fractions import Fraction

import numpy as np


# %%
@dataclasses.dataclass(frozen=True)
class Polya:
    returned: int
    estimate: float
    late: float
    low: float
    high: float


# %%
def checked(n, p, only_exact=False):
    if only_exact and isinstance(p, float):
        raise TypeError("a float")
    if n < 0 or p != p or p < 0 or p > 1:
        raise ValueError("n or p")
    return p if isinstance(p, float) else Fraction(p)


# %% tags=["task"] task="Series"
@dataclasses.dataclass(frozen=True, init=False, eq=False)
class Series:
    terms: tuple

    def __init__(self, terms):
        if any(isinstance(t, float) for t in terms):
            raise TypeError("float")
        if len(terms) < 1:
            raise ValueError("empty")
        object.__setattr__(self, "terms", tuple(Fraction(t) for t in terms))

    def _zip(self, other):
        if isinstance(other, float):
            raise TypeError("float")
        if isinstance(other, Series):
            return list(zip(self.terms, other.terms, strict=False))
        return [(self.terms[0], Fraction(other))] + [
            (t, Fraction(0)) for t in self.terms[1:]
        ]

    def __add__(self, other):
        return Series([a + b for a, b in self._zip(other)])

    def __radd__(self, other):
        return self.__add__(other)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return Series([a - b for a, b in self._zip(other)])

    def __rsub__(self, other):
        return Series([b - a for a, b in self._zip(other)])

    def __mul__(self, other):
        if isinstance(other, Series):
            a, b = np.array(self.terms, object), np.array(other.terms, object)
            m = min(len(a), len(b))
            return Series([a[: k + 1] @ b[k::-1][: k + 1] for k in range(m)])
        if isinstance(other, float):
            raise TypeError("float")
        return Series([t * other for t in self.terms])

    def __rmul__(self, other):
        return self * other

    def inverse(self):
        a = self.terms
        if not a[0]:
            raise ZeroDivisionError("first term")
        b = [1 / a[0]]
        for k in range(1, len(a)):
            total = sum((-j - (k - j)) * a[j] * b[k - j] for j in range(1, k + 1))
            b.append(total / (k * a[0]))
        return Series(b)

    def sqrt(self):
        a = self.terms
        num, den = a[0].numerator, a[0].denominator
        if num <= 0 or math.isqrt(num) ** 2 != num or math.isqrt(den) ** 2 != den:
            raise ValueError("no root")
        b = [Fraction(math.isqrt(num), math.isqrt(den))]
        for k in range(1, len(a)):
            total = sum(
                (Fraction(j, 2) - (k - j)) * a[j] * b[k - j] for j in range(1, k + 1)
            )
            b.append(total / (k * a[0]))
        return Series(b)

    def __call__(self, inner):
        if inner.terms[0] != 0:
            raise ValueError("inner")
        m = min(len(self.terms), len(inner.terms))
        out = Series([self.terms[m - 1]] + [0] * (m - 1))
        for t in self.terms[: m - 1][::-1]:
            out = t + out * inner
        return out


# %% tags=["task"] task="walk_pmf"
def walk_pmf(n, p):
    p = checked(n, p)
    if isinstance(p, Fraction):
        odd = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
        out = [Fraction(0)] * (2 * n + 1)
        out[::2] = odd
        return out
    if p in (0.0, 1.0):
        out = np.zeros(2 * n + 1)
        out[-1 if p == 1.0 else 0] = 1.0
        return out
    lg = np.frompyfunc(math.lgamma, 1, 1)
    k = np.arange(n + 1)
    log = math.lgamma(n + 1) - lg(k + 1.0) - lg(n - k + 1.0)
    log = log + k * math.log(p) + (n - k) * math.log1p(-p)
    out = np.zeros((n + 1, 2))
    out[:, 0] = np.exp(log.astype(float))
    return out.ravel()[:-1].copy()


# %% tags=["task"] task="returns"
def returns(p, n):
    p = checked(n, p, only_exact=True)
    u, f = [], []
    for k in range(n + 1):
        half, odd = divmod(k, 2)
        there = Fraction(0) if odd else math.comb(k, half) * p**half * (1 - p) ** half
        u.append(there)
        f.append(there / (k - 1) if k > 1 else Fraction(0))
    return u, f


# %% tags=["task"] task="passage"
def passage(p, level, n):
    p = checked(n, p, only_exact=True)
    if level == 0:
        raise ValueError("level")
    out = [Fraction(0)]
    for k in range(1, n + 1):
        ups, odd = divmod(k + level, 2)
        if odd or not 0 <= ups <= k:
            out.append(Fraction(0))
        else:
            ballot = Fraction(abs(level), k) * math.comb(k, ups)
            out.append(ballot * p**ups * (1 - p) ** (k - ups))
    return out


# %% tags=["task"] task="last_zero"
def last_zero(p, n):
    u, f = returns(p, n)
    out, home = [], Fraction(0)
    for k in range(n, -1, -1):
        home += f[n - k]
        out.insert(0, u[k] - u[k] * home)
    return out


# %% tags=["task"] task="ruin"
def ruin(p, z, a):
    p = checked(0, p)
    if a < 1 or not 0 <= z <= a:
        raise ValueError("z, a")
    zero, one = p * 0, p * 0 + 1
    if z in (0, a):
        return (one if z == 0 else zero), zero
    if p in (0, 1):
        return (one, one * z) if p == 0 else (zero, one * (a - z))
    if p == 1 - p:
        return one * (a - z) / a, one * z * (a - z)
    if isinstance(p, Fraction):
        r = (1 - p) / p
        chance = (r**a - r**z) / (r**a - 1)
        return chance, (z - a * (1 - chance)) / (1 - 2 * p)
    if p < 0.5:
        lost, steps = favoured(1 - p, a - z, a, -log_odds(p))
        return 1.0 - lost if lost < 0.5 else won(p, z, a), steps
    return favoured(p, z, a, log_odds(p))


def log_odds(p):
    """Return log(p/q)."""
    if abs(p - 0.5) > 0.25:
        return math.log(p) - math.log1p(-p)
    return math.log1p((2 * p - 1) / (1 - p))


def won(p, z, a):
    """Return the chance of ruin for p < 1/2, as one quotient."""
    h = -log_odds(p)
    return math.expm1(-(a - z) * h) / math.expm1(-a * h)


def favoured(p, z, a, h):
    """Return ruin and duration where q/p = exp(-h) and h > 0."""
    whole, part = -math.expm1(-a * h), -math.expm1(-z * h)
    chance = math.exp(-z * h) * -math.expm1(-(a - z) * h) / whole
    if a * h > 0.5:
        return chance, (a * part / whole - z) / (2 * p - 1)
    # a part/whole - z = z (psi(z h) - psi(a h)) / psi(a h), psi(t) = (1 - e^-t)/t
    gap, size, sign = 0.0, 1.0, 1.0
    for k in range(1, 25):
        size *= h * a / (k + 1)
        gap += sign * size * -math.expm1(k * math.log(z / a))
        sign = -sign
    return chance, z * gap / (whole / (a * h)) / math.tanh(h / 2)


# %% tags=["task"] task="normal_error"
def normal_error(n, p):
    p = float(p)
    if n <= 0 or p != p or p <= 0 or p >= 1:
        raise ValueError("n or p")
    law = walk_pmf(n, p)[::2]
    steps = np.concatenate(([0.0], np.cumsum(law)))
    k = np.arange(n + 1)
    scale = math.sqrt(2 * n * p * (1 - p))
    curve = np.array([math.erfc(-t) / 2 for t in (k - n * p) / scale])
    half = np.array([math.erfc(-t) / 2 for t in (k + 0.5 - n * p) / scale])
    both = np.stack([steps[1:] - curve, steps[:-1] - curve])
    return float(np.abs(both).max()), float(np.abs(steps[1:] - half).max())


# %% tags=["task"] task="simulate"
def simulate(n, p, walks, rng):
    checked(n, p)
    checked(walks, p)
    ups = (
        rng.binomial(1, p, size=(n, walks)) if n * walks else np.zeros((n, walks), int)
    )
    paths = np.vstack([np.zeros((1, walks), int), np.cumsum(2 * ups - 1, axis=0)])
    return np.ascontiguousarray(paths.T.astype(np.int64))


# %% tags=["task"] task="polya"
def interval(hits, trials, width=1.96):
    if (
        trials <= 0
        or hits < 0
        or hits > trials
        or not (width > 0 and width < float("inf"))
    ):
        raise ValueError("interval")
    h, n = float(hits), float(trials)
    middle = (h + width * width / 2) / (n + width * width)
    half = width / (n + width * width) * math.sqrt(h * (n - h) / n + width * width / 4)
    low, high = middle - half, middle + half
    if hits == 0:
        low = 0.0
    if hits == trials:
        high = 1.0
    return low, high


def polya(d, n, walks, rng, width=1.96):
    if d <= 0 or n < 0 or walks <= 0:
        raise ValueError("polya")
    # All steps of some walks at once: a unit vector each.
    moves = np.concatenate([np.eye(d, dtype=np.int32), -np.eye(d, dtype=np.int32)])
    returned = 0
    for begin in range(0, walks, 2000):
        some = min(2000, walks - begin)
        paths = np.cumsum(moves[rng.integers(2 * d, size=(some, n))], axis=1)
        returned += int((~paths.any(axis=2)).any(axis=1).sum())
    late = 1.0
    if d > 2 and n > 1:
        late = 2 * (d / 4 / math.pi) ** (d / 2) * (n // 2) ** (1 - d / 2) / (d / 2 - 1)
        late = late if late < 1 else 1.0
    low, high = interval(returned, walks, width)
    high = high + late if high + late < 1 else 1.0
    return Polya(returned, returned / walks, late, low, high)
