"""Recompute the figures' data and the numbers that the chapter of lesson 03 claims."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import reference

HALF = Fraction(1, 2)


def figure() -> dict[str, Any]:
    """Return laws, normal curves and first returns that the figures compute live."""
    laws = []
    for n, p in ((16, 0.5), (100, 0.5), (100, 0.6), (400, 0.51), (2500, 0.5)):
        law = reference.walk_pmf(n, p)
        places = [x for x in range(-n, n + 1, 2) if law[n + x] > 1e-3][::3]
        laws.append({"n": n, "p": p, "x": places, "law": [law[n + x] for x in places]})
    returned = []
    for p in (Fraction(1, 2), Fraction(3, 5), Fraction(1, 5)):
        u, f = reference.returns(p, 24)
        pair = [float(t) for t in u[::2]], [float(t) for t in f[::2]]
        returned.append({"p": float(p), "u": pair[0], "f": pair[1]})
    return {"laws": laws, "returns": returned}


# What is claimed, step by step.


def start() -> dict[str, str]:
    """Return the distances of the prediction, and where the slow way ends."""
    n = 10_000
    law = reference.walk_pmf(n, 0.5)
    x = np.arange(-n, n + 1)
    fails = 2
    while True:
        try:
            math.comb(fails, fails // 2) * 0.5**fails
        except OverflowError:
            break
        fails += 2
    return {
        "typical": f"{math.sqrt(float(np.sum(x * x * law))):.0f}",
        "mean_distance": f"{float(np.sum(np.abs(x) * law)):.1f}",
        "slow_walks": f"{2**20:,}",
        "direct_fails": f"{fails:,}",
    }


def listed(numbers: list[Fraction]) -> str:
    """Write fractions with commas, and with a sign that no extension turns into ½."""
    return ", ".join(str(number).replace("/", "\u2044") for number in numbers)


def first_visits() -> dict[str, str]:
    """Return first returns, first visits to +1, and the last visit."""
    u, f = reference.returns(HALF, 100)
    last = reference.last_zero(HALF, 100)
    up = reference.passage(Fraction(2, 5), 1, 200)
    return {
        "u": listed(u[2:10:2]),
        "f": listed(f[2:10:2]),
        "back_fair": f"{float(sum(f)):.4f}",
        "up_leaning": f"{float(sum(up)):.4f}",
        "last_early": f"{float(sum(last[:11])):.3f}",
        "last_earlier": f"{float(sum(last[:10])):.3f}",
        "last_formula": f"{2 / math.pi * math.asin(math.sqrt(0.1)):.3f}",
        "last_end": f"{float(last[100]):.4f}",
        "last_middle": f"{float(last[50]):.4f}",
    }


def naive(p: float, z: int, a: int) -> tuple[float, float]:
    """Return ruin and duration by the closed forms, in floats."""
    r = (1 - p) / p
    chance = (r**a - r**z) / (r**a - 1)
    return chance, (z - a * (1 - chance)) / (1 - 2 * p)


def raised(function: Callable[[], Any]) -> str:
    """Return the name of what a call raises."""
    try:
        function()
    except ArithmeticError as error:
        return type(error).__name__
    return "nothing"


def ruins() -> dict[str, str]:
    """Return the table of ruin, and what the closed forms make of it."""
    table = {}
    for name, p in (("even", 0.5), ("near", 0.49), ("wheel", 18 / 38)):
        for z in (10, 50):
            chance, steps = reference.ruin(p, z, 2 * z)
            table[f"ruin_{name}_{z}"] = f"{chance:.4f}"
            table[f"steps_{name}_{z}"] = f"{steps:,.0f}"
    close = 0.5 + 1e-13
    wrong = naive(close, 500, 1000)
    return table | {
        "close_steps": f"{reference.ruin(close, 500, 1000)[1]:,.0f}",
        "close_wrong_steps": f"{wrong[1] + 0.0:,.0f}",
        "fair_error": raised(lambda: naive(0.5, 10, 20)),
        "far_error": raised(lambda: naive(0.2, 300, 1000)),
    }


def normals() -> dict[str, str]:
    """Return the errors of the normal law."""
    table = {}
    for n in (10, 100, 1000, 10_000):
        for name, p in (("fair", 0.5), ("lean", 0.3)):
            plain, corrected = reference.normal_error(n, p)
            table[f"plain_{name}_{n}"] = f"{plain:.5f}"
            table[f"corrected_{name}_{n}"] = f"{corrected:.2e}".replace("e-0", "e-")
    plain, _ = reference.normal_error(10_000, 0.5)
    return table | {"plain_constant": f"{100 * plain:.4f}"}


def coverage(interval: Callable[[int, int], tuple[float, float]]) -> str:
    """Return how often an interval of 100 trials holds the true 0.02."""
    law = reference.walk_pmf(100, 0.02)[::2]
    held = [interval(k, 100)[0] <= 0.02 <= interval(k, 100)[1] for k in range(101)]
    return f"{float(np.sum(law[held])):.3f}"


def wald(hits: int, trials: int) -> tuple[float, float]:
    """Return the interval that takes the deviation from the estimate."""
    share = hits / trials
    half = 1.96 * math.sqrt(share * (1 - share) / trials)
    return share - half, share + half


def back_within(d: int, n: int) -> float:
    """Return the probability to be back within n steps, in 1, 2 or 3 dimensions."""
    k = np.arange(1, n // 2 + 1)
    # On a line, u changes by (2k - 1)/2k from one return to the next.
    line = np.concatenate([[1.0], np.cumprod((2 * k - 1) / (2 * k))])
    if d < 3:
        u = line**d
    else:
        # (k + 1)^3 A(k + 1) = 2 (2k + 1)(10k^2 + 10k + 3) A(k) - 36 k (2k + 1)(2k - 1)
        # A(k - 1) counts closed walks of 2k steps, here divided by 36^k.
        u = np.ones(n // 2 + 1)
        for j in range(n // 2):
            before = u[j - 1] if j else 0.0
            u[j + 1] = (
                2 * (2 * j + 1) * (10 * j * j + 10 * j + 3) * u[j] / 36
                - 36 * j * (2 * j + 1) * (2 * j - 1) * before / 36**2
            ) / (j + 1) ** 3
    first = np.zeros_like(u)
    for j in range(1, len(u)):
        first[j] = u[j] - first[1:j] @ u[j - 1 : 0 : -1]
    return float(np.sum(first))


def bound_holds() -> int:
    """Return up to which dimension u_2m stays below its approximation, 2m <= 200."""
    line = [math.comb(2 * m, m) / 4**m for m in range(101)]
    d, u = 1, np.array(line)
    while True:
        # Of 2m steps an even number, 2j, belongs to the new dimension.
        d += 1
        u = np.array(
            [
                float(
                    reference.walk_pmf(2 * m, 1 / d)[::4] @ (line[: m + 1] * u[m::-1])
                )
                for m in range(101)
            ]
        )
        m = np.arange(1, 101)
        if d > 2 and np.any(u[1:] > 2 * (d / (4 * math.pi * m)) ** (d / 2)):
            return d - 1


def visits_in_space() -> float:
    """Return the mean number of visits to the origin in three dimensions."""
    gammas = math.prod(math.gamma(j / 24) for j in (1, 5, 7, 11))
    return math.sqrt(6) / (32 * math.pi**3) * gammas


def space() -> dict[str, str]:
    """Return what is known, what is exact within n steps, and what is simulated."""
    ever = 1 - 1 / visits_in_space()
    found = {}
    for d in (1, 2, 3):
        seen = reference.polya(d, 1000, 10_000, np.random.default_rng(d))
        exact = back_within(d, 1000)
        found |= {
            f"seen_{d}": f"{seen.estimate:.4f}",
            f"low_{d}": f"{seen.low:.4f}",
            f"high_{d}": f"{seen.high:.4f}",
            f"late_{d}": f"{seen.late:.4f}" if d == 3 else f"{seen.late:.0f}",
            f"exact_{d}": f"{exact:.4f}",
        }
    low, high = reference.interval(3345, 10_000)
    return found | {
        "visits": f"{visits_in_space():.6f}",
        "bound_holds": f"{bound_holds()}",
        "ever": f"{ever:.6f}",
        "ever_short": f"{ever:.4f}",
        "missing": f"{ever - back_within(3, 1000):.4f}",
        "plane_far": f"{back_within(2, 20_000):.3f}",
        "half_width": f"{(high - low) / 2:.4f}",
        "wald_cover": coverage(wald),
        "wilson_cover": coverage(reference.interval),
    }


def claims() -> dict[str, str]:
    """Return the text of each measured number in the chapter."""
    return {**start(), **first_visits(), **ruins(), **normals(), **space()}
