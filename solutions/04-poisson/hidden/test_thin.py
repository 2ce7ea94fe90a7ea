"""Hidden tests of `thin`: the law of a changing rate, and when the rate is asked."""

import math

import numpy as np
import pytest
from hidden.laws import (
    CONTRACT,
    STEPS,
    events,
    floats,
    follows,
    generator,
    poisson_cdf,
    poisson_range,
    records,
    refuses,
    share,
    within,
)

from autograder.student.testing import check

STEP = STEPS[5]
PATHS = 2500
HORIZON = 4.0


def again_and_again(lesson, seed, kind, bound, horizon, times):
    """Return many records of one rate, drawn one after the other."""
    import numpy as np

    rng = np.random.default_rng(seed)
    rates = {
        "ramp": lambda t: 0.75 * t,
        "peak": lambda t: 3.0 if 1.0 <= t < 2.0 else 0.2,
        "flat": lambda t: 1.0,
    }
    draw = lesson.thin
    return [draw(rng, rates[kind], bound, horizon) for _ in range(times)]


def judge(got, mean, half, at, law, where):
    """Check counts, times and halves; `half` is the mean count of the first half."""
    counts, first, times = records(got, HORIZON, where)
    limits = poisson_range(mean * len(got))
    within(counts.sum(), limits, f"{where}: all events", STEP)
    top = 2 * round(mean) + 6
    what = f"{where}: the share of records with at most k events"
    follows(counts, np.arange(top), poisson_cdf(top - 1, mean), what, STEP)
    what = f"{where}: the share of events up to a time"
    follows(times, at, law, what, STEP)
    few = poisson_cdf(1, half)[1] * poisson_cdf(2, mean - half)[2]
    what = f"{where}: records with few events in either half"
    share((first <= 1) & (counts - first <= 2), len(got), few, what, STEP)


@pytest.mark.task("thin", weight=4, core=True)
def test_a_rising_rate(student):
    got = student.run(
        again_and_again,
        seed=441,
        kind="ramp",
        bound=3.0,
        horizon=HORIZON,
        times=PATHS,
    )
    at = np.arange(1, 20) / 5
    where = f"thin, a rate that rises from 0 to its bound, {PATHS:,} records"
    judge(got, 6.0, 1.5, at, at**2 / 16, where)


@pytest.mark.task("thin", weight=3, core=True)
def test_a_peak_under_a_high_bound(student):
    got = student.run(
        again_and_again,
        seed=442,
        kind="peak",
        bound=6.0,
        horizon=HORIZON,
        times=PATHS,
    )
    at = np.arange(1, 20) / 5
    law = (0.2 * at + 2.8 * np.clip(at - 1, 0, 1)) / 3.6
    where = f"thin, a rate with a peak, far below its bound, {PATHS:,} records"
    judge(got, 3.6, 3.2, at, law, where)


@pytest.mark.task("thin", weight=2)
def test_when_the_rate_is_asked(student):
    bound, horizon = 5.0, 40.0
    rate = check.counted(lambda t: 5.0 if t < 10 else 2.0)
    got = student.thin(generator(student, 443), rate, bound, horizon)
    where = "thin, where the rate is asked"
    times = events(got, horizon, where, exact=True)
    asked = np.array(rate.args, dtype=float)
    limits = poisson_range(bound * horizon)
    within(asked.size, limits, f"{where}: how often", CONTRACT)
    good = np.all(np.diff(asked) > 0) and asked[0] >= 0 and asked[-1] <= horizon
    evidence = "the times are not ascending in 0..horizon, each asked once"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    evidence = "an event is none of the candidates"
    check.true(np.all(np.isin(times, asked)), where=where, evidence=evidence, look=STEP)
    before, first = asked[asked < 10], times[times < 10]
    where = "thin, while the rate is its bound: how many candidates are kept"
    check.equal(first.size, before.size, where=where, look=STEP)


@pytest.mark.task("thin", weight=1)
def test_the_rate_takes_a_float(student):
    rate = check.counted(lambda t: 1)
    student.thin(generator(student, 452), rate, 2.0, 60.0)
    where = "thin, what the rate is given"
    evidence = "it is not one float at each call"
    good = rate.calls > 0 and all(isinstance(t, float) for t in rate.args)
    check.true(good, where=where, evidence=evidence, look=CONTRACT)


@pytest.mark.task("thin", weight=2)
def test_all_or_none(student):
    zero = student.thin(generator(student, 444), lambda t: 0, 5.0, 20.0)
    forty, one = check.counted(lambda t: 40), check.counted(lambda t: 1.0)
    full = student.thin(generator(student, 445), forty, 40.0, 5.0)
    still = student.thin(generator(student, 446), lambda t: 0.0, 0.0, 20.0)
    brief = student.thin(generator(student, 447), one, 2.0, 0.0)
    slow = student.thin(
        generator(student, 453), lambda t: np.int64(0) + 1e-10, 1e-10, 1e12
    )
    within(slow.size, poisson_range(100.0), "thin at a bound of 1e-10", CONTRACT)
    ints = student.thin(generator(student, 454), lambda t: np.int64(2), 2.0, 60.0)
    within(ints.size, poisson_range(120.0), "thin, rates of np.int64", CONTRACT)
    check.equal(
        forty.calls,
        full.size,
        where="thin, a rate that is its bound: calls",
        look=CONTRACT,
    )
    check.equal(one.calls, 0, where="thin, horizon 0: calls of the rate", look=CONTRACT)

    for kind, got in (
        ("a rate of 0", zero),
        ("a bound of 0", still),
        ("a horizon of 0", brief),
    ):
        floats(got, f"thin with {kind}", size=0, double=True)
    where = "thin, a rate that is its bound, 200 events expected"
    events(full, 5.0, where, exact=True)
    within(full.size, poisson_range(200.0), f"{where}: how many", CONTRACT)


@pytest.mark.task("thin", weight=1)
def test_thin_meets_a_draw_of_zero(student):
    for skip in range(24):
        rng = generator(student, 444, skip)
        none = student.thin(rng, lambda t: 0.0, 2.0, 2.0)
        where = "thin with a rate of 0, a draw of rng.random() is 0.0"
        floats(none, where, size=0)
        rate = check.counted(lambda t: 2.0)
        full = student.thin(generator(student, 444, skip), rate, 2.0, 2.0)
        where = "thin with a rate that is its bound, a draw of rng.random() is 0.0"
        check.equal(full.size, rate.calls, where=where, look=CONTRACT)


@pytest.mark.task("thin", weight=1)
def test_a_long_record(student):
    got = student.run(
        again_and_again,
        seed=448,
        kind="flat",
        bound=3.0,
        horizon=12_000.0,
        times=1,
    )[0]
    where = "thin, a constant rate of 1 under a bound of 3, 12,000 events expected"
    times = events(got, 12_000.0, where)
    within(times.size, poisson_range(12_000.0), f"{where}: how many", STEP)
    gaps = np.diff(times, prepend=0.0)[:9000]
    levels = np.arange(1, 40) / 40
    what = f"{where}: the share of gaps up to quantile k/40 of their law"
    follows(gaps, -np.log1p(-levels), levels, what, STEP)


@pytest.mark.task("thin", weight=1)
def test_thin_goes_on(student):
    rng = generator(student, 449)
    half = lambda t: 1.0  # noqa: E731
    one, two = (student.thin(rng, half, 2.0, 60.0) for _ in range(2))
    again = student.thin(generator(student, 449), half, 2.0, 60.0)
    where = "thin, two calls with one rng"
    events(one, 60.0, where, exact=True)
    evidence = "both return the same events"
    fresh = not np.any(np.isin(one, two))
    check.true(fresh, where=where, evidence=evidence, look=CONTRACT)
    where = "thin, two rngs of the same state: the second answer"
    check.close(again, one, where=where, look=CONTRACT)


@pytest.mark.task("thin", weight=1)
def test_thin_refuses(student):
    flat = lambda t: 1.0  # noqa: E731
    for kind, bound, horizon in (
        ("a negative bound", -1.0, 5.0),
        ("a negative horizon", 2.0, -5.0),
        ("a bound of NaN", math.nan, 1.0),
        ("a horizon of NaN", 2.0, math.nan),
        ("an infinite bound", math.inf, 1.0),
        ("an infinite horizon", 2.0, math.inf),
        ("a negative bound and horizon 0", -1.0, 0.0),
        ("bound 0 and a negative horizon", 0.0, -1.0),
        ("bound 0 and an infinite horizon", 0.0, math.inf),
        ("an infinite bound and horizon 0", math.inf, 0.0),
        ("a bound of NaN and horizon 0", math.nan, 0.0),
        ("a bound just below 0", -1e-300, 1.0),
    ):
        rng = generator(student, 450)
        refuses(student, "thin", kind, rng, flat, bound, horizon)
    for kind, rate in (
        ("a rate above its bound", lambda t: 2.5),
        ("a rate above its bound late on", lambda t: 1.0 if t < 25 else 2.001),
        ("a negative rate", lambda t: -0.5),
        ("a rate just above its bound", lambda t: math.nextafter(2.0, 3.0)),
        ("a rate just below 0", lambda t: -1e-300),
        ("an infinite rate", lambda t: math.inf),
        ("a rate of NaN", lambda t: math.nan),
    ):
        rng = generator(student, 451)
        refuses(student, "thin", kind, rng, rate, 2.0, 60.0)
