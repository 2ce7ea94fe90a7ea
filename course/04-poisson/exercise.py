# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# # Poisson arrivals
#
# The chapter `04-poisson` explains; this file is where you write. Fill the cells that
# raise `NotImplementedError`, one task at a time, and keep the names. The grader finds
# each task by its name and never runs the explore cells. `check("poisson_pmf")` runs
# the public tests of one task.
#
# Where a function takes an `rng`, it is a NumPy `Generator`. Draw from it what you
# like and in any order: it is the law of your answers that is judged, never single
# draws. It is the only source of chance: the same state of `rng` gives the same answer,
# and every call goes on drawing where the last one stopped.
#
# No function changes an array that it is given.

# %% tags=["setup"]
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from autograder.student import attempt, check

# %% [markdown]
# ## 1. `poisson_pmf`, with `poisson_logpmf`
# The chance of k events where `mean` of them are expected. Chapter, step 1.


# %% tags=["task"] task="poisson_pmf"
def poisson_logpmf(k: ArrayLike, mean: ArrayLike) -> "np.ndarray | float":
    """Return the natural logarithm of P(N = k), N a Poisson count with that mean.

    Args:
        k: Counts, a number or an array of ints or floats, finite, at most 1e15 in size.
        mean: The expected count, a number or an array, from 0 to 1e6. It broadcasts
            with k. Where it is 0, N is 0 for certain.

    Returns:
        float64 of the common shape, or a float where k and mean are both
        numbers. -inf where P is 0: for k below 0, k that is not whole, k > 0 with
        mean 0. Everywhere else finite, also where P itself underflows. The error is at
        most 1e-11 + 1e-14 * (k + mean) * log(k + mean + 3).

    Raises:
        ValueError: a mean is negative, NaN or infinite.
    """
    raise NotImplementedError("poisson_logpmf: chapter, step 1")


def poisson_pmf(k: ArrayLike, mean: ArrayLike) -> "np.ndarray | float":
    """Return P(N = k), with arguments, shapes and errors as in `poisson_logpmf`."""
    raise NotImplementedError("poisson_pmf: chapter, step 1")


# %% tags=["explore"]
with attempt():
    for births in range(7):
        print(f"{births} births in an hour: {poisson_pmf(births, 3.0):.4f}")

# %% tags=["check"]
check("poisson_pmf")

# %% [markdown]
# ## 2. `poisson_error`
# How far is a sum of rare events from a Poisson count? Chapter, step 2.


# %% tags=["task"] task="poisson_error"
def poisson_error(ps: np.ndarray) -> tuple[float, float, float]:
    """Return the distance of a sum of independent 0-1 variables from Poisson.

    S is the number of slots with an event: slot i has one with probability ps[i]. N is
    a Poisson count with the same mean, m = sum of ps.

    Args:
        ps: Probabilities, (n,), ints or floats in any order, n from 0 to 2000.

    Returns:
        A tuple of three floats:
        the total variation distance, 1/2 * sum over all k >= 0 of
        |P(S = k) - P(N = k)|, with an error of at most 1e-12. The k above n count too,
        where S cannot be and N can;
        Le Cam's bound, the sum of the squares p_i^2;
        Barbour and Hall's bound, (1 - exp(-m)) / m times that sum, and 0.0 where m is
        0. Both bounds have a relative error of at most 1e-12, also for tiny ps.

    Raises:
        ValueError: ps is not one-dimensional; a p lies outside 0..1 or is NaN.
    """
    raise NotImplementedError("poisson_error: chapter, step 2")


# %% tags=["explore"]
with attempt():
    for n in (3, 10, 100, 1000):
        print(n, "slots, 3 events:", poisson_error(np.full(n, 3 / n)))

# %% tags=["check"]
check("poisson_error")

# %% [markdown]
# ## 3. `exponential`, with `survival`
# Draw the gaps between events, and look at their memory. Chapter, step 3.


# %% tags=["task"] task="exponential"
def exponential(rng: np.random.Generator, rate: float, n: int) -> np.ndarray:
    """Draw n independent gaps X with P(X > t) = exp(-rate * t).

    Args:
        rng: The source of chance. `rng.random()` lies in [0, 1): it may give 0.0.
        rate: Events per unit of time, from 1e-300 to 1e300.
        n: How many gaps, n >= 0.

    Returns:
        A float64 array, (n,), every entry finite and >= 0.

    Raises:
        ValueError: the rate is zero, negative, NaN or infinite; n is negative.
    """
    raise NotImplementedError("exponential: chapter, step 3")


def survival(x: np.ndarray, s: float, t: float) -> tuple[float, float]:
    """Return how often a wait outlasts t, at first and after s have passed.

    Args:
        x: Waiting times, (n,), n >= 1.
        s: The time that has passed already, >= 0.
        t: The time that is still to come, >= 0.

    Returns:
        A tuple of two floats: the fraction of x with x > t; and, of those with x > s,
        the fraction with x > s + t, which is NaN where no x is above s.

    Raises:
        ValueError: x is empty; s or t is negative.
    """
    raise NotImplementedError("survival: chapter, step 3")


# %% tags=["explore"]
with attempt():
    waits = exponential(np.random.default_rng(4), 0.5, 100_000)
    print("mean wait", waits.mean(), "want about 2")
    print("outlasting 1: want about", math.exp(-0.5), "whatever has passed")
    for passed in (0.0, 1.0, 5.0):
        print(f"{passed} have passed: one more with", survival(waits, passed, 1.0))

# %% tags=["check"]
check("exponential")

# %% [markdown]
# ## 4. `process_times`
# One law, two ways to draw from it. Chapter, step 4.


# %% tags=["task"] task="process_times"
def process_times(
    rng: np.random.Generator, rate: float, horizon: float, how: str
) -> np.ndarray:
    """Draw the events of a Poisson process between time 0 and the horizon.

    Args:
        rng: The source of chance.
        rate: Events per unit of time, finite, >= 0.
        horizon: Where the record ends, finite, >= 0. rate * horizon is at most 1e5.
        how: "gaps": walk from event to event. "order": draw how many there are, then
            where they are. Both give answers with the same law.

    Returns:
        A float64 array of times, ascending, all in 0..horizon: empty where rate or
        horizon is 0. The number of events in any span of length t is a Poisson count
        with mean rate * t, independently for spans that do not overlap.

    Raises:
        ValueError: rate or horizon is negative, NaN or infinite; `how` is unknown.
    """
    raise NotImplementedError("process_times: chapter, step 4")


# %% tags=["explore"]
with attempt():
    clock = np.random.default_rng(4)
    for way in ("gaps", "order"):
        counts = [len(process_times(clock, 3.0, 1.0, way)) for _ in range(10_000)]
        print(way, np.bincount(counts)[:7] / 10_000)

# %% tags=["check"]
check("process_times")

# %% [markdown]
# ## 5. `thin`
# A rate that changes with time. Chapter, step 5.


# %% tags=["task"] task="thin"
def thin(
    rng: np.random.Generator,
    rate: Callable[[float], float],
    bound: float,
    horizon: float,
) -> np.ndarray:
    """Draw the events of a Poisson process whose rate changes with time.

    Draw candidates at the constant rate `bound`, and keep each one with the right
    probability.

    Args:
        rng: The source of chance.
        rate: The rate at a time: takes one float and returns a number in
            0..bound. Called once for each candidate, at its time, in ascending order.
        bound: The rate of the candidates, finite, >= 0.
        horizon: Where the record ends, finite, >= 0. bound * horizon is at most 1e5.

    Returns:
        A float64 array of times, ascending, all in 0..horizon. The number of events in
        any span is a Poisson count whose mean is the integral of the rate over it,
        independently for spans that do not overlap.

    Raises:
        ValueError: bound or horizon is negative, NaN or infinite; the rate at a
            candidate is negative, NaN or above bound.
    """
    raise NotImplementedError("thin: chapter, step 5")


# %% tags=["explore"]
with attempt():
    day = thin(np.random.default_rng(4), lambda t: 60 if 9 <= t < 12 else 6, 60, 24.0)
    print(np.histogram(day, bins=24, range=(0, 24))[0], "about 60 from 9 to 12, else 6")

# %% tags=["check"]
check("thin")

# %% [markdown]
# ## 6. `dispersion`
# Does a record look like Poisson? Chapter, step 6.


# %% tags=["task"] task="dispersion"
def dispersion(times: np.ndarray, horizon: float, windows: int) -> tuple[float, float]:
    """Compare the variance of counts with their mean.

    Cut 0..horizon into windows of equal length and count the events in each. A time on
    a border belongs to the window that begins there, the horizon itself to the last.

    Args:
        times: The events, (n,), n >= 0, in any order, each in 0..horizon.
        horizon: Where the record ends, positive and finite.
        windows: How many windows, >= 2.

    Returns:
        A tuple of two floats: D, the sample variance of the counts (divide by
        windows - 1) over their mean; and (D - 1) / sqrt(2 / (windows - 1)), how many
        standard deviations D lies above 1. Both NaN where there is no event.

    Raises:
        ValueError: a time is NaN or outside 0..horizon; the horizon is not positive and
            finite; fewer than 2 windows.
    """
    raise NotImplementedError("dispersion: chapter, step 6")


# %% tags=["explore"]
with attempt():
    events = process_times(np.random.default_rng(4), 3.0, 1000.0, "gaps")
    print("Poisson", dispersion(events, 1000.0, 1000))
    print("pairs", dispersion(np.repeat(events, 2), 1000.0, 1000))
    print("a metronome", dispersion(np.arange(0.1, 1000, 0.3), 1000.0, 1000))

# %% tags=["check"]
check("dispersion")

# %% [markdown]
# ## 7. `fit_rate`
# The rate behind some gaps, of which not all were seen to their end. Chapter, step 7.


# %% tags=["task"] task="fit_rate"
def fit_rate(
    x: np.ndarray, censored: np.ndarray | None = None
) -> tuple[float, float, float]:
    """Estimate the rate of exponential gaps, with a 95 % interval.

    Args:
        x: For each gap how long it was watched, (n,), n >= 1, ints or floats, finite
            and >= 0.
        censored: Booleans, (n,): True where watching stopped before the gap ended, so
            that x is only a lower bound. By default no gap is censored.

    Returns:
        A tuple of three floats, rate, low and high. rate is the one that makes the
        record most likely: d / (sum of all x), d the number of gaps that ended. low and
        high are rate * exp(-1.96 / sqrt(d)) and rate * exp(+1.96 / sqrt(d)). Where no
        gap ended, rate and low are 0.0 and high is log(20) / (sum of all x): the rate
        at which so long a silence has a chance of 5 %.

    Raises:
        ValueError: x is empty, not one-dimensional, holds a negative number, a NaN or
            an infinity, or sums to 0; censored has another shape than x.
    """
    raise NotImplementedError("fit_rate: chapter, step 7")


# %% tags=["explore"]
with attempt():
    gaps = exponential(np.random.default_rng(4), 2.0, 200)
    seen = np.minimum(gaps, 0.5)
    print("cut off at 0.5:", fit_rate(seen, gaps > 0.5), "want about 2")
    print("cut-off forgotten:", fit_rate(seen))

# %% tags=["check"]
check("fit_rate")

# %% [markdown]
# ## 8. `covering`, with `covering_mean`
# You turn up in the middle of a gap. How long is it? Chapter, step 8.


# %% tags=["task"] task="covering"
def covering(times: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the gaps that cover some moments, and the waits for the next event.

    Args:
        times: The events, (n,), n >= 2, ascending; several may fall on one time.
        at: The moments, (m,), m >= 0, in any order, times[0] <= at < times[-1]. At the
            very time of an event, that event has happened already.

    Returns:
        Two new float64 arrays, (m,): the length of the gap between the last event up
        to each moment and the first one after it; and the time from the moment to that
        first one.

    Raises:
        ValueError: fewer than two times, or times not ascending; a moment outside.
    """
    raise NotImplementedError("covering: chapter, step 8")


def covering_mean(gaps: np.ndarray) -> float:
    """Return the mean length of the gap that covers a moment chosen at random.

    Args:
        gaps: The lengths of gaps that follow one another, (n,), n >= 1, >= 0. The
            moment is uniform over their whole length.

    Returns:
        A float, exact up to rounding: nothing is drawn.

    Raises:
        ValueError: gaps is empty, holds a negative number or sums to 0.
    """
    raise NotImplementedError("covering_mean: chapter, step 8")


# %% tags=["explore"]
with attempt():
    buses = np.cumsum(exponential(np.random.default_rng(4), 0.1, 10_000))
    moments = np.random.default_rng(5).uniform(buses[0], buses[-1], 10_000)
    lengths, left = covering(buses, moments)
    print("mean gap", np.diff(buses).mean(), "but yours", lengths.mean())
    print("mean wait", left.mean())

# %% tags=["check"]
check("covering")

# %% [markdown]
# ## 9. `queue_waits`, with `mm1_wait`
# What random arrivals do to a single server. Chapter, step 9.


# %% tags=["task"] task="queue_waits"
def queue_waits(arrivals: np.ndarray, services: np.ndarray) -> np.ndarray:
    """Return how long each customer waits before being served.

    One server takes customers in the order of their arrival, one at a time, and never
    rests while somebody waits.

    Args:
        arrivals: Times of arrival, (n,), n >= 0, ascending; several may be equal.
        services: How long each is served, (n,), >= 0.

    Returns:
        A new float64 array, (n,): from arrival to the start of service. It costs time
        in proportion to n, which is at most 1e5.

    Raises:
        ValueError: the shapes differ; arrivals not ascending; a negative service; a
            NaN in either.
    """
    raise NotImplementedError("queue_waits: chapter, step 9")


def mm1_wait(arrival_rate: float, service_rate: float) -> float:
    """Return the mean wait before service with exponential gaps and services.

    Args:
        arrival_rate: Customers that arrive per unit of time, finite, >= 0.
        service_rate: Customers that a busy server serves per unit of time, positive.

    Returns:
        A float: the mean in the long run, inf where the queue never settles.

    Raises:
        ValueError: a negative arrival rate; a service rate that is not positive; a NaN.
    """
    raise NotImplementedError("mm1_wait: chapter, step 9")


# %% tags=["explore"]
with attempt():
    # Swap the services for the jobs of your thread pool, and this clock drives it.
    clock = np.random.default_rng(4)
    come = process_times(clock, 0.8, 50_000.0, "gaps")
    work = exponential(clock, 1.0, come.size)
    print("mean wait", queue_waits(come, work).mean(), "theory", mm1_wait(0.8, 1.0))

# %% tags=["check"]
check("queue_waits")
