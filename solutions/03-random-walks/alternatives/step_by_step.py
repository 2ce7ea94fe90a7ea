# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: no generating function is used. Laws are carried from step to
# step in dictionaries, series grow by Newton's iteration, ruin is computed in decimals,
# and walks are drawn by `choice` and counted one after the other.

# %% tags=["setup"]
import decimal
import math
from collections import defaultdict
from fractions import Fraction
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np


# %%
def is_exact(x):
    return type(x) in (int, Fraction)


def want_exact(p):
    if not is_exact(p):
        raise TypeError("p must be exact")
    if p < 0 or p > 1:
        raise ValueError("p is no probability")
    return Fraction(p)


def want_steps(n):
    if n < 0:
        raise ValueError("n is below 0")


def carry(law, p):
    after = defaultdict(Fraction)
    for x, chance in law.items():
        after[x + 1] += p * chance
        after[x - 1] += (1 - p) * chance
    return after


# %% tags=["task"] task="Series"
class Series:
    def __init__(self, terms):
        terms = list(terms)
        if not all(map(is_exact, terms)):
            raise TypeError("exact terms, please")
        if len(terms) == 0:
            raise ValueError("no terms")
        self.terms = tuple(map(Fraction, terms))

    def other(self, b):
        if isinstance(b, Series):
            return b
        if is_exact(b):
            return Series([b] + [0] * (len(self.terms) - 1))
        return None

    def __add__(self, b):
        b = self.other(b)
        if b is None:
            return NotImplemented
        return Series([x + y for x, y in zip(self.terms, b.terms, strict=False)])

    __radd__ = __add__

    def __neg__(self):
        return Series([-x for x in self.terms])

    def __sub__(self, b):
        b = self.other(b)
        return NotImplemented if b is None else self + (-b)

    def __rsub__(self, b):
        b = self.other(b)
        return NotImplemented if b is None else b + (-self)

    def __mul__(self, b):
        b = self.other(b)
        if b is None:
            return NotImplemented
        m = min(len(self.terms), len(b.terms))
        out = [Fraction(0)] * m
        for i in range(m):
            if self.terms[i]:
                for j in range(m - i):
                    out[i + j] += self.terms[i] * b.terms[j]
        return Series(out)

    __rmul__ = __mul__

    def __call__(self, inner):
        if inner.terms[0]:
            raise ValueError("constant term")
        m = min(len(self.terms), len(inner.terms))
        inner = Series(inner.terms[:m])
        power, total = Series([1] + [0] * (m - 1)), Series([0] * m)
        for k in range(m):
            total = total + power * self.terms[k]
            power = power * inner
        return total

    def inverse(self):
        guess, m = Series([1 / self.terms[0]]), len(self.terms)
        while len(guess.terms) < m:
            twice = min(2 * len(guess.terms), m)
            longer = Series(guess.terms + (0,) * (twice - len(guess.terms)))
            guess = longer * (2 - longer * Series(self.terms[:twice]))
        return guess

    def sqrt(self):
        first, m = self.terms[0], len(self.terms)
        if first <= 0:
            raise ValueError("not above 0")
        root = Fraction(math.isqrt(first.numerator), math.isqrt(first.denominator))
        if root * root != first:
            raise ValueError("no square")
        guess = Series([root])
        while len(guess.terms) < m:
            twice = min(2 * len(guess.terms), m)
            longer = Series(guess.terms + (0,) * (twice - len(guess.terms)))
            there = Series(self.terms[:twice])
            guess = (longer + there * longer.inverse()) * Fraction(1, 2)
        return guess


# %% tags=["task"] task="walk_pmf"
def walk_pmf(n, p):
    want_steps(n)
    if not 0 <= p <= 1:
        raise ValueError("p is no probability")
    if is_exact(p):
        law = {0: Fraction(1)}
        for _ in range(n):
            law = carry(law, Fraction(p))
        return [Fraction(law.get(x, 0)) for x in range(-n, n + 1)]
    # From the most likely count outwards, by ratios; then scale to a sum of 1.
    out = np.zeros(2 * n + 1)
    top = min(n, math.floor((n + 1) * p))
    out[2 * top] = 1.0
    value = 1.0
    for k in range(top, n):
        value *= (n - k) / (k + 1) * (p / (1 - p))
        out[2 * k + 2] = value
    value = 1.0
    for k in range(top, 0, -1):
        value *= k / (n - k + 1) * ((1 - p) / p)
        out[2 * k - 2] = value
    return out / math.fsum(out)


# %% tags=["task"] task="returns"
def returns(p, n):
    p = want_exact(p)
    want_steps(n)
    u, f = [Fraction(1)], [Fraction(0)]
    everyone, new = {0: Fraction(1)}, {0: Fraction(1)}
    for _ in range(n):
        everyone, new = carry(everyone, p), carry(new, p)
        u.append(Fraction(everyone.get(0, 0)))
        f.append(Fraction(new.pop(0, 0)))
    return u, f


# %% tags=["task"] task="passage"
def passage(p, level, n):
    p = want_exact(p)
    want_steps(n)
    if not level:
        raise ValueError("level 0")
    out, law = [Fraction(0)], {0: Fraction(1)}
    for _ in range(n):
        law = carry(law, p)
        out.append(Fraction(law.pop(level, 0)))
    return out


# %% tags=["task"] task="last_zero"
def last_zero(p, n):
    p = want_exact(p)
    want_steps(n)
    # The last visit splits the walk in two: there, and then away.
    at_zero, away = returns(p, n)
    stay = [Fraction(1)]
    for k in range(1, n + 1):
        stay.append(stay[-1] - away[k])
    return [a * b for a, b in zip(at_zero, reversed(stay), strict=True)]


# %% tags=["task"] task="ruin"
def ruin(p, z, a):
    if not (0 <= p <= 1) or a < 1 or z < 0 or z > a:
        raise ValueError("out of bounds")
    exact = is_exact(p)
    number = Fraction if exact else decimal.Decimal
    with decimal.localcontext() as context:
        context.prec, context.Emin, context.Emax = 90, -(10**9), 10**9
        chance, steps = in_numbers(number(p), number(z), number(a), z, a)
        return (chance, steps) if exact else (float(chance), float(steps))


def in_numbers(p, z, a, powers_z, powers_a):
    q, none = 1 - p, 0 * p
    if z == 0 or z == a:
        return none + (z == 0), none
    if p == 0:
        return none + 1, z
    if q == 0:
        return none, a - z
    if p == q:
        return 1 - z / a, z * (a - z)
    r = q / p
    chance = (r**powers_a - r**powers_z) / (r**powers_a - 1)
    return chance, (z - a * (1 - chance)) / (q - p)


# %% tags=["task"] task="normal_error"
def normal_error(n, p):
    p = float(p)
    if n < 1 or not (p > 0 and p < 1):
        raise ValueError("no normal law")
    bell = NormalDist(n * (2 * p - 1), math.sqrt(4 * n * p * (1 - p)))
    law = walk_pmf(n, p)
    plain = corrected = 0.0
    so_far = 0.0
    for x in range(-n, n + 1, 2):
        plain = max(plain, abs(so_far - bell.cdf(x)))
        so_far += float(law[n + x])
        plain = max(plain, abs(so_far - bell.cdf(x)))
        corrected = max(corrected, abs(so_far - bell.cdf(x + 1)))
    return plain, corrected


# %% tags=["task"] task="simulate"
def simulate(n, p, walks, rng):
    want_steps(n)
    want_steps(walks)
    if not 0 <= p <= 1:
        raise ValueError("p is no probability")
    out = np.zeros((walks, n + 1), dtype="int64")
    for k in range(n):
        out[:, k + 1] = out[:, k] + rng.choice([1, -1], size=walks, p=[p, 1 - p])
    return out


# %% tags=["task"] task="polya"
def interval(hits, trials, width=1.96):
    if not 0 < width < math.inf:
        raise ValueError("width")
    if trials < 1 or hits < 0 or hits > trials:
        raise ValueError("counts")
    # |h - n p| = w sqrt(n p (1 - p)), squared, is a quadratic equation in p: its two
    # roots have the product c/a, so that the smaller one needs no difference.
    a, b, c = trials + width * width, -(2 * hits + width * width), hits * hits / trials
    root = math.sqrt(
        width * width * (width * width + 4 * hits * (trials - hits) / trials)
    )
    high = (-b + root) / (2 * a)
    low = 0.0 if hits == 0 else c / (a * high)
    return low, 1.0 if hits == trials else high


def polya(d, n, walks, rng, width=1.96):
    if d < 1 or walks < 1:
        raise ValueError("d, walks")
    want_steps(n)
    away, home = np.zeros((walks, d), dtype=int), 0
    for _ in range(n):
        move = rng.integers(2 * d, size=len(away))
        away[np.arange(len(away)), move // 2] += np.where(move % 2, 1, -1)
        gone = np.abs(away).sum(axis=1) > 0
        home += int((~gone).sum())
        away = away[gone]  # who is back need not walk on
    late, k = 1.0, n // 2
    if d > 2 and k:
        late = 4 / (d - 2) * (d / (4 * math.pi)) ** (d / 2) / math.pow(k, (d - 2) / 2)
    late = min(late, 1.0)
    low, high = interval(home, walks, width)
    return SimpleNamespace(
        returned=home,
        estimate=home / walks,
        late=late,
        low=low,
        high=min(high + late, 1.0),
    )
