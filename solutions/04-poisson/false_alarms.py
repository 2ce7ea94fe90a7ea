"""Try the statistical tests of lesson 04 on right samplers: how close do they come?

Usage: python solutions/04-poisson/false_alarms.py [RUNS] [FIRST_SEED]

Each run draws what the hidden tests draw, with other seeds, in whole arrays: the walk
and the count of `process_times`, the thinning of `thin`, gaps by inversion and by
NumPy's own method. It prints, for each comparison, the largest deviation of all runs as
a share of its margin, and how many runs exceeded the margin. `NOTES.md` keeps the
result.
"""

import functools
import math
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from hidden import laws

margin = laws.margin
mean_range = functools.cache(laws.mean_range)
poisson_between = functools.cache(laws.poisson_between)
poisson_cdf = functools.cache(laws.poisson_cdf)
poisson_range = functools.cache(laws.poisson_range)

Deviation = tuple[str, float]
LOG2 = math.log(2)


def shares(places: np.ndarray, bins: int, law: np.ndarray) -> float:
    """Return the largest deviation of cumulated shares from a law, in margins."""
    got = np.cumsum(np.bincount(places, minlength=bins)[: law.size]) / places.size
    return float(np.max(np.abs(got - law))) / margin(places.size)


def one_share(good: np.ndarray, probability: float) -> float:
    """Return the deviation of one share, in margins."""
    return abs(float(np.mean(good)) - probability) / margin(good.size)


def total(count: float, mean: float) -> float:
    """Return where a count lies in the range of its Poisson mean; +-1 is the edge."""
    low, high = poisson_range(mean)
    return abs(2 * count - low - high) / (high - low)


def exponential(rng: np.random.Generator, own: bool) -> Iterator[Deviation]:
    """Yield the comparisons of `test_law_of_gaps` and `test_gaps_are_independent`."""
    n = 20_000
    x = rng.exponential(1.0, n) if own else -np.log1p(-rng.random(n))
    low, high = mean_range(n)
    yield "exponential, mean", abs(2 * float(np.mean(x)) - low - high) / (high - low)
    places = np.floor(-np.expm1(-x) * 40).astype(int)
    yield "exponential, quantiles", shares(places, 40, np.arange(1, 40) / 40)
    long = x > LOG2 / 2
    chance = math.exp(-LOG2)  # of both: P(x > log(2) / 2) squared
    yield "exponential, neighbours", one_share(long[::2] & long[1::2], chance)
    pairs = long[: n // 2] & long[n // 2 :]
    yield "exponential, halves", one_share(pairs, chance)
    yield "exponential, mirrored", one_share((long & long[::-1])[: n // 2], chance)


def records(rng: np.random.Generator, how: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts of 4,000 records with mean 4, and all times in 0..1."""
    if how == "order":
        counts = rng.poisson(4.0, 4000)
        return counts, rng.random(int(counts.sum()))
    times = np.cumsum(-np.log1p(-rng.random((4000, 30))) / 4.0, axis=1)
    inside = times < 1.0
    return inside.sum(axis=1), times[inside]


def process_times(rng: np.random.Generator, how: str) -> Iterator[Deviation]:
    """Yield the comparisons of `test_counts_and_times` and of gaps in records."""
    counts, times = records(rng, how)
    yield f"process_times {how}, total", total(counts.sum(), 16_000)
    yield f"process_times {how}, counts", shares(counts, 12, poisson_cdf(11, 4.0))
    places = np.floor(times * 20).astype(int)
    yield f"process_times {how}, times", shares(places, 20, np.arange(1, 20) / 20)
    owner = np.repeat(np.arange(counts.size), counts)
    first = np.bincount(owner[times < 0.5], minlength=counts.size)
    both = (first <= 1) & (counts - first <= 1)
    few = float(poisson_cdf(1, 2.0)[1]) ** 2
    yield f"process_times {how}, halves", one_share(both, few)
    if how == "order":
        long = np.sort(rng.random((40, 500)), axis=1) * 500  # unit rate, but for edges
        gaps = np.diff(long, axis=1, prepend=0.0)[:, :300].ravel()
    else:
        gaps = -np.log1p(-rng.random(12_000))
    places = np.minimum(np.floor(-np.expm1(-gaps) * 40).astype(int), 39)
    yield f"process_times {how}, gaps", shares(places, 40, np.arange(1, 40) / 40)


def large_counts(rng: np.random.Generator) -> Iterator[Deviation]:
    """Yield the comparisons of `test_how_much_large_counts_vary`."""
    counts = rng.poisson(1450.0, 200)
    yield "large counts, total", total(counts.sum(), 200 * 1450)
    away = np.abs(counts - 1450)
    near = poisson_between(1450 - 19, 1450 + 19, 1450)
    yield "large counts, near", one_share(away <= 19, near)
    far = 1 - poisson_between(1450 - 95, 1450 + 95, 1450)
    # Its range begins at 0, so the middle is no good measure.
    high = poisson_range(200 * far)[1]
    yield "large counts, far", np.count_nonzero(away > 95) / high


def thin(rng: np.random.Generator) -> Iterator[Deviation]:
    """Yield the comparisons of `test_a_rising_rate`."""
    candidates = rng.poisson(12.0, 2500)
    owner = np.repeat(np.arange(2500), candidates)
    times = 4 * rng.random(owner.size)
    kept = rng.random(owner.size) * 3.0 < 0.75 * times
    owner, times = owner[kept], times[kept]
    counts = np.bincount(owner, minlength=2500)
    yield "thin, total", total(counts.sum(), 15_000)
    yield "thin, counts", shares(counts, 18, poisson_cdf(17, 6.0))
    at = np.arange(1, 20) / 5
    places = np.floor(times * 5).astype(int)
    yield "thin, times", shares(places, 20, at**2 / 16)
    first = np.bincount(owner[times < 2], minlength=2500)
    both = (first <= 1) & (counts - first <= 2)
    few = float(poisson_cdf(1, 1.5)[1] * poisson_cdf(2, 4.5)[2])
    yield "thin, halves", one_share(both, few)


def main() -> None:
    """Run and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    worst: dict[str, float] = defaultdict(float)
    misses: dict[str, int] = defaultdict(int)
    for run in range(runs):
        rng = np.random.default_rng(first + run)
        for part in (
            exponential(rng, own=bool(run % 2)),
            process_times(rng, "gaps"),
            process_times(rng, "order"),
            thin(rng),
            large_counts(np.random.default_rng([first + run, 1])),
        ):
            for name, deviation in part:
                worst[name] = max(worst[name], deviation)
                misses[name] += deviation > 1
    print(f"{runs:,} runs from seed {first:,}")
    for name, deviation in worst.items():
        print(f"{name:26} worst {deviation:.2f} of its margin, {misses[name]} misses")


if __name__ == "__main__":
    main()
