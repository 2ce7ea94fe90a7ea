"""What walks do, by roads that no solution takes: step by step, or in 60 digits."""

import itertools
import math
from decimal import Decimal, localcontext
from fractions import Fraction

from autograder.grading.reference import remembered

DIGITS = 60


@remembered
def ends(n, p):
    """Return {position: probability} after n steps, from one step to the next."""
    law = {0: Fraction(1)}
    for _ in range(n):
        law = one_step(law, p)
    return law


def one_step(law, p):
    after = {}
    for x, chance in law.items():
        for move, weight in ((1, p), (-1, 1 - p)):
            after[x + move] = after.get(x + move, 0) + chance * weight
    return after


@remembered
def visits(p, n):
    """Return u: the probability to be at 0 after each step."""
    law, found = {0: Fraction(1)}, [Fraction(1)]
    for _ in range(n):
        law = one_step(law, p)
        found.append(law.get(0, Fraction(0)))
    return found


@remembered
def first_visits(p, level, n):
    """Return the probability of the first visit at each step; who arrives is taken out.

    The start does not count, so level 0 gives first returns.
    """
    law, first = {0: Fraction(1)}, [Fraction(0)]
    for _ in range(n):
        law = one_step(law, p)
        first.append(law.pop(level, Fraction(0)))
    return first


@remembered
def last_visits(p, n):
    """Return the law of the last visit to 0, from all 2^n walks."""
    law = [Fraction(0)] * (n + 1)
    for steps in itertools.product((1, -1), repeat=n):
        path = [0, *itertools.accumulate(steps)]
        ups = steps.count(1)
        law[max(k for k, x in enumerate(path) if x == 0)] += p**ups * (1 - p) ** (
            n - ups
        )
    return law


@remembered
def pmf_at(n, p, k):
    """Return the probability of k steps up among n, for a float p."""
    with localcontext() as context:
        context.prec = DIGITS
        up = Decimal(p)
        return float(Decimal(math.comb(n, k)) * up**k * (1 - up) ** (n - k))


def ruin(p, z, a):
    """Return the probability of ruin and the mean duration, by the closed forms."""
    if p in (0, 1) or z in (0, a):
        sure = Fraction(int(p == 0 or z == 0) if z != a else 0)
        return sure, Fraction(z if p == 0 else a - z) * (z not in (0, a))
    r, q = (1 - p) / p, 1 - p
    if p == q:
        return (a - z) / (p / p) / a, z * (a - z) * (p / p)
    chance = (r**a - r**z) / (r**a - 1)
    return chance, (z - a * (1 - chance)) / (q - p)


@remembered
def ruin_of_float(p, z, a):
    """Return the same of a float p, in decimal digits enough for a = 100,000."""
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = DIGITS + 40, 10**8, -(10**8)
        return tuple(float(t) for t in ruin(Decimal(p), z, a))


@remembered
def normal_errors(n, p):
    """Return plain and corrected error of the normal law, from exact probabilities."""
    law, mean = ends(n, Fraction(p)), n * (2 * p - 1)
    deviation = math.sqrt(4 * n * p * (1 - p))

    def normal(x):
        return math.erfc((mean - x) / deviation / math.sqrt(2)) / 2

    plain, corrected, below = 0.0, 0.0, Fraction(0)
    for x in sorted(law):
        plain = max(plain, abs(float(below) - normal(x)))
        below += law[x]
        plain = max(plain, abs(float(below) - normal(x)))
        corrected = max(corrected, abs(float(below) - normal(x + 1)))
    return plain, corrected


@remembered
def returned_within(d, n):
    """Return the probability that a walk in d dimensions is back within n steps."""
    # The walks of k steps that end at the origin are counted dimension by dimension:
    # j of the k steps belong to the new one, and half of those go up.
    closed = [1] + [0] * n
    for _ in range(d):
        closed = [
            sum(
                math.comb(k, j) * math.comb(j, j // 2) * closed[k - j]
                for j in range(0, k + 1, 2)
            )
            for k in range(n + 1)
        ]
    u = [Fraction(count, (2 * d) ** k) for k, count in enumerate(closed)]
    first = [Fraction(0)]
    for k in range(1, n + 1):
        first.append(u[k] - sum(first[j] * u[k - j] for j in range(1, k)))
    return sum(first)


@remembered
def wilson(hits, trials, width):
    """Return the interval's ends in decimal digits."""
    with localcontext() as context:
        context.prec = DIGITS
        h, n, w = Decimal(hits), Decimal(trials), Decimal(width) ** 2
        root = (w * (h * (n - h) / n + w / 4)).sqrt()
        return tuple(float((h + w / 2 + s * root) / (n + w)) for s in (-1, 1))


def late(d, n):
    """Return the bound on the first returns after step n."""
    k = n // 2
    if d <= 2 or k < 1:
        return 1.0
    density = (d / (4 * math.pi)) ** (d / 2)
    return min(1.0, 4 * density / (d - 2) / k ** ((d - 2) / 2))
