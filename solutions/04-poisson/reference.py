# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% tags=["setup"]
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

# %%
#: log(k!) of an array of whole numbers.
log_factorial = np.vectorize(lambda k: math.lgamma(k + 1), otypes=[np.float64])


# %% tags=["task"] task="poisson_pmf"
def poisson_logpmf(k: ArrayLike, mean: ArrayLike) -> "np.ndarray | float":
    """Return the natural logarithm of P(N = k), N a Poisson count with that mean."""
    k, mean = np.asarray(k, dtype=np.float64), np.asarray(mean, dtype=np.float64)
    if not np.all((mean >= 0) & np.isfinite(mean)):
        raise ValueError("a mean must be finite and not negative")
    k, mean = np.broadcast_arrays(k, mean)
    possible = (k >= 0) & (k == np.floor(k)) & ((mean > 0) | (k == 0))
    count = np.where(possible, k, 0.0)
    log_mean = np.log(np.where(mean > 0, mean, 1.0))
    logs = count * log_mean - mean - log_factorial(count)
    logs = np.where(possible, logs, -np.inf)
    return logs if logs.ndim else float(logs)


def poisson_pmf(k: ArrayLike, mean: ArrayLike) -> "np.ndarray | float":
    """Return P(N = k), with arguments, shapes and errors as in `poisson_logpmf`."""
    p = np.exp(poisson_logpmf(k, mean))
    return p if np.ndim(p) else float(p)


# %% tags=["task"] task="poisson_error"
def poisson_error(ps: np.ndarray) -> tuple[float, float, float]:
    """Return the distance of a sum of independent 0-1 variables from Poisson."""
    ps = np.asarray(ps, dtype=np.float64)
    if ps.ndim != 1 or not np.all((ps >= 0) & (ps <= 1)):
        raise ValueError("ps must be a vector of probabilities")
    law = np.ones(1)  # P(S = k) for the slots so far
    for p in ps:
        law = np.append(law * (1 - p), 0.0) + np.append(0.0, law * p)
    mean = float(np.sum(ps))
    poisson = np.exp(poisson_logpmf(np.arange(law.size), mean))
    inside = float(np.sum(np.abs(law - poisson)))
    beyond = max(0.0, 1.0 - float(np.sum(poisson)))  # the k above n
    squares = float(np.sum(ps**2))
    factor = -math.expm1(-mean) / mean if mean > 0 else 0.0
    return (inside + beyond) / 2, squares, factor * squares


# %% tags=["task"] task="exponential"
def exponential(rng: np.random.Generator, rate: float, n: int) -> np.ndarray:
    """Draw n independent gaps X with P(X > t) = exp(-rate * t)."""
    if not (rate > 0 and math.isfinite(rate)):
        raise ValueError("the rate must be positive and finite")
    if n < 0:
        raise ValueError("n must not be negative")
    return -np.log1p(-rng.random(n)) / rate


def survival(x: np.ndarray, s: float, t: float) -> tuple[float, float]:
    """Return how often a wait outlasts t, at first and after s have passed."""
    x = np.asarray(x)
    if x.size == 0:
        raise ValueError("no waiting times")
    if not (s >= 0 and t >= 0):
        raise ValueError("s and t must not be negative")
    late = x[x > s]
    later = float(np.mean(late > s + t)) if late.size else math.nan
    return float(np.mean(x > t)), later


# %% tags=["task"] task="process_times"
def process_times(
    rng: np.random.Generator, rate: float, horizon: float, how: str
) -> np.ndarray:
    """Draw the events of a Poisson process between time 0 and the horizon."""
    for number in (rate, horizon):
        if not (number >= 0 and math.isfinite(number)):
            raise ValueError("rate and horizon must be finite and not negative")
    if how not in ("gaps", "order"):
        raise ValueError(f"unknown way {how!r}")
    if rate == 0 or horizon == 0:
        return np.zeros(0)
    if how == "order":
        n = int(rng.poisson(rate * horizon))
        return np.sort(horizon * rng.random(n))
    times: list[float] = []
    now = 0.0
    while True:
        now += -math.log1p(-rng.random()) / rate
        if now > horizon:
            return np.array(times, dtype=np.float64)
        times.append(now)


# %% tags=["task"] task="thin"
def thin(
    rng: np.random.Generator,
    rate: Callable[[float], float],
    bound: float,
    horizon: float,
) -> np.ndarray:
    """Draw the events of a Poisson process whose rate changes with time."""
    kept = []
    for time in process_times(rng, bound, horizon, "order").tolist():
        here = rate(time)
        if not 0 <= here <= bound:
            raise ValueError(f"a rate of {here} at {time}, outside 0..{bound}")
        if rng.random() * bound < here:
            kept.append(time)
    return np.array(kept, dtype=np.float64)


# %% tags=["task"] task="dispersion"
def dispersion(times: np.ndarray, horizon: float, windows: int) -> tuple[float, float]:
    """Compare the variance of counts with their mean."""
    times = np.asarray(times, dtype=np.float64)
    if not (horizon > 0 and math.isfinite(horizon)):
        raise ValueError("the horizon must be positive and finite")
    if windows < 2:
        raise ValueError("at least two windows")
    if not np.all((times >= 0) & (times <= horizon)):
        raise ValueError("a time lies outside 0..horizon")
    if times.size == 0:
        return math.nan, math.nan
    places = np.floor(times * windows / horizon).astype(int)
    places = np.minimum(places, windows - 1)
    counts = np.bincount(places, minlength=windows)
    index = float(np.var(counts, ddof=1) / np.mean(counts))
    return index, (index - 1) / math.sqrt(2 / (windows - 1))


# %% tags=["task"] task="fit_rate"
def fit_rate(
    x: np.ndarray, censored: np.ndarray | None = None
) -> tuple[float, float, float]:
    """Estimate the rate of exponential gaps, with a 95 % interval."""
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 1 or x.size == 0 or not np.all((x >= 0) & np.isfinite(x)):
        raise ValueError("x must hold at least one finite time, and none below 0")
    unseen = np.zeros(x.shape, dtype=bool) if censored is None else np.asarray(censored)
    if unseen.shape != x.shape:
        raise ValueError("x and censored differ in shape")
    total = float(np.sum(x))
    if total == 0:
        raise ValueError("nothing was watched")
    ended = int(np.sum(~unseen.astype(bool)))
    if ended == 0:
        return 0.0, 0.0, math.log(20) / total
    rate = ended / total
    factor = math.exp(1.96 / math.sqrt(ended))
    return rate, rate / factor, rate * factor


# %% tags=["task"] task="covering"
def covering(times: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the gaps that cover some moments, and the waits for the next event."""
    times = np.asarray(times, dtype=np.float64)
    at = np.asarray(at, dtype=np.float64)
    if times.size < 2 or not np.all(np.diff(times) >= 0):
        raise ValueError("at least two times, ascending")
    if not np.all((at >= times[0]) & (at < times[-1])):
        raise ValueError("a moment lies outside the record")
    following = np.searchsorted(times, at, side="right")
    return times[following] - times[following - 1], times[following] - at


def covering_mean(gaps: np.ndarray) -> float:
    """Return the mean length of the gap that covers a moment chosen at random."""
    gaps = np.asarray(gaps, dtype=np.float64)
    if not np.all(gaps >= 0) or np.sum(gaps) == 0:
        raise ValueError("gaps must not be negative, nor all of them 0")
    return float(np.sum(gaps**2) / np.sum(gaps))


# %% tags=["task"] task="queue_waits"
def queue_waits(arrivals: np.ndarray, services: np.ndarray) -> np.ndarray:
    """Return how long each customer waits before being served."""
    arrivals = np.asarray(arrivals, dtype=np.float64)
    services = np.asarray(services, dtype=np.float64)
    if arrivals.shape != services.shape:
        raise ValueError("arrivals and services differ in shape")
    if not np.all(np.diff(arrivals) >= 0) or np.any(np.isnan(arrivals)):
        raise ValueError("arrivals must ascend")
    if not np.all(services >= 0):
        raise ValueError("a service cannot be negative")
    waits = np.zeros(arrivals.size)
    for i in range(1, arrivals.size):
        gap = arrivals[i] - arrivals[i - 1]
        waits[i] = max(0.0, waits[i - 1] + services[i - 1] - gap)
    return waits


def mm1_wait(arrival_rate: float, service_rate: float) -> float:
    """Return the mean wait before service with exponential gaps and services."""
    if not (arrival_rate >= 0 and service_rate > 0):
        raise ValueError("rates: arrivals not negative, services positive")
    if arrival_rate >= service_rate:
        return math.inf
    return arrival_rate / service_rate / (service_rate - arrival_rate)
