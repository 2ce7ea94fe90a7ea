# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: everything from a unit-rate clock. Gaps are minus the
# logarithm of 1 - U in small batches, counts come from halving long spans, thinning
# marks each candidate with a height below the bound.

# %% tags=["setup"]
import math

import numpy as np
from numpy.typing import ArrayLike


# %%
def finite(*values: float) -> None:
    if any(math.isnan(v) or math.isinf(v) or v < 0 for v in values):
        raise ValueError("numbers must be finite and at least 0")


def unit_events(rng: np.random.Generator, span: float) -> list[float]:
    """Events at rate 1 in a span, by halves: none overlap, so they are independent."""
    if span > 64:
        left = unit_events(rng, span / 2)
        return left + [span / 2 + t for t in unit_events(rng, span / 2)]
    events: list[float] = []
    clock = 0.0
    while True:
        for step in (-np.log(1.0 - rng.random(16))).tolist():
            clock += step
            if clock > span:
                return events
            events.append(clock)


# %% tags=["task"] task="poisson_pmf"
def poisson_logpmf(k: ArrayLike, mean: ArrayLike):
    both_numbers = np.isscalar(k) and np.isscalar(mean)
    mean = np.asarray(mean, np.float64)
    if not (np.isfinite(mean).all() and (mean >= 0).all()):
        raise ValueError("mean")
    k, mean = np.broadcast_arrays(np.asarray(k, np.float64), mean)
    result = np.empty(k.shape)
    for place in np.ndindex(k.shape):
        n, m = k[place], mean[place]
        if n < 0 or n % 1:
            result[place] = -np.inf
        elif m == 0:
            result[place] = -np.inf if n else 0.0
        else:
            # around the mode, so that nothing large cancels: n = m (1 + x)
            result[place] = deviance(n, m) - remainder(n)
    return float(result[()]) if both_numbers else result


def deviance(n, m):
    """n log(m / n) + n - m, and -m where n is 0."""
    if n == 0:
        return -m
    x = (m - n) / n
    if abs(x) > 0.1:
        return n * math.log(m / n) + n - m
    return n * (math.log1p(x) - x)


def remainder(n):
    """log n! - (n log n - n), by lgamma or by Stirling's series."""
    if n == 0:
        return 0.0
    if n < 30:
        return math.lgamma(n + 1) - (n * math.log(n) - n)
    return math.log(2 * math.pi * n) / 2 + 1 / (12 * n) - 1 / (360 * n**3)


def poisson_pmf(k: ArrayLike, mean: ArrayLike):
    logs = poisson_logpmf(k, mean)
    return math.exp(logs) if isinstance(logs, float) else np.exp(logs)


# %% tags=["task"] task="poisson_error"
def poisson_error(ps):
    ps = np.asarray(ps)
    if ps.ndim != 1:
        raise ValueError("one axis")
    if not ((ps >= 0).all() and (ps <= 1).all()):
        raise ValueError("probabilities")
    p = ps.astype(np.float64)
    n = p.size
    law = np.zeros(n + 1)
    law[0] = 1
    for i in range(n):
        law[1 : i + 2] = law[1 : i + 2] * (1 - p[i]) + law[: i + 1] * p[i]
        law[0] *= 1 - p[i]
    mean = float(p.sum())
    far = n + 60 + int(12 * math.sqrt(mean))
    other = poisson_pmf(np.arange(far), mean)
    law = np.pad(law, (0, far - n - 1))
    squares = float(p @ p)
    bound = 0.0 if mean == 0 else squares * (-np.expm1(-mean)) / mean
    return float(np.abs(law - other).sum()) * 0.5, squares, float(bound)


# %% tags=["task"] task="exponential"
def exponential(rng, rate, n):
    finite(rate)
    if rate == 0 or n < 0:
        raise ValueError("rate or n")
    u = 1.0 - rng.random(size=n)
    return np.abs(np.log(u)) / rate


def survival(x, s, t):
    x = np.sort(np.asarray(x, dtype=np.float64))
    if x.size == 0 or min(s, t) < 0:
        raise ValueError("x, s or t")

    def above(value):
        return x.size - int(np.searchsorted(x, value, side="right"))

    rest = above(s + t) / above(s) if above(s) else math.nan
    return above(t) / x.size, rest


# %% tags=["task"] task="process_times"
def process_times(rng, rate, horizon, how):
    finite(rate, horizon)
    ways = {
        "gaps": lambda span: unit_events(rng, span),
        "order": lambda span: places(rng, span),
    }
    if how not in ways:
        raise ValueError(f"how={how}")
    if rate * horizon == 0:
        return np.array([], dtype=np.float64)
    times = np.array(ways[how](rate * horizon), dtype=np.float64) / rate
    return np.clip(times, 0.0, horizon)


def places(rng, span):
    """Draw how many, in parts small enough for a product, then where."""
    count, parts = 0, max(1, math.ceil(span / 100))
    for _ in range(parts):
        product = 1.0 - rng.random()
        while product > math.exp(-span / parts):
            count += 1
            product *= 1.0 - rng.random()
    return np.sort(rng.random(count)) * span


# %% tags=["task"] task="thin"
def thin(rng, rate, bound, horizon):
    finite(bound, horizon)
    events = process_times(rng, bound, horizon, "order")
    heights = rng.random(events.size) * bound
    keep = np.zeros(events.size, dtype=bool)
    for i, t in enumerate(events):
        value = rate(float(t))
        if math.isnan(value) or value < 0 or value > bound:
            raise ValueError("rate outside 0..bound")
        keep[i] = heights[i] < value
    return events[keep]


# %% tags=["task"] task="dispersion"
def dispersion(times, horizon, windows):
    if math.isnan(horizon) or horizon <= 0 or math.isinf(horizon) or windows <= 1:
        raise ValueError("horizon or windows")
    times = np.sort(np.asarray(times, dtype=np.float64))
    if np.isnan(times).any() or (times < 0).any() or (times > horizon).any():
        raise ValueError("times")
    if len(times) == 0:
        return math.nan, math.nan
    edges = np.arange(windows) * horizon / windows
    starts = np.searchsorted(times, edges, side="left")
    counts = np.diff(np.append(starts, len(times)))
    ratio = np.cov(counts) / counts.mean()
    return float(ratio), float((ratio - 1) / (2 / (windows - 1)) ** 0.5)


# %% tags=["task"] task="fit_rate"
def fit_rate(x, censored=None):
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 1 or x.size < 1 or np.isnan(x).any() or np.isinf(x).any():
        raise ValueError("x")
    if x.min() < 0 or x.max() == 0:
        raise ValueError("x")
    if censored is None:
        censored = np.zeros(len(x), dtype=bool)
    censored = np.asarray(censored, dtype=bool)
    if censored.shape != x.shape:
        raise ValueError("censored")
    events = len(x) - int(censored.sum())
    exposure = math.fsum(x)
    if events:
        rate = events / exposure
        half = 1.96 / math.sqrt(events)
        return rate, rate * math.exp(-half), rate * math.exp(half)
    return 0.0, 0.0, -math.log(0.05) / exposure


# %% tags=["task"] task="covering"
def covering(times, at):
    t = np.asarray(times, dtype=np.float64)
    a = np.asarray(at, dtype=np.float64)
    if t.size < 2 or not (t[:-1] <= t[1:]).all():
        raise ValueError("times")
    if not ((t[0] <= a) & (a < t[-1])).all():
        raise ValueError("at")
    before = np.searchsorted(t, a, "right") - 1
    start, end = t[:-1][before], t[1:][before]
    return end - start, end - a


def covering_mean(gaps):
    g = np.asarray(gaps, dtype=np.float64)
    if (g < 0).any() or g.sum() <= 0:
        raise ValueError("gaps")
    return float(g @ g / g.sum())


# %% tags=["task"] task="queue_waits"
def queue_waits(arrivals, services):
    a, s = (
        np.asarray(arrivals, dtype=np.float64),
        np.asarray(services, dtype=np.float64),
    )
    bad = a.shape != s.shape or np.isnan(a).any() or np.isnan(s).any()
    if bad or (s < 0).any() or (np.diff(a) < 0).any():
        raise ValueError("arrivals or services")
    waits, backlog = [], 0.0
    for i in range(len(a)):
        backlog = max(backlog - (a[i] - a[i - 1]), 0.0) if i else 0.0
        waits.append(backlog)
        backlog += s[i]
    return np.array(waits, dtype=np.float64)


def mm1_wait(arrival_rate, service_rate):
    finite(arrival_rate)
    if math.isnan(service_rate) or service_rate <= 0:
        raise ValueError("service_rate")
    if service_rate <= arrival_rate:
        return math.inf
    number = arrival_rate / (service_rate - arrival_rate)
    return number / service_rate
