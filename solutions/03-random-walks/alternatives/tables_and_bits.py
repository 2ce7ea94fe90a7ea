# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: a series is a row of its multiplication table, first returns
# come from f_k = u_k - sum f_j u_(k-j), first visits from a quadratic solved term by
# term, ruin from sums in NumPy, and chance from raw bits, geometric gaps and
# permutations of directions.

# %% tags=["setup"]
import math
from collections import namedtuple
from fractions import Fraction

import numpy as np

# %%
Polya = namedtuple("Polya", "returned estimate late low high")


# %%
def probability(p):
    if not 0 <= p <= 1:
        raise ValueError("0 <= p <= 1")
    return p


def fraction(p):
    if isinstance(p, (float, np.floating)):
        raise TypeError("give an int or a Fraction")
    return Fraction(probability(p))


def count(n, least=0):
    if n < least:
        raise ValueError(f"at least {least}")
    return n


# %% tags=["task"] task="Series"
class Series:
    __slots__ = ("_terms",)

    def __init__(self, terms):
        self._terms = []
        for t in terms:
            if isinstance(t, float):
                raise TypeError("no floats")
            self._terms += [Fraction(t)]
        if not self._terms:
            raise ValueError("at least one term")

    @property
    def terms(self):
        return tuple(self._terms)

    def _like(self, number):
        if isinstance(number, float):
            raise TypeError("no floats")
        return Series([number, *[0] * (len(self._terms) - 1)])

    def _both(self, other, f):
        other = other if isinstance(other, Series) else self._like(other)
        return Series(
            [f(x, y) for x, y in zip(self._terms, other._terms, strict=False)]
        )

    def __add__(self, other):
        return self._both(other, lambda x, y: x + y)

    def __sub__(self, other):
        return self._both(other, lambda x, y: x - y)

    def __radd__(self, other):
        return self._both(other, lambda x, y: y + x)

    def __rsub__(self, other):
        return self._both(other, lambda x, y: y - x)

    def __neg__(self):
        return 0 - self

    def __mul__(self, other):
        other = other if isinstance(other, Series) else self._like(other)
        m = min(len(self._terms), len(other._terms))
        table = [[x * y for y in other._terms[:m]] for x in self._terms[:m]]
        return Series([sum(table[i][k - i] for i in range(k + 1)) for k in range(m)])

    __rmul__ = __mul__

    def inverse(self):
        first, *rest = self._terms
        out = []
        for k in range(len(self._terms)):
            have = sum(
                (t * out[k - 1 - j] for j, t in enumerate(rest[:k])), Fraction(0)
            )
            out.append(((k == 0) - have) / first)
        return Series(out)

    def sqrt(self):
        first = self._terms[0]
        parts = [first.numerator, first.denominator]
        roots = [math.isqrt(abs(part)) for part in parts]
        if first <= 0 or [r * r for r in roots] != parts:
            raise ValueError("no root")
        out = [Fraction(*roots)]
        for k in range(1, len(self._terms)):
            twice = sum(
                (out[j] * out[k - j] for j in range(1, (k + 1) // 2)), Fraction(0)
            )
            middle = out[k // 2] ** 2 if k % 2 == 0 else 0
            out.append((self._terms[k] - 2 * twice - middle) / (2 * out[0]))
        return Series(out)

    def __call__(self, inner):
        if inner._terms[0]:
            raise ValueError("no constant term, please")
        m = min(len(self._terms), len(inner._terms))
        total = [self._terms[0]] + [Fraction(0)] * (m - 1)
        power = Series(inner._terms[:m])
        for t in self._terms[1:m]:
            total = [x + t * y for x, y in zip(total, power._terms, strict=True)]
            power = power * inner
        return Series(total)


# %% tags=["task"] task="walk_pmf"
def walk_pmf(n, p):
    count(n)
    probability(p)
    if not isinstance(p, float):
        p = Fraction(p)
        row = [Fraction(1)]
        for _ in range(n):
            row = [
                (row[k - 1] * p if k else 0) + (row[k] * (1 - p) if k < len(row) else 0)
                for k in range(len(row) + 1)
            ]
        return [row[x // 2] if x % 2 == 0 else Fraction(0) for x in range(2 * n + 1)]
    law = np.zeros(2 * n + 1)
    if p == 0 or p == 1:
        law[2 * n * int(p)] = 1
        return law
    # The logarithm of each ratio of neighbours, summed outwards from the top.
    k = np.arange(n)
    ratio = np.log(n - k) - np.log(k + 1) + math.log(p) - math.log1p(-p)
    top = int(np.sum(ratio > 0))
    log = np.zeros(n + 1)
    log[top + 1 :] = np.cumsum(ratio[top:])
    log[:top] = -np.cumsum(ratio[:top][::-1])[::-1]
    weights = np.exp(log)
    law[::2] = weights / np.sum(weights)
    return law


# %% tags=["task"] task="returns"
def returns(p, n):
    p = fraction(p)
    count(n)
    u, f = [Fraction(1)], [Fraction(0)]
    for k in range(1, n + 1):
        if k % 2:
            u.append(Fraction(0))
            f.append(Fraction(0))
            continue
        u.append(u[k - 2] * 4 * (k - 1) * p * (1 - p) / k)
        f.append(u[k] - sum((f[j] * u[k - j] for j in range(2, k, 2)), Fraction(0)))
    return u, f


# %% tags=["task"] task="passage"
def passage(p, level, n):
    p = fraction(p)
    count(n)
    if level == 0:
        raise ValueError("another level")
    up = p if level > 0 else 1 - p
    # After the first step up there, or down: then two levels are to be climbed.
    one = [Fraction(0)] * (n + 1)
    for k in range(1, n + 1):
        two = sum((one[j] * one[k - 1 - j] for j in range(1, k - 1)), Fraction(0))
        one[k] = (up if k == 1 else 0) + (1 - up) * two
    out = [Fraction(1)] + [Fraction(0)] * n
    for _ in range(abs(level)):
        out = [
            sum((one[j] * out[k - j] for j in range(1, k + 1, 2)), Fraction(0))
            for k in range(n + 1)
        ]
    return out


# %% tags=["task"] task="last_zero"
def last_zero(p, n):
    p = fraction(p)
    count(n)
    u, f = returns(p, n)
    return [u[k] * (1 - sum(f[: n + 1 - k], Fraction(0))) for k in range(n + 1)]


# %% tags=["task"] task="ruin"
def ruin(p, z, a):
    probability(p)
    count(a, 1)
    if z < 0 or z > a:
        raise ValueError("0 <= z <= a")
    if isinstance(p, float):
        return in_floats(p, z, a)
    p = Fraction(p)
    # D(x) - D(x - 1) grows like g(x) = r g(x - 1), d(x) = r d(x - 1) - 1/p.
    if p == 0:
        return Fraction(z < a or z == 0), Fraction(z % a if a > 1 or z < a else 0)
    r = (1 - p) / p
    g, d = [Fraction(1)], [Fraction(0)]
    for _ in range(a - 1):
        g.append(g[-1] * r)
        d.append(d[-1] * r - 1 / p)
    slope = -sum(d) / sum(g)
    return 1 - sum(g[:z]) / sum(g), Fraction(slope * sum(g[:z]) + sum(d[:z]))


def in_floats(p, z, a):
    if p < 0.5:
        up, steps = from_above(1 - p, p / (1 - p), a - z, a)
        return up[0], steps
    (_, down), steps = from_above(p, (1 - p) / p, z, a)
    return down, steps


def from_above(p, r, z, a):
    with np.errstate(all="ignore"):
        powers = np.concatenate([[1.0], np.full(a - 1, r)]).cumprod()
    sums = np.concatenate([[0.0], np.cumsum(powers)])
    up = float(sums[z] / sums[a])
    down = float(np.sum(powers[z:]) / sums[a])
    steps = (up * float(np.sum(sums[:a])) - float(np.sum(sums[:z]))) / p
    return (up, down), steps


# %% tags=["task"] task="normal_error"
def normal_error(n, p):
    count(n, 1)
    p = float(probability(p))
    if p == 0 or p == 1:
        raise ValueError("no spread")
    x = np.arange(-n, n + 1)
    law = np.cumsum(walk_pmf(n, p))
    width = math.sqrt(n * p * (1 - p)) * 2
    bell = [math.erf((t - n * (p + p - 1)) / width / 2**0.5) / 2 + 0.5 for t in x]
    bell += [math.erf((n + 1 - n * (p + p - 1)) / width / 2**0.5) / 2 + 0.5]
    before = np.concatenate([[0.0], law[:-1]])
    plain = max(
        np.abs(law - bell[:-1])[::2].max(), np.abs(before - bell[:-1])[::2].max()
    )
    return float(plain), float(np.abs(law[::2] - bell[1::2]).max())


# %% tags=["task"] task="simulate"
def simulate(n, p, walks, rng):
    count(n)
    count(walks)
    probability(p)
    # 53 random bits against p in the same units.
    bits = rng.integers(0, 2**53, size=n * walks, dtype=np.int64)
    flat = np.where(bits < p * 2.0**53, 1, -1).reshape(walks, n)
    start = np.zeros((walks, 1), dtype=np.int64)
    return np.cumsum(np.hstack([start, flat]), axis=1, dtype=np.int64)


# %% tags=["task"] task="polya"
def interval(hits, trials, width=1.96):
    count(trials, 1)
    if not 0 <= hits <= trials or not 0 < width < math.inf:
        raise ValueError("interval")
    if hits > trials - hits:
        low, high = interval(trials - hits, trials, width)
        return 1 - high, 1 - low
    share, w = hits / trials, width**2 / trials
    half = math.sqrt((share + w / 2) ** 2 - share**2 * (1 + w))
    high = (share + w / 2 + half) / (1 + w)
    return (share**2 / (1 + w) / high if hits else 0.0), high


def polya(d, n, walks, rng, width=1.96):
    count(d, 1)
    count(n)
    count(walks, 1)
    at = np.zeros((d, walks), dtype=np.int64)
    home = np.zeros(walks, dtype=bool)
    for _ in range(n):
        # Each walk's direction by its rank among d random numbers.
        axis = rng.random((d, walks)).argmax(axis=0)
        sign = np.where(rng.random(walks) < 0.5, -1, 1)
        for j in range(d):
            at[j] += sign * (axis == j)
        home = home | (at == 0).all(axis=0)
    returned = int(home.sum())
    k, late = n // 2, 1.0
    if d > 2 and k > 0:
        late = min(1.0, (d / math.pi / 4) ** (d / 2) * 4 / ((d - 2) * k ** (d / 2 - 1)))
    low, high = interval(returned, walks, width)
    return Polya(returned, returned / walks, late, low, min(1.0, high + late))
