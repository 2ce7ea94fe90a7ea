# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# # Random walks
#
# The chapter `03-random-walks` explains; this file is where you write. Fill the cells
# that raise `NotImplementedError`, one task at a time, and keep the names. The grader
# finds each task by its name and never runs the explore cells. `check("Series")` runs
# the public tests of one task.
#
# Everywhere, a walk starts at 0; each step is +1 with probability `p` and -1 with
# probability `q = 1 - p`, independent of all others. An *exact number* is an int or a
# `Fraction`.

# %% tags=["setup"]
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from autograder.student import attempt, check


# %%
class Polya(NamedTuple):
    """What `polya` found. Leave it as it is: the grader reads these fields."""

    returned: int  # walks that came back to the origin within n steps
    estimate: float  # returned / walks
    late: float  # how much the walks that come back after step n can add, at most
    low: float  # of an interval for the probability to come back at all
    high: float


# %% [markdown]
# ## 1. `Series`
# A generating function that you can compute with. Chapter, step 2.


# %% tags=["task"] task="Series"
class Series:
    """A power series t_0 + t_1 s + ... + t_n s^n, exact; all beyond s^n is unknown.

    `a + b`, `a - b`, `a * b` work for two Series, and for a Series and an exact number
    on either side; `-a` for a Series. A number is the series that begins with it and
    goes on with zeros, known to every power. The result has as many terms as the
    shorter Series: no more, since they are unknown, and no fewer. A float raises
    TypeError; nothing is asked of other kinds of numbers, or of strings.

    No operation changes its operands, or the sequence that a Series was made from.
    With 60 terms (a composition: 30), each operation takes less than a second.

    Attributes:
        terms: A tuple of n + 1 Fractions, t_0 first.
    """

    def __init__(self, terms: Sequence[int | Fraction]) -> None:
        """Make a series of a list or tuple of exact numbers.

        Raises:
            TypeError: a term is a float.
            ValueError: there are no terms.
        """
        raise NotImplementedError("Series: chapter, step 2")

    def __call__(self, inner: "Series") -> "Series":
        """Return the composition self(inner(s)), with as many terms as the shorter.

        Raises:
            ValueError: the first term of `inner` is not 0.
        """
        raise NotImplementedError("Series: chapter, step 2")

    def inverse(self) -> "Series":
        """Return the Series b with self * b = 1, as many terms as self.

        Raises:
            ZeroDivisionError: the first term of self is 0.
        """
        raise NotImplementedError("Series: chapter, step 2")

    def sqrt(self) -> "Series":
        """Return the Series r with r * r = self and r's first term above 0.

        It has as many terms as self. Roots are exact: that of 4/9 is 2/3.

        Raises:
            ValueError: the first term of self is 0, or below it, or no Fraction's
                square, as 2 is.
        """
        raise NotImplementedError("Series: chapter, step 2")


# %% tags=["explore"]
with attempt():
    one_minus_s = Series([1, -1, 0, 0, 0])
    print("1/(1 - s):    ", *one_minus_s.inverse().terms)
    print("1/sqrt(1 - s):", *one_minus_s.sqrt().inverse().terms)

# %% tags=["check"]
check("Series")

# %% [markdown]
# ## 2. `walk_pmf`
# Where is the drunkard after n steps? Chapter, step 1.


# %% tags=["task"] task="walk_pmf"
def walk_pmf(n: int, p: int | Fraction | float) -> list[Fraction] | np.ndarray:
    """Return P(S_n = x) for every x from -n to n, S_n being the position after n steps.

    Args:
        n: Number of steps, n >= 0.
        p: Probability of +1, 0 <= p <= 1; p = 0 and p = 1 are walks without chance.

    Returns:
        2n + 1 numbers; entry n + x is P(S_n = x). Where x cannot be reached it is
        exactly 0. For an exact p (n up to 200) a list of Fractions, without rounding.
        For a float p a float64 array: each entry above 1e-290 is right to a relative
        error of 1e-12 (n + 1), each smaller one stays below 2e-290; n up to 100,000
        takes less than a second.

    Raises:
        ValueError: n is negative; p is outside 0..1, or NaN.
    """
    raise NotImplementedError("walk_pmf: chapter, step 1")


# %% tags=["explore"]
with attempt():
    for x, chance in enumerate(walk_pmf(4, Fraction(1, 2)), start=-4):
        print(f"P(S_4 = {x:+d}) = {chance}")

# %% tags=["check"]
check("walk_pmf")

# %% [markdown]
# ## 3. `returns`
# Back at the start, and back for the first time. Chapter, step 3.


# %% tags=["task"] task="returns"
def returns(p: int | Fraction, n: int) -> tuple[list[Fraction], list[Fraction]]:
    """Return two lists u and f for the steps k = 0 ... n.

    Args:
        p: Probability of +1, an exact number, 0 <= p <= 1.
        n: The last step, n >= 0.

    Returns:
        A tuple of two lists, u and f, n + 1 Fractions each. u[k] is the probability
        that the walk is at 0 after k steps, so u[0] = 1. f[k] is the probability that
        it comes back to 0 after k steps and was not there at any step between, so
        f[0] = 0. n = 200 takes less than a second.

    Raises:
        TypeError: p is a float.
        ValueError: n is negative; p is outside 0..1.
    """
    raise NotImplementedError("returns: chapter, step 3")


# %% tags=["explore"]
with attempt():
    for chance in (Fraction(1, 2), Fraction(3, 5)):
        u, f = returns(chance, 100)
        print(f"p = {chance}: back within 100 steps with {float(sum(f)):.4f}")

# %% tags=["check"]
check("returns")

# %% [markdown]
# ## 4. `passage`
# The first time on another level. Chapter, step 4.


# %% tags=["task"] task="passage"
def passage(p: int | Fraction, level: int, n: int) -> list[Fraction]:
    """Return P(the first visit to `level` is at step k) for k = 0 ... n.

    Args:
        p: Probability of +1, an exact number, 0 <= p <= 1.
        level: An int from -6 to 6, but not 0: above the start, or below it.
        n: The last step, n >= 0.

    Returns:
        A list of n + 1 Fractions. Their sum is the probability to get there within n
        steps; it need not be 1. n = 100 takes less than a second.

    Raises:
        TypeError: p is a float.
        ValueError: level is 0; n is negative; p is outside 0..1.
    """
    raise NotImplementedError("passage: chapter, step 4")


# %% tags=["explore"]
with attempt():
    print("to +1:", *passage(Fraction(1, 2), 1, 9))

# %% tags=["check"]
check("passage")

# %% [markdown]
# ## 5. `last_zero`
# The last time at the start. Chapter, step 5.


# %% tags=["task"] task="last_zero"
def last_zero(p: int | Fraction, n: int) -> list[Fraction]:
    """Return P(the last visit to 0 within n steps is at step k) for k = 0 ... n.

    Args:
        p: Probability of +1, an exact number, 0 <= p <= 1.
        n: Number of steps, n >= 0, even or odd.

    Returns:
        A list of n + 1 Fractions that add up to 1. The start counts as a visit, at
        step 0: entry 0 is the probability that the walk does not come back. n = 200
        takes less than a second.

    Raises:
        TypeError: p is a float.
        ValueError: n is negative; p is outside 0..1.
    """
    raise NotImplementedError("last_zero: chapter, step 5")


# %% tags=["explore"]
with attempt():
    for k, chance in enumerate(last_zero(Fraction(1, 2), 20)):
        if k % 2 == 0:
            print(f"{k:2d} {float(chance):.3f} " + "#" * round(200 * chance))

# %% tags=["check"]
check("last_zero")

# %% [markdown]
# ## 6. `ruin`
# You hold z coins and play until you have none or a. Chapter, step 6.


# %% tags=["task"] task="ruin"
def ruin(
    p: int | Fraction | float, z: int, a: int
) -> tuple[Fraction, Fraction] | tuple[float, float]:
    """Return the probability to reach 0 before a, and the mean number of steps.

    The walk starts at z and ends as soon as it stands on 0 (ruin) or on a.

    Args:
        p: Probability of +1, 0 <= p <= 1.
        z: The start, 0 <= z <= a. At 0 and at a the walk is over: (1, 0) and (0, 0).
        a: The upper end, a >= 1.

    Returns:
        A tuple: the probability of ruin, and the mean number of steps until the end,
        whichever it is. For an exact p two Fractions (a up to 100). For a float p two
        Python floats (a up to 100,000, in less than a second): each is right to a
        relative error of 1e-9, however close p is to 1/2, and also where the
        probability is tiny; below 1e-290 anything up to 2e-290 will do.

    Raises:
        ValueError: a is below 1; z is outside 0..a; p is outside 0..1, or NaN.
    """
    raise NotImplementedError("ruin: chapter, step 6")


# %% tags=["explore"]
with attempt():
    for p in (Fraction(1, 2), 18 / 38):  # a fair coin, a roulette wheel
        chance, steps = ruin(p, 50, 100)
        print(f"50 of 100 coins: ruined with {float(chance):.5f}, after {steps} rounds")

# %% tags=["check"]
check("ruin")

# %% [markdown]
# ## 7. `normal_error`
# How good is the bell curve? Chapter, step 7.


# %% tags=["task"] task="normal_error"
def normal_error(n: int, p: float | Fraction) -> tuple[float, float]:
    """Return how far the normal law is from the law of S_n: plain, and corrected.

    Let N be the normal distribution function with the mean and the variance of S_n.

    Args:
        n: Number of steps, 1 <= n <= 10,000.
        p: Probability of +1, 0 < p < 1, a float or a Fraction; no p closer than 1e-9
            to 0 or 1 is asked for. For either kind, 10,000 steps take less than a
            second.

    Returns:
        A tuple of two Python floats, each right to 1e-8.
        plain: the largest |P(S_n <= x) - N(x)| over *all real* x. The first is a
        staircase, so look at both sides of each of its jumps.
        corrected: the largest |P(S_n <= x) - N(m)| over the n + 1 points x that S_n can
        reach, where m lies half-way from x to the next point that S_n can reach (for
        the last one, as if another followed at the same distance).

    Raises:
        ValueError: n is below 1; p is not strictly between 0 and 1.
    """
    raise NotImplementedError("normal_error: chapter, step 7")


# %% tags=["explore"]
with attempt():
    for n in (10, 100, 1000):
        for p in (0.5, 0.3):
            plain, corrected = normal_error(n, p)
            scaled = plain * math.sqrt(n)
            print(
                f"n = {n:4d}, p = {p}: {plain:.5f} plain, {corrected:.6f} corrected,"
                f" plain * sqrt(n) = {scaled:.4f}"
            )

# %% tags=["check"]
check("normal_error")

# %% [markdown]
# ## 8. `simulate`
# Many walks at once. Chapter, step 8.


# %% tags=["task"] task="simulate"
def simulate(n: int, p: float, walks: int, rng: np.random.Generator) -> np.ndarray:
    """Return the positions of independent walks.

    Args:
        n: Number of steps, n >= 0.
        p: Probability of +1, a float, 0 <= p <= 1.
        walks: Number of walks, walks >= 0.
        rng: The only source of chance. Draw from it whatever you like: the law of the
            walks is judged, not the draws. Generators in the same state give the same
            walks, two calls with one generator give different ones.

    Returns:
        An int64 array, (walks, n + 1): row i is a walk, column k its position after k
        steps; column 0 is 0. 100,000 walks of 10 steps take less than a second.

    Raises:
        ValueError: n or walks is negative; p is outside 0..1, or NaN.
    """
    raise NotImplementedError("simulate: chapter, step 8")


# %% tags=["explore"]
with attempt():
    ends = simulate(10_000, 0.5, 500, np.random.default_rng(1))[:, -1]
    print("mean distance after 10,000 steps:", np.abs(ends).mean())

# %% tags=["check"]
check("simulate")

# %% [markdown]
# ## 9. `interval` and `polya`
# Does a drunk bird find home? And how sure are you? Chapter, step 8.


# %% tags=["task"] task="polya"
def interval(hits: int, trials: int, width: float = 1.96) -> tuple[float, float]:
    """Return the Wilson interval (low, high) for the probability of a hit.

    It holds every t with |hits - trials t| <= width sqrt(trials t (1 - t)): those
    probabilities from which the count is at most width standard deviations away.

    Args:
        hits: 0 <= hits <= trials.
        trials: trials >= 1.
        width: 0 < width < infinity.

    Returns:
        A tuple of two Python floats, right to 1e-10 for up to 1,000,000 trials and a
        width from 0.1 to 10; more trials and other widths are not asked for. For no
        hits low is exactly 0.0; where every trial is a hit, high is exactly 1.0.

    Raises:
        ValueError: hits, trials or width is outside these bounds, or width is NaN.
    """
    raise NotImplementedError("interval: chapter, step 8")


def polya(
    d: int, n: int, walks: int, rng: np.random.Generator, width: float = 1.96
) -> Polya:
    """Estimate the probability that a fair walk in d dimensions ever comes back.

    Each step chooses one of the d coordinates, all equally likely, and changes it by
    +1 or -1, equally likely. The other coordinates stay.

    Args:
        d: Number of dimensions, 1 <= d; up to 100 are asked for.
        n: Steps of each walk, n >= 0.
        walks: Number of independent walks, walks >= 1. 20,000 walks of 50 steps with
            d = 3 take less than a second, 500,000 of 2 steps with d = 2 less than half.
        rng: The only source of chance, as for `simulate`.
        width: As for `interval`.

    Returns:
        A Polya. returned: how many of the walks were at the origin after at least one
        of the steps 1 ... n. estimate: returned / walks. late: a bound (for
        d up to 15) on the chance of a first return after step n: with K = n // 2,

            2 (d / (4 pi))^(d/2) K^(1 - d/2) / (d/2 - 1)      for d >= 3 and K >= 1,

        but never above 1; for d <= 2 or K = 0 it is 1.0. low: that of `interval` for
        returned of walks. high: that of `interval` plus late, but never above 1.

    Raises:
        ValueError: d < 1, n < 0 or walks < 1; or width, as for `interval`.
    """
    raise NotImplementedError("polya: chapter, step 8")


# %% tags=["explore"]
with attempt():
    for d in (1, 2, 3):
        print(f"d = {d}:", polya(d, 400, 4000, np.random.default_rng(d)))

# %% tags=["check"]
check("polya")
