# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: plain Python, one number at a time. The walk goes through
# logarithms of products, the count through unit gaps, chances through ratios.

# %% tags=["setup"]
import bisect
import itertools
import math

import numpy as np

BAD = "bad argument"


# %%
def need(condition):
    if not condition:
        raise ValueError(BAD)


def gap(rng):
    """One gap of mean 1."""
    while True:
        u = rng.random()
        if u > 0:
            return -math.log(u)


# %% tags=["task"] task="poisson_pmf"
def one_log(k, mean):
    need(math.isfinite(mean) and mean >= 0)
    if k < 0 or k != math.floor(k):
        return -math.inf
    if mean == 0:
        return 0.0 if k == 0 else -math.inf
    return k * math.log(mean) - mean - math.lgamma(k + 1.0)


def spread(function, k, mean):
    if np.isscalar(k) and np.isscalar(mean):
        return float(function(k, mean))
    pairs = np.broadcast(np.asarray(k, dtype=float), np.asarray(mean, dtype=float))
    for m in np.ravel(mean):
        need(math.isfinite(m) and m >= 0)
    flat = [function(float(a), float(b)) for a, b in pairs]
    return np.array(flat, dtype=float).reshape(pairs.shape)


def poisson_logpmf(k, mean):
    return spread(one_log, k, mean)


def poisson_pmf(k, mean):
    return spread(lambda a, b: math.exp(one_log(a, b)), k, mean)


# %% tags=["task"] task="poisson_error"
def poisson_error(ps):
    ps = np.asarray(ps)
    need(ps.ndim == 1)
    ps = ps.astype(float).tolist()
    for p in ps:
        need(0 <= p <= 1)
    ps.sort()
    law = np.array([1.0])
    for p in ps:
        law = np.convolve(law, [1 - p, p])
    mean = math.fsum(ps)
    above = 0.0  # where S is likelier than N: half of all differences
    for k, chance in enumerate(law):
        above += max(0.0, chance - math.exp(one_log(k, mean)))
    squares = math.fsum(p * p for p in ps)
    if mean < 1e-8:
        factor = 1 - mean / 2 if mean else 0.0
    else:
        factor = -math.expm1(-mean) / mean
    return above, squares, factor * squares


# %% tags=["task"] task="exponential"
def exponential(rng, rate, n):
    need(rate > 0 and rate != math.inf and n >= 0)
    return np.array([gap(rng) / rate for _ in range(n)], dtype=float)


def survival(x, s, t):
    need(len(x) > 0 and s >= 0 and t >= 0)
    late = [v for v in x if v > s]
    first = sum(bool(v > t) for v in x) / len(x)
    if not late:
        return first, math.nan
    return first, sum(bool(v > s + t) for v in late) / len(late)


# %% tags=["task"] task="process_times"
def process_times(rng, rate, horizon, how):
    need(how in ("gaps", "order"))
    need(rate >= 0 and horizon >= 0 and math.isfinite(rate) and math.isfinite(horizon))
    mean = rate * horizon
    times, passed = [], 0.0
    while mean > 0:
        passed += gap(rng)  # in expected events, so that the horizon is the mean
        if passed > mean:
            break
        times.append(min(passed / rate, horizon))
    if how == "order":
        times = sorted(horizon * rng.random() for _ in times)
    return np.array(times, dtype=float)


# %% tags=["task"] task="thin"
def thin(rng, rate, bound, horizon):
    need(bound >= 0 and horizon >= 0 and bound < math.inf and horizon < math.inf)
    out, now = [], 0.0
    while bound > 0:
        now += gap(rng) / bound
        if now > horizon:
            break
        here = rate(now)
        need(0 <= here <= bound)
        if here == bound or rng.random() < here / bound:
            out.append(now)
    return np.array(out, dtype=float)


# %% tags=["task"] task="dispersion"
def dispersion(times, horizon, windows):
    need(0 < horizon < math.inf and windows >= 2)
    counts = [0] * windows
    edges = [horizon * k / windows for k in range(1, windows)]
    for t in np.asarray(times).tolist():
        need(0 <= t <= horizon)
        counts[bisect.bisect_right(edges, t)] += 1
    n = sum(counts)
    if n == 0:
        return math.nan, math.nan
    mean = n / windows
    d = math.fsum((c - mean) ** 2 for c in counts) / (windows - 1) / mean
    return d, (d - 1) * math.sqrt((windows - 1) / 2)


# %% tags=["task"] task="fit_rate"
def fit_rate(x, censored=None):
    x = np.asarray(x)
    need(x.ndim == 1 and x.size > 0)
    need(censored is None or np.shape(censored) == x.shape)
    values = [float(v) for v in x]
    for v in values:
        need(0 <= v < math.inf)
    total = math.fsum(values)
    need(total > 0)
    flags = [False] * len(values) if censored is None else list(censored)
    d = sum(not c for c in flags)
    if d == 0:
        return 0.0, 0.0, math.log(20) / total
    width = math.exp(1.96 / d**0.5)
    return d / total, d / total / width, d / total * width


# %% tags=["task"] task="covering"
def covering(times, at):
    times = [float(t) for t in times]
    need(len(times) >= 2)
    for a, b in itertools.pairwise(times):
        need(a <= b)
    gaps, waits = [], []
    for moment in np.asarray(at, dtype=float).tolist():
        need(times[0] <= moment < times[-1])
        i = bisect.bisect_right(times, moment)
        gaps.append(times[i] - times[i - 1])
        waits.append(times[i] - moment)
    return np.array(gaps, dtype=float), np.array(waits, dtype=float)


def covering_mean(gaps):
    gaps = [float(g) for g in gaps]
    total = math.fsum(gaps)
    need(total > 0 and min(gaps) >= 0)
    return math.fsum(g / total * g for g in gaps)


# %% tags=["task"] task="queue_waits"
def queue_waits(arrivals, services):
    need(np.shape(arrivals) == np.shape(services))
    free, last, out = -math.inf, -math.inf, []
    for a, s in zip(map(float, arrivals), map(float, services), strict=True):
        need(a >= last and s >= 0)
        start = max(free, a)
        out.append(start - a)
        free, last = start + s, a
    return np.array(out, dtype=float)


def mm1_wait(arrival_rate, service_rate):
    need(arrival_rate >= 0 and service_rate > 0)
    if arrival_rate >= service_rate:
        return math.inf
    return 1.0 / (service_rate - arrival_rate) - 1.0 / service_rate
