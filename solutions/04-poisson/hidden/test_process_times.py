"""Hidden tests of `process_times`: two ways, one law."""

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
    poisson_between,
    poisson_cdf,
    poisson_range,
    records,
    refuses,
    rewound,
    share,
    within,
)

from autograder.student.testing import check

STEP = STEPS[4]
WAYS = ("gaps", "order")
PATHS = 4000
MANY = {"gaps": (1000, 8), "order": (3000, 15)}  # mean counts, and what is near them


def again_and_again(lesson, seed, rate, horizon, how, times):
    """Return many records, drawn one after the other from one generator."""
    import numpy as np

    rng = np.random.default_rng(seed)
    return [lesson.process_times(rng, rate, horizon, how) for _ in range(times)]


@pytest.mark.task("process_times", weight=4, core=True)
def test_counts_and_times(student):
    rate, horizon = 0.8, 5.0
    for seed, how in zip((421, 422), WAYS, strict=True):
        got = student.run(
            again_and_again,
            seed=seed,
            rate=rate,
            horizon=horizon,
            how=how,
            times=PATHS,
        )
        where = f"process_times, {how!r}, {PATHS:,} records with 4 events expected"
        counts, first, times = records(got, horizon, where)
        total, limits = counts.sum(), poisson_range(4 * PATHS)
        within(total, limits, f"{where}: all events", STEP)
        top = 12
        follows(
            counts,
            np.arange(top),
            poisson_cdf(top - 1, 4.0),
            f"{where}: the share of records with at most k events",
            STEP,
        )
        at = np.arange(1, 20) / 20
        where_times = f"{where}: the share of events in the first k/20 of the record"
        follows(times, at * horizon, at, where_times, STEP)
        few = poisson_cdf(1, 2.0)[1]
        where_both = f"{where}: records with at most 1 event in either half"
        share((first <= 1) & (counts - first <= 1), PATHS, few**2, where_both, STEP)


@pytest.mark.task("process_times", weight=3, core=True)
def test_gaps_within_a_record(student):
    rate, horizon, times, n = 2.5, 200.0, 40, 300
    for seed, how in zip((423, 424), WAYS, strict=True):
        got = student.run(
            again_and_again,
            seed=seed,
            rate=rate,
            horizon=horizon,
            how=how,
            times=times,
        )
        where = f"process_times, {how!r}, {times} records with 500 events expected"
        counts, _, _ = records(got, horizon, where)
        limits = poisson_range(rate * horizon * times)
        within(counts.sum(), limits, f"{where}: all events", STEP)
        gaps = [np.diff(np.sort(path), prepend=0.0)[:n] for path in got]
        gaps = np.concatenate(gaps)
        levels = np.arange(1, 40) / 40
        what = f"{where}: the share of gaps up to quantile k/40 of their law"
        follows(gaps, -np.log1p(-levels) / rate, levels, what, STEP)
        long = gaps[: gaps.size // 2 * 2] > math.log(2) / rate
        what = f"{where}: how often neighbouring gaps both exceed the median"
        share(long[::2] & long[1::2], long.size // 2, 0.25, what, STEP)


@pytest.mark.task("process_times", weight=2, core=True)
def test_first_and_last(student):
    rate, horizon = 4.0, 3.0
    levels = np.arange(1, 20) / 20
    law = -np.log1p(-levels) / rate
    for seed, how in zip((425, 426), WAYS, strict=True):
        got = student.run(
            again_and_again,
            seed=seed,
            rate=rate,
            horizon=horizon,
            how=how,
            times=PATHS // 2,
        )
        where = (
            f"process_times, {how!r}, {PATHS // 2:,} records with 12 events expected"
        )
        counts, _, _ = records(got, horizon, where)
        what = f"{where}: the share of records with at most k events"
        follows(counts, np.arange(30), poisson_cdf(29, 12.0), what, STEP)
        starts = [path.min() if path.size else horizon for path in got]
        ends = [horizon - path.max() if path.size else horizon for path in got]
        what = f"{where}: the share of first events up to a time"
        follows(np.array(starts), law, levels, what, STEP)
        what = f"{where}: the share of last events within a time of the horizon"
        follows(np.array(ends), law, levels, what, STEP)


def sizes(lesson, seed, rate, horizon, how, times):
    """Return the numbers of events of many records."""
    import numpy as np

    rng, draw = np.random.default_rng(seed), lesson.process_times
    return [len(draw(rng, rate, horizon, how)) for _ in range(times)]


@pytest.mark.task("process_times", weight=1)
def test_crowded_records(student):
    n = 10_000
    crowded = 1 - float(poisson_cdf(4, 1.0)[4])
    for seed, how in zip((434, 435), WAYS, strict=True):
        counts = student.run(sizes, seed=seed, rate=2.0, horizon=0.5, how=how, times=n)
        where = f"process_times, {how!r}, {n:,} records with 1 event expected"
        got = sum(count > 4 for count in counts)
        what = f"{where}: how many have more than 4"
        within(got, poisson_range(n * crowded), what, STEP)


@pytest.mark.task("process_times", weight=1)
def test_how_much_large_counts_vary(student):
    # 1,450 is no multiple of 100, 500, 700: a rest stays for whoever splits the mean.
    n, mean = 200, 1450
    counts = student.run(sizes, seed=440, rate=2.9, horizon=500.0, how="order", times=n)
    where = f"process_times, 'order', {n} records with {mean:,} events expected"
    within(sum(counts), poisson_range(n * mean), f"{where}: all events", STEP)
    away = np.abs(np.array(counts) - mean)
    near = poisson_between(mean - 19, mean + 19, mean)  # half a standard deviation
    what = f"{where}: how many are within 19 of it"
    share(away <= 19, n, near, what, STEP)
    far = 1 - poisson_between(mean - 95, mean + 95, mean)  # two and a half
    what = f"{where}: how many are more than 95 away from it"
    within(np.count_nonzero(away > 95), poisson_range(n * far), what, STEP)


def total(lesson, seed, how, times):
    """Return the number of events of many records in which 0.008 are expected."""
    import numpy as np

    rng = np.random.default_rng(seed)
    return sum(len(lesson.process_times(rng, 0.02, 0.4, how)) for _ in range(times))


@pytest.mark.task("process_times", weight=1)
def test_process_times_repeat_from_a_state(student):
    for how in WAYS:
        asked = {"name": "process_times", "seed": 439, "args": (2.0, 30.0, how)}
        one, two = student.run(rewound, **asked)
        where = f"process_times, {how!r}, one rng put back: the second answer"
        check.close(two, one, where=where, look=CONTRACT)


@pytest.mark.task("process_times", weight=1)
def test_sparse_records(student):
    for seed, how in zip((437, 438), WAYS, strict=True):
        got = student.run(total, seed=seed, how=how, times=5000)
        what = f"process_times, {how!r}, 5,000 records with 0.008 events expected: all"
        within(got, poisson_range(40.0), what, STEP)


@pytest.mark.task("process_times", weight=2)
def test_many_events(student):
    # Of seed 474, draws by NumPy or by logarithms give over 100,100 gaps in 1e5.
    for seed, how in zip((474, 498), WAYS, strict=True):
        for rate, horizon in (
            (3000.0, 1.0),
            (1e-3, 1e6),
            (1e5, 1.0),
            (1e-10, 1e13),
            (1e12, 1e-9),
        ):
            times = student.process_times(generator(student, seed), rate, horizon, how)
            where = f"process_times, {how!r}, rate {rate:g}, horizon {horizon:g}"
            events(times, horizon, where, exact=True)
            limits = poisson_range(rate * horizon)
            within(times.size, limits, f"{where}: how many", CONTRACT)
            evidence = "more than 10 events fall on the time of another"
            few = times.size - np.unique(times).size <= 10
            check.true(few, where=where, evidence=evidence, look=CONTRACT)
            # A right record ends earlier with probability exp(-30), which is 1e-13.
            late = bool(times.size and times[-1] > horizon - 30 / rate)
            evidence = "there is no event in the last 30 mean gaps"
            check.true(late, where=where, evidence=evidence, look=STEP)
        # By chance: 0.23 ** 20 that all counts are so near to their mean.
        rng, (mean, near) = generator(student, 436), MANY[how]
        horizon = mean / 1.25
        with student.together() as batch:
            asked = [batch.process_times(rng, 1.25, horizon, how) for _ in range(20)]
        where = f"process_times, {how!r}, 20 records with {mean:,} events expected"
        asked = [events(batch.result(one), horizon, where) for one in asked]
        late = all(times.size and times[-1] > horizon - 24.0 for times in asked)
        evidence = "one has no event in its last 30 mean gaps"
        check.true(late, where=where, evidence=evidence, look=STEP)
        evidence = f"all have {mean - near:,} to {mean + near:,} events"
        apart = max(abs(times.size - mean) for times in asked)
        check.true(apart > near, where=where, evidence=evidence, look=STEP)


@pytest.mark.task("process_times", weight=2)
def test_no_events(student):
    for how in WAYS:
        for rate, horizon in ((0.0, 5.0), (3.0, 0.0), (0, 0), (1e-9, 1e-3)):
            got = student.process_times(generator(student, 429), rate, horizon, how)
            where = f"process_times, {how!r}, rate {rate:g}, horizon {horizon:g}"
            floats(got, where, size=0, double=True)


@pytest.mark.task("process_times", weight=1)
def test_simulate_goes_on(student):
    for how in WAYS:
        rng = generator(student, 430)
        one, two = (student.process_times(rng, 2.0, 100.0, how) for _ in range(2))
        again = student.process_times(generator(student, 430), 2.0, 100.0, how)
        where = f"process_times, {how!r}, two calls with one rng"
        events(one, 100.0, where, exact=True)
        events(two, 100.0, where, exact=True)
        evidence = "both return the same events"
        fresh = not np.any(np.isin(one, two))
        check.true(fresh, where=where, evidence=evidence, look=CONTRACT)
        where = f"process_times, {how!r}, two rngs of the same state: the second answer"
        check.close(again, one, where=where, look=CONTRACT)


@pytest.mark.task("process_times", weight=1)
def test_simulate_meets_a_draw_of_zero(student):
    for how in WAYS:
        for skip in range(4):
            got = student.process_times(generator(student, 431, skip), 6.0, 10.0, how)
            where = f"process_times, {how!r}, a draw of rng.random() is 0.0"
            times = events(got, 10.0, where)
            limits = poisson_range(60.0)
            within(times.size, limits, f"{where}: how many of 60", CONTRACT)


@pytest.mark.task("process_times", weight=1)
def test_simulate_refuses(student):
    for how in WAYS:
        for kind, rate, horizon in (
            ("a negative rate", -1.0, 5.0),
            ("a negative horizon", 1.0, -5.0),
            ("a rate and a horizon below 0", -1.0, -1.0),
            ("a rate of NaN", math.nan, 1.0),
            ("a horizon of NaN", 1.0, math.nan),
            ("an infinite rate", math.inf, 1.0),
            ("an infinite horizon", 1.0, math.inf),
            ("rate 0 and an infinite horizon", 0.0, math.inf),
            ("rate 0 and a negative horizon", 0.0, -1.0),
            ("a negative rate and horizon 0", -1.0, 0.0),
            ("a rate of NaN and horizon 0", math.nan, 0.0),
            ("an infinite rate and horizon 0", math.inf, 0.0),
            ("a rate just below 0", -1e-300, 1.0),
            ("a horizon just below 0", 1.0, -1e-300),
        ):
            rng = generator(student, 432)
            refuses(
                student, "process_times", f"{kind}, {how!r}", rng, rate, horizon, how
            )
    for rate, how in (
        *((1.0, "Gaps"), (0.0, "steps"), (1.0, ""), (1.0, "gap")),
        *((1.0, "Order"), (1.0, "orders"), (0.0, " gaps"), (1.0, "orde")),
    ):
        rng = generator(student, 433)
        refuses(
            student, "process_times", f"how={how!r}, rate {rate}", rng, rate, 1.0, how
        )
