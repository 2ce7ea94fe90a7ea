# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: NumPy's own laws and whole arrays. Gaps come in blocks,
# the sum of slots from its Fourier transform, waits from a running minimum.

# %% tags=["setup"]
import math

import numpy as np


# %%
def positive(*numbers):
    for number in numbers:
        if not (np.isfinite(number) and number >= 0):
            raise ValueError("finite and not negative, please")


# %% tags=["task"] task="poisson_pmf"
def poisson_logpmf(k, mean):
    scalar = np.ndim(k) == 0 and np.ndim(mean) == 0
    k = np.asarray(k, dtype=float)
    mean = np.asarray(mean, dtype=float)
    if np.any(~np.isfinite(mean)) or np.any(mean < 0):
        raise ValueError("bad mean")
    shape = np.broadcast_shapes(k.shape, mean.shape)
    k, mean = np.broadcast_to(k, shape), np.broadcast_to(mean, shape)
    out = np.full(shape, -np.inf)
    out[(k == 0) & (mean == 0)] = 0.0
    good = (k >= 0) & (np.mod(k, 1) == 0) & (mean > 0)
    n, m = k[good], mean[good]
    out[good] = n * np.log(m) - m - stirling(n)
    return float(out) if scalar else out


def stirling(n):
    """log n!, by Stirling's series from 16 on, by adding logarithms before."""
    small = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, 16)))])
    x = np.maximum(n, 16.0)
    series = 1 / (12 * x) - 1 / (360 * x**3) + 1 / (1260 * x**5) - 1 / (1680 * x**7)
    large = x * (np.log(x) - 1) + np.log(2 * np.pi * x) / 2 + series
    return np.where(n < 16, small[np.minimum(n, 15).astype(int)], large)


def poisson_pmf(k, mean):
    p = np.exp(poisson_logpmf(k, mean))
    return float(p) if np.ndim(p) == 0 else p


# %% tags=["task"] task="poisson_error"
def poisson_error(ps):
    ps = np.array(ps, dtype=float)
    if ps.ndim != 1 or not all(0 <= p <= 1 for p in ps):
        raise ValueError("a vector of probabilities, please")
    size = ps.size + 1
    turn = np.exp(-2j * np.pi * np.arange(size) / size)
    wave = np.ones(size, dtype=complex)
    for p in ps:
        wave *= 1 - p + p * turn
    law = np.fft.ifft(wave).real
    mean = math.fsum(ps)
    limit = poisson_pmf(np.arange(size), mean)
    gap = np.sum(np.abs(law - limit)) + max(1 - np.sum(limit), 0)
    le_cam = math.fsum(p * p for p in ps)
    share = 1.0 if mean == 0 else -math.expm1(-mean) / mean
    return float(gap / 2), le_cam, le_cam * share


# %% tags=["task"] task="exponential"
def exponential(rng, rate, n):
    if not (0 < rate < np.inf) or n < 0:
        raise ValueError("bad rate or n")
    return rng.standard_exponential(n) / rate


def survival(x, s, t):
    x = np.asarray(x)
    if len(x) == 0 or s < 0 or t < 0:
        raise ValueError("bad arguments")
    late = np.count_nonzero(x > s)
    later = np.count_nonzero(x > s + t)
    return np.count_nonzero(x > t) / len(x), later / late if late else float("nan")


# %% tags=["task"] task="process_times"
def process_times(rng, rate, horizon, how):
    positive(rate, horizon)
    if how == "order":
        times = rng.uniform(0, horizon, size=rng.poisson(rate * horizon))
        times.sort()
        return times
    if how != "gaps":
        raise ValueError(how)
    blocks, end = [np.empty(0)], 0.0
    while rate and end <= horizon:
        size = int(rate * horizon - rate * end) + 10
        block = end + np.cumsum(rng.exponential(1 / rate, size))
        blocks.append(block)
        end = block[-1]
    times = np.concatenate(blocks)
    return times[times <= horizon] if horizon else np.empty(0)


# %% tags=["task"] task="thin"
def thin(rng, rate, bound, horizon):
    times = process_times(rng, bound, horizon, "gaps")
    rates = np.array([float(rate(float(t))) for t in times])
    if not np.all((rates >= 0) & (rates <= bound)):
        raise ValueError("a rate outside its bound")
    return (
        times[rng.uniform(0, bound, size=times.size) < rates] if times.size else times
    )


# %% tags=["task"] task="dispersion"
def dispersion(times, horizon, windows):
    times = np.array(times, dtype=float)
    if not (0 < horizon < np.inf) or windows < 2:
        raise ValueError("bad horizon or windows")
    if times.size and not (times.min() >= 0 and times.max() <= horizon):
        raise ValueError("outside")
    counts, _ = np.histogram(times, bins=windows, range=(0, horizon))
    if not counts.any():
        return float("nan"), float("nan")
    d = counts.var() * windows / (windows - 1) / counts.mean()
    return float(d), float((d - 1) / np.sqrt(2 / (windows - 1)))


# %% tags=["task"] task="fit_rate"
def fit_rate(x, censored=None):
    x = np.array(x, dtype=float)
    if x.ndim != 1 or len(x) == 0:
        raise ValueError("a vector, please")
    positive(*x)
    over = np.ones(len(x), dtype=bool) if censored is None else np.logical_not(censored)
    if over.shape != x.shape or not x.any():
        raise ValueError("shapes differ, or nothing was watched")
    d, total = np.count_nonzero(over), x.sum()
    if not d:
        return 0.0, 0.0, float(np.log(20) / total)
    middle = np.log(d) - np.log(total)
    return tuple(float(np.exp(middle + z / np.sqrt(d))) for z in (0, -1.96, 1.96))


# %% tags=["task"] task="covering"
def covering(times, at):
    times, at = np.array(times, dtype=float), np.array(at, dtype=float)
    if len(times) < 2 or np.any(times[1:] < times[:-1]) or np.isnan(times).any():
        raise ValueError("bad times")
    after = np.array([np.sum(times <= a) for a in at], dtype=int)
    if np.any(after < 1) or np.any(after >= len(times)) or np.isnan(at).any():
        raise ValueError("outside")
    return times[after] - times[after - 1], times[after] - at


def covering_mean(gaps):
    gaps = np.array(gaps, dtype=float)
    if gaps.size == 0 or gaps.min() < 0 or not gaps.any():
        raise ValueError("bad gaps")
    return float(np.average(gaps, weights=gaps))


# %% tags=["task"] task="queue_waits"
def queue_waits(arrivals, services):
    arrivals = np.array(arrivals, dtype=float)
    services = np.array(services, dtype=float)
    if arrivals.shape != services.shape or np.isnan([arrivals, services]).any():
        raise ValueError("bad arguments")
    if (services < 0).any() or (arrivals[1:] < arrivals[:-1]).any():
        raise ValueError("bad arguments")
    if not arrivals.size:
        return np.empty(0)
    steps = services[:-1] - np.diff(arrivals)
    walk = np.concatenate([[0.0], np.cumsum(steps)])
    return walk - np.minimum.accumulate(walk)


def mm1_wait(arrival_rate, service_rate):
    positive(arrival_rate)
    if not service_rate > 0:
        raise ValueError("no service")
    load = arrival_rate / service_rate
    return float(load / (1 - load) / service_rate) if load < 1 else float("inf")
