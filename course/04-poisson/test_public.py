"""Public tests of lesson 04: every sentence of the contracts, on small examples.

The hidden tests ask the same of other inputs: read the docstrings. Samples are judged
by their law. The seeds are fixed, and the margins so wide that a right sampler misses
one with probability 1e-12: `margin` is the bound of Dvoretzky, Kiefer and Wolfowitz.
"""

import math

import numpy as np
import pytest

from autograder.student.testing import check

CONTRACT = "The contract in the docstring."
STEP = [f"Chapter, step {k}." for k in range(10)]


# --- helpers ------------------------------------------------------------------------


def fresh(seed, zero_first=False):
    """Return a generator; on demand one whose first `rng.random()` is 0.0."""
    import numpy as np

    bits = np.random.PCG64(seed)
    if zero_first:  # PCG64 gives zero bits where its state is 0: go there, one back
        inner = bits.state
        inner["state"]["state"] = 0
        bits.state = inner
        bits.advance(2**128 - 1)
    return np.random.Generator(bits)


def generator(student, seed, zero_first=False):
    """Return such a generator beside your functions."""
    return student.keep_function(fresh)(seed, zero_first)


def margin(n):
    """Return how far n independent draws let a share stray from its probability."""
    return math.sqrt(math.log(2e12) / (2 * n))


def follows(sample, places, law, where, look):
    """Check the share of a sample up to each place against the law's."""
    shares = np.searchsorted(np.sort(sample), places, side="right") / len(sample)
    check.close(
        shares, law, atol=margin(len(sample)), where=where, look=look, axis_names=["at"]
    )


def share(good, n, probability, where, look):
    """Check how many of n independent cases were so, against the probability."""
    got = float(np.sum(good)) / n
    check.close(got, probability, atol=margin(n), where=where, look=look)


def poisson_share(top, mean):
    """Return P(N <= k) for k from 0 to top."""
    terms = [math.exp(-mean)]
    for k in range(1, top + 1):
        terms.append(terms[-1] * mean / k)
    return np.cumsum(terms)


def about(count, mean, where, look):
    """Check a count with a large Poisson mean: 8 standard deviations are allowed."""
    check.close(
        float(count), mean, atol=8 * math.sqrt(mean) + 8, where=where, look=look
    )


def floats(got, where, size=None):
    """Check that an answer is a float64 array of one dimension, finite."""
    good = isinstance(got, np.ndarray) and got.ndim == 1
    evidence = f"got {check.show(got)}, expected a float64 array"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    check.dtype(got, np.float64, where=where, look=CONTRACT)
    if size is not None:
        check.shape(got, (size,), where=where, look=CONTRACT)
    evidence = "an entry is NaN or infinite"
    finite = np.all(np.isfinite(got))
    check.true(finite, where=where, evidence=evidence, look=CONTRACT)


def events(got, horizon, where):
    """Check that an answer is ascending float64 times in 0..horizon."""
    floats(got, where)
    good = np.all(np.diff(got) >= 0) and np.all((got >= 0) & (got <= horizon))
    evidence = "the times are not ascending, or not in 0..horizon"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)


def many_events(got, horizon, where):
    """Check many records at once; return their counts, and all times together."""
    for times in got:
        if (
            not isinstance(times, np.ndarray)
            or times.dtype != np.float64
            or times.ndim != 1
        ):
            events(times, horizon, where)  # it says what is wrong
    counts = np.array([times.size for times in got])
    together, owner = np.concatenate(got), np.repeat(np.arange(len(got)), counts)
    falls = (np.diff(together) < 0) & (np.diff(owner) == 0)
    if falls.any():
        events(got[owner[np.argmax(falls)]], horizon, where)
    events(np.sort(together), horizon, where)
    return counts, together


def numbers(got, n, where):
    """Check that an answer is a tuple of n floats, or one float where n is 0."""
    parts = got if n and type(got) is tuple else (got,)
    good = len(parts) == max(n, 1) and all(isinstance(p, float) for p in parts)
    wanted = f"a tuple of {n} floats" if n else "a float"
    evidence = f"got {check.show(got)}, expected {wanted}"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)


def refuses(student, name, kind, *args):
    """Check that a call raises ValueError."""
    where = f"{name} with {kind}"
    check.raises(ValueError, getattr(student, name), *args, where=where, look=CONTRACT)


def kept(student, name, arrays, *rest):
    """Call a function and check that the arrays it was given are as before."""
    given = [student.keep(array) for array in arrays]
    getattr(student, name)(*given, *rest)
    for handle, before in zip(given, arrays, strict=True):
        where = f"{name}: its argument afterwards"
        check.unchanged(student.fetch(handle), before, where=where, look=CONTRACT)


# --- poisson_pmf --------------------------------------------------------------------


@pytest.mark.task("poisson_pmf")
def test_births_calls_packs_and_visits(student):
    e = math.exp
    for what, k, mean, want in (
        ("no birth in two hours, 3 an hour", 0, 6.0, e(-6)),
        ("one birth in an hour, 3 an hour", 1, 3.0, 3 * e(-3)),
        ("two calls in half an hour, one every 10 minutes", 2, 3.0, 4.5 * e(-3)),
        ("five packs in a day, 4 a day", 5, 4.0, 1024 / 120 * e(-4)),
        ("three visits in 30 s, 2 a minute", 3, 1.0, e(-1) / 6),
    ):
        got = student.poisson_pmf(k, mean)
        log = student.poisson_logpmf(k, mean)
        where = f"poisson_pmf, {what}"
        check.close(got, want, rtol=1e-10, where=where, look=STEP[1])
        where = f"poisson_logpmf, {what}"
        check.close(log, math.log(want), atol=1e-10, where=where, look=STEP[1])


@pytest.mark.task("poisson_pmf")
def test_large_counts(student):
    for k, mean in ((110, 100.0), (250, 240.0), (1200, 1000.0), (3000, 3000.5)):
        want = math.fsum(math.log(mean / i) for i in range(1, k + 1)) - mean
        log, p = student.poisson_logpmf(k, mean), student.poisson_pmf(k, mean)
        where = f"poisson_logpmf({k}, {mean})"
        size = k + mean
        near = 2 * (1e-11 + 1e-14 * size * math.log(size + 3))  # ours may err as well
        check.close(log, want, atol=near, where=where, look=CONTRACT)
        where = f"poisson_pmf({k}, {mean})"
        check.close(p, math.exp(want), rtol=2 * near, where=where, look=STEP[1])
    log = student.poisson_logpmf(3000, 2.0)
    want = 3000 * math.log(2) - 2 - math.lgamma(3001)
    where = "poisson_logpmf(3000, 2), where P underflows"
    check.close(log, want, atol=1e-6, where=where, look=CONTRACT)


@pytest.mark.task("poisson_pmf")
def test_impossible_counts(student):
    k = np.array([-2.0, 0.5, 3.0, 3.000001])
    want = [0, 0, 4.5 * math.exp(-3), 0]
    got, logs = student.poisson_pmf(k, 3.0), student.poisson_logpmf(k, 3.0)
    where = "poisson_pmf of -2, 0.5, 3, 3.000001 where 3 are expected"
    check.close(got, want, rtol=1e-10, where=where, look=CONTRACT)
    where = where.replace("pmf", "logpmf")
    want = [-math.inf, -math.inf, math.log(4.5) - 3, -math.inf]
    check.close(logs, want, rtol=1e-10, where=where, look=CONTRACT)


@pytest.mark.task("poisson_pmf")
def test_nothing_is_expected(student):
    got = student.poisson_pmf(np.array([0, 2, -1]), 0)
    logs = student.poisson_logpmf(np.array([0, 2]), 0.0)
    where = "poisson_pmf of 0, 2, -1 events where 0 are expected"
    check.close(got, [1.0, 0, 0], where=where, look=CONTRACT)
    where = "poisson_logpmf of 0 and 2 events where 0 are expected"
    check.close(logs, [0.0, -math.inf], where=where, look=CONTRACT)
    log = student.poisson_logpmf(1, 1e-14)
    where = "poisson_logpmf(1, 1e-14), where little is expected"
    check.close(log, math.log(1e-14), atol=1e-10, where=where, look=CONTRACT)


@pytest.mark.task("poisson_pmf")
def test_pmf_shapes(student):
    k, mean = np.array([[1], [2]]), np.array([1.0, 2.0, 4.0])
    grid = student.poisson_pmf(k, mean)
    logs = student.poisson_logpmf(k, mean)
    alone = student.poisson_pmf(2, 1.5), student.poisson_logpmf(2, 1.5)

    want = mean**k * np.exp(-mean) / k
    where = "poisson_pmf of k (2, 1) and mean (3,)"
    check.close(grid, want, rtol=1e-10, where=where, look=CONTRACT, dtype=np.float64)
    where = "poisson_logpmf of k (2, 1) and mean (3,)"
    check.close(logs, np.log(want), atol=1e-10, where=where, look=CONTRACT)
    numbers(alone, 2, "poisson_pmf and poisson_logpmf of two numbers")


@pytest.mark.task("poisson_pmf")
def test_pmf_refuses(student):
    for name in ("poisson_pmf", "poisson_logpmf"):
        for kind, mean in (
            ("a negative mean", -1.0),
            ("a mean of NaN", math.nan),
            ("an infinite mean", math.inf),
            ("a bad mean among good ones", np.array([2.0, -3.0])),
        ):
            refuses(student, name, kind, 2, mean)


@pytest.mark.task("poisson_pmf")
def test_pmf_leaves_its_arguments(student):
    arrays = [np.array([-1.0, 0.5, 2.0]), np.array([0.0, 2.0, 1.0])]
    for name in ("poisson_pmf", "poisson_logpmf"):
        kept(student, name, arrays)


# --- poisson_error ------------------------------------------------------------------


def judge_error(got, want, kind, look):
    """Check distance and bounds."""
    where = f"poisson_error of {kind}"
    numbers(got, 3, where)
    check.close(got[0], want[0], atol=1e-12, where=f"{where}: distance", look=look)
    check.close(got[1], want[1], rtol=1e-12, where=f"{where}: Le Cam", look=look)
    where = f"{where}: Barbour and Hall"
    check.close(got[2], want[2], rtol=1e-12, where=where, look=look)


@pytest.mark.task("poisson_error")
def test_one_slot(student):
    for p in (0.5, 1.0):
        got = student.poisson_error(np.array([p]))
        want = p * -math.expm1(-p), p * p, p * -math.expm1(-p)
        judge_error(got, want, f"one slot of {p}", STEP[2])


@pytest.mark.task("poisson_error")
def test_two_slots(student):
    # S is 0, 1, 2 with 0.375, 0.5, 0.125; N has mean 0.75.
    n = [math.exp(-0.75) * m for m in (1, 0.75, 0.28125)]
    parts = [abs(s - q) for s, q in zip((0.375, 0.5, 0.125), n, strict=True)]
    tv = (math.fsum(parts) + 1 - math.fsum(n)) / 2
    bound = 0.3125 * -math.expm1(-0.75) / 0.75
    for ps in ([0.25, 0.5], [0.5, 0.25]):
        got = student.poisson_error(np.array(ps))
        judge_error(got, (tv, 0.3125, bound), f"slots of {ps}", STEP[2])


@pytest.mark.task("poisson_error")
def test_more_slots(student):
    # S is 1 or 2 for certain of its two sure slots and two that never have an event.
    got = student.poisson_error(np.array([1, 0, 1, 0]))
    n = [math.exp(-2) * m for m in (1, 2, 2)]
    tv = (n[0] + n[1] + (1 - n[2]) + 1 - math.fsum(n)) / 2
    judge_error(
        got, (tv, 2.0, -math.expm1(-2)), "integers, sure and impossible", CONTRACT
    )
    got = student.poisson_error(np.full(1000, 0.003))
    where = "poisson_error of 1000 slots of 0.003: distance"
    numbers(got, 3, where)
    check.close(got[0], 0.00075, atol=5e-6, where=where, look=STEP[2])
    got = student.poisson_error(np.arange(300) / 1000)
    where = "poisson_error of 300 slots from 0 to 0.299: distance"
    numbers(got, 3, where)
    check.close(got[0], 0.053877304, atol=1e-8, where=where, look=STEP[2])


@pytest.mark.task("poisson_error")
def test_no_tiny_and_many_slots(student):
    for kind, ps in (("no slots", np.zeros(0)), ("two slots of 0", np.zeros(2))):
        judge_error(student.poisson_error(ps), (0.0, 0.0, 0.0), kind, CONTRACT)
    got = student.poisson_error(np.array([2e-10, 1e-10]))
    want = 5e-20 * (1 - 1.5e-10)
    where = "poisson_error of slots of 2e-10 and 1e-10: the bounds"
    numbers(got, 3, where)
    check.close(got[1:], (5e-20, want), rtol=1e-12, where=where, look=CONTRACT)
    m = 1.024e-5
    got = student.poisson_error(np.array([1e-5, 2.4e-7]))
    where = "poisson_error of slots of 1e-5 and 2.4e-7: the bounds"
    numbers(got, 3, where)
    squares = 1e-10 + 2.4e-7**2
    want = squares, squares * (1 - m / 2 + m * m / 6)
    check.close(got[1:], want, rtol=1e-12, where=where, look=CONTRACT)
    got = student.poisson_error(np.full(1000, 0.8))
    where = "poisson_error of 1000 slots of 0.8: distance"
    numbers(got, 3, where)
    check.close(got[0], 0.369899, atol=1e-6, where=where, look=CONTRACT)


@pytest.mark.task("poisson_error")
def test_error_refuses(student):
    for kind, ps in (
        ("a probability above 1", np.array([0.5, 1.01])),
        ("a negative probability", np.array([-0.01, 0.5])),
        ("a NaN", np.array([math.nan])),
        ("a matrix", np.full((1, 2), 0.5)),
    ):
        refuses(student, "poisson_error", kind, ps)
    kept(student, "poisson_error", [np.array([0.3, 0.1, 0.2])])


# --- exponential --------------------------------------------------------------------


@pytest.mark.task("exponential")
def test_exponential_law(student):
    levels = np.arange(1, 20) / 20
    for seed, rate in ((41, 0.5), (42, 20.0)):
        x = student.exponential(generator(student, seed), rate, 5000)
        where = f"exponential, rate {rate}: the share of 5,000 gaps up to quantile k/20"
        floats(x, where, 5000)
        follows(x, -np.log1p(-levels) / rate, levels, where, STEP[3])
        where = f"exponential, rate {rate}: the mean of 5,000 gaps times the rate"
        mean = float(np.mean(x) * rate)
        check.close(mean, 1.0, atol=0.12, where=where, look=STEP[3])
        long = x > math.log(2) / rate
        for kind, pairs in (
            ("neighbours", long[::2] & long[1::2]),
            ("gaps half the array apart", long[:2500] & long[2500:]),
        ):
            where = f"exponential, how often {kind} both exceed the median"
            share(pairs, 2500, 0.25, where, STEP[3])


def totals(lesson, seed, n, calls):
    """Return the totals of n gaps each, drawn call by call from one generator."""
    import numpy as np

    rng = np.random.default_rng(seed)
    return [float(np.sum(lesson.exponential(rng, 1.0, n))) for _ in range(calls)]


@pytest.mark.task("exponential")
def test_exponential_totals(student):
    """Gaps that balance each other have the right law, and totals that hardly vary."""
    for n, over in ((6, 8.0), (80, 86.0)):
        found = student.run(totals, seed=47 + n, n=n, calls=2000)
        where = f"exponential, rate 1, totals of {n} gaps: how many exceed {over:g}"
        fewer = float(poisson_share(n - 1, over)[-1])  # than n events by then
        share(np.array(found) > over, 2000, fewer, where, STEP[3])


@pytest.mark.task("exponential")
def test_exponential_draws_from_rng(student):
    rng = generator(student, 43)
    one, two = (student.exponential(rng, 1.0, 50) for _ in range(2))
    again = student.exponential(generator(student, 43), 1.0, 50)
    evidence = "both return the same gaps"
    where = "exponential, two calls with one rng"
    check.true(not np.any(one == two), where=where, evidence=evidence, look=CONTRACT)
    where = "exponential, two rngs of the same state: the second answer"
    check.close(again, one, where=where, look=CONTRACT)


@pytest.mark.task("exponential")
def test_exponential_edges(student):
    first = student.exponential(generator(student, 44, True), 2.0, 5)
    where = "exponential, the first rng.random() is 0.0"
    floats(first, where, 5)
    evidence = "a gap is negative"
    check.true(np.all(first >= 0), where=where, evidence=evidence, look=CONTRACT)
    for rate, n in ((1.0, 0), (3, 1), (1e-300, 20), (1e300, 20)):
        x = student.exponential(generator(student, 45), rate, n)
        floats(x, f"exponential, rate {rate}, n = {n}", n)
    for kind, rate, n in (
        ("rate 0", 0.0, 2),
        ("a negative rate", -1.0, 2),
        ("a rate of NaN", math.nan, 2),
        ("an infinite rate", math.inf, 2),
        ("a negative n", 1.0, -3),
    ):
        refuses(student, "exponential", kind, generator(student, 46), rate, n)


@pytest.mark.task("exponential")
def test_survival_fractions(student):
    x = np.array([0.5, 4.0, 1.5, 2.5, 8.0, 3.0, 1.0, 6.0])
    for (s, t), want in {
        (1.0, 2.0): (5 / 8, 3 / 6),
        (2.5, 0.5): (7 / 8, 3 / 4),
        (0, 3): (3 / 8, 3 / 8),
        (4.0, 2.0): (5 / 8, 1 / 2),
        (1.25, 4.0): (2 / 8, 2 / 6),
        (8.0, 1.0): (6 / 8, math.nan),
    }.items():
        got = student.survival(x, s, t)
        where = f"survival with s = {s} and t = {t}"
        numbers(got, 2, where)
        check.close(got, want, rtol=1e-12, where=where, look=STEP[3])


@pytest.mark.task("exponential")
def test_survival_refuses(student):
    refuses(student, "survival", "no waits", np.zeros(0), 0.0, 0.0)
    refuses(student, "survival", "a negative s", np.ones(2), -0.5, 1.0)
    refuses(student, "survival", "a negative t", np.ones(2), 0.5, -1.0)
    kept(student, "survival", [np.array([2.0, 1.0])], 0.5, 0.5)


# --- process_times ------------------------------------------------------------------

WAYS = ("gaps", "order")


def records(lesson, seed, rate, horizon, how, times):
    """Return many records, drawn one after the other from one generator."""
    import numpy as np

    rng = np.random.default_rng(seed)
    return [lesson.process_times(rng, rate, horizon, how) for _ in range(times)]


@pytest.mark.task("process_times")
def test_many_records(student):
    rate, horizon, n = 2.0, 1.5, 2000
    for seed, how in zip((51, 52), WAYS, strict=True):
        got = student.run(
            records, seed=seed, rate=rate, horizon=horizon, how=how, times=n
        )
        where = f"process_times, {how!r}, {n:,} records with 3 events expected"
        counts, times = many_events(got, horizon, where)
        about(counts.sum(), 3 * n, f"{where}: all events", STEP[4])
        law = poisson_share(9, 3.0)
        what = f"{where}: the share with at most k events"
        follows(counts, np.arange(10), law, what, STEP[4])
        at = np.arange(1, 10) / 10
        what = f"{where}: the share of events in the first k/10 of the record"
        follows(times, at * horizon, at, what, STEP[4])
        first = np.array([np.sum(record < horizon / 2) for record in got])
        few = poisson_share(1, 1.5)[1] ** 2
        what = f"{where}: how often either half has at most 1 event"
        share((first <= 1) & (counts - first <= 1), n, few, what, STEP[4])


@pytest.mark.task("process_times")
def test_one_long_record(student):
    levels = np.arange(1, 20) / 20
    for seed, how in zip((53, 54), WAYS, strict=True):
        times = student.process_times(generator(student, seed), 5.0, 1000.0, how)
        where = f"process_times, {how!r}, 5,000 events expected"
        events(times, 1000.0, where)
        about(times.size, 5000, f"{where}: how many", STEP[4])
        gaps = np.diff(times, prepend=0.0)[:4000]
        what = f"{where}: the share of gaps up to quantile k/20 of their law"
        follows(gaps, -np.log1p(-levels) / 5.0, levels, what, STEP[4])
        rng = generator(student, 59)
        sizes = {student.process_times(rng, 4e3, 1.0, how).size for _ in range(6)}
        where = f"process_times, {how!r}, 6 records with 4,000 events expected"
        evidence = "all have the same number of events"  # by chance: 0.0046 ** 5
        check.true(len(sizes) > 1, where=where, evidence=evidence, look=STEP[4])


@pytest.mark.task("process_times")
def test_simulate_edges(student):
    for how in WAYS:
        for rate, horizon in ((0.0, 2.0), (2.0, 0.0), (1e-6, 1e-6)):
            got = student.process_times(generator(student, 55), rate, horizon, how)
            floats(got, f"process_times, {how!r}, rate {rate}, horizon {horizon}", 0)
        rng = generator(student, 56)
        one, two = (student.process_times(rng, 1.0, 50.0, how) for _ in range(2))
        again = student.process_times(generator(student, 56), 1.0, 50.0, how)
        where = f"process_times, {how!r}, two calls with one rng"
        evidence = "both return the same events"
        differ = not np.any(np.isin(one, two))
        check.true(differ, where=where, evidence=evidence, look=CONTRACT)
        where = f"process_times, {how!r}, two rngs of the same state: the second answer"
        check.close(again, one, where=where, look=CONTRACT)
        got = student.process_times(generator(student, 57, True), 8.0, 8.0, how)
        where = f"process_times, {how!r}, the first rng.random() is 0.0: how many of 64"
        floats(got, where)
        about(got.size, 64, where, CONTRACT)


@pytest.mark.task("process_times")
def test_simulate_refuses(student):
    for kind, rate, horizon, how in (
        ("a negative rate", -0.5, 2.0, "gaps"),
        ("a negative horizon", 0.5, -2.0, "order"),
        ("a rate of NaN", math.nan, 2.0, "order"),
        ("a horizon of NaN", 1.0, math.nan, "gaps"),
        ("an infinite rate", math.inf, 1.0, "gaps"),
        ("an infinite horizon", 1.0, math.inf, "order"),
        ("an unknown way", 1.0, 1.0, "order "),
        ("an unknown way and rate 0", 0.0, 1.0, "GAPS"),
    ):
        rng = generator(student, 58)
        refuses(student, "process_times", kind, rng, rate, horizon, how)


# --- thin ---------------------------------------------------------------------------


def thinned(lesson, seed, kind, bound, horizon, times):
    """Return many records of one changing rate."""
    import numpy as np

    rng = np.random.default_rng(seed)
    rate = (lambda t: 4.0 - 2.0 * t) if kind == "falling" else (lambda t: 2.0 * (t > 1))
    return [lesson.thin(rng, rate, bound, horizon) for _ in range(times)]


@pytest.mark.task("thin")
def test_changing_rates(student):
    at = np.arange(1, 10) / 5
    for seed, kind, bound, mean, law in (
        (61, "falling", 4.0, 4.0, at - at**2 / 4),
        (62, "late", 6.0, 2.0, np.clip(at - 1, 0, 1)),
    ):
        got = student.run(
            thinned, seed=seed, kind=kind, bound=bound, horizon=2.0, times=600
        )
        where = f"thin, a {kind} rate, 600 records"
        counts, times = many_events(got, 2.0, where)
        about(counts.sum(), mean * 600, f"{where}: all events", STEP[5])
        what = f"{where}: the share with at most k events"
        follows(counts, np.arange(10), poisson_share(9, mean), what, STEP[5])
        what = f"{where}: the share of events up to a time"
        follows(times, at, law, what, STEP[5])


@pytest.mark.task("thin")
def test_thin_asks_the_rate(student):
    rate = check.counted(lambda t: 3 if t > 10 else 0)
    got = student.thin(generator(student, 63), rate, 3.0, 30.0)
    where = "thin, a rate of 0, then of its bound 3"
    events(got, 30.0, where)
    asked = np.array(rate.args, dtype=float)
    about(asked.size, 90, f"{where}: how often it is asked", CONTRACT)
    evidence = "the times asked are not ascending, or asked twice"
    ascend = np.all(np.diff(asked) > 0)
    check.true(ascend, where=where, evidence=evidence, look=CONTRACT)
    where = f"{where}: the events"
    check.close(got, asked[asked > 10], where=where, look=STEP[5])


@pytest.mark.task("thin")
def test_thin_gives_the_rate_a_float(student):
    rate = check.counted(lambda t: 1.0)
    student.thin(generator(student, 64), rate, 2.0, 20.0)
    evidence = "the rate is not given one float at each call"
    good = rate.calls > 0 and all(isinstance(t, float) for t in rate.args)
    check.true(good, where="thin", evidence=evidence, look=CONTRACT)


@pytest.mark.task("thin")
def test_thin_edges(student):
    half = lambda t: 0.5  # noqa: E731
    none = lambda t: 0.0  # noqa: E731
    for kind, rate, bound, horizon in (
        ("a rate of 0", none, 3.0, 10.0),
        ("a bound of 0", none, 0.0, 10.0),
        ("a horizon of 0", half, 1.0, 0.0),
    ):
        got = student.thin(generator(student, 65), rate, bound, horizon)
        floats(got, f"thin with {kind}", 0)
    rng = generator(student, 66)
    one, two = (student.thin(rng, half, 1.0, 60.0) for _ in range(2))
    again = student.thin(generator(student, 66), half, 1.0, 60.0)
    evidence = "both return the same events"
    differ = not np.any(np.isin(one, two))
    where = "thin, two calls with one rng"
    check.true(differ, where=where, evidence=evidence, look=CONTRACT)
    where = "thin, two rngs of the same state: the second answer"
    check.close(again, one, where=where, look=CONTRACT)


@pytest.mark.task("thin")
def test_thin_refuses(student):
    half = lambda t: 0.5  # noqa: E731
    for kind, rate, bound, horizon in (
        ("a negative bound", half, -1.0, 5.0),
        ("a negative horizon", half, 1.0, -5.0),
        ("a bound of NaN", half, math.nan, 5.0),
        ("an infinite bound", half, math.inf, 5.0),
        ("a horizon of NaN", half, 1.0, math.nan),
        ("an infinite horizon", half, 1.0, math.inf),
        ("a rate above its bound", lambda t: 1.01, 1.0, 40.0),
        ("a negative rate", lambda t: -0.01, 1.0, 40.0),
        ("a rate of NaN", lambda t: math.nan, 1.0, 40.0),
    ):
        refuses(student, "thin", kind, generator(student, 67), rate, bound, horizon)


# --- dispersion ---------------------------------------------------------------------


def judge_dispersion(got, counts, kind):
    """Check both numbers against the counts of the windows."""
    where = f"dispersion, {kind}"
    numbers(got, 2, where)
    d = float(np.var(counts, ddof=1) / np.mean(counts))
    want = d, (d - 1) * math.sqrt((len(counts) - 1) / 2)
    check.close(got, want, rtol=1e-9, atol=1e-9, where=where, look=STEP[6])


@pytest.mark.task("dispersion")
def test_dispersion(student):
    times = np.array([0.5, 0.6, 0.7, 2.5, 3.1, 3.2, 3.3, 3.9, 5.5])
    got = student.dispersion(times, 6.0, 6)
    judge_dispersion(got, [3, 0, 1, 4, 0, 1], "six windows")
    got = student.dispersion(times, 9.0, 3)
    judge_dispersion(got, [4, 5, 0], "the last window silent")
    got = student.dispersion(np.linspace(0.1, 9.9, 40), 10.0, 10)
    judge_dispersion(got, [4] * 10, "a metronome")


@pytest.mark.task("dispersion")
def test_dispersion_borders(student):
    got = student.dispersion(np.array([2.0, 0.0, 4.0, 1.0, 1.0]), 4.0, 4)
    judge_dispersion(got, [1, 2, 1, 1], "events on borders, in any order")
    got = student.dispersion(np.array([4, 1, 4]), 4, 2)
    judge_dispersion(got, [1, 2], "integers, two at the horizon")
    got = student.dispersion(np.array([3.5, 0.5, 3.6]), 4.0, 4)
    judge_dispersion(got, [1, 0, 0, 2], "times in any order")


@pytest.mark.task("dispersion")
def test_no_dispersion(student):
    got = student.dispersion(np.zeros(0), 4.0, 4)
    numbers(got, 2, "dispersion without events")
    where = "dispersion without events"
    check.close(got, [math.nan] * 2, where=where, look=CONTRACT)


@pytest.mark.task("dispersion")
def test_dispersion_refuses(student):
    times = np.array([1.0, 2.0])
    for kind, what, horizon, windows in (
        ("a time after the horizon", times, 1.5, 2),
        ("a time before 0", -times, 3.0, 2),
        ("a time of NaN", np.array([math.nan]), 3.0, 2),
        ("a horizon of 0", np.zeros(0), 0.0, 2),
        ("a negative horizon", np.zeros(0), -1.0, 2),
        ("an infinite horizon", times, math.inf, 2),
        ("a horizon of NaN", times, math.nan, 2),
        ("one window", times, 3.0, 1),
    ):
        refuses(student, "dispersion", kind, what, horizon, windows)
    kept(student, "dispersion", [np.array([2.0, 1.0])], 3.0, 3)


# --- fit_rate -----------------------------------------------------------------------


def judge_fit(got, want, kind, look=STEP[7]):
    """Check rate and interval."""
    where = f"fit_rate, {kind}"
    numbers(got, 3, where)
    check.close(got, want, rtol=1e-12, where=where, look=look)


@pytest.mark.task("fit_rate")
def test_fit_rate(student):
    width = math.exp(0.98)  # 1.96 / sqrt(4)
    got = student.fit_rate(np.array([2.0, 5.0, 0.5, 0.5]))
    judge_fit(got, (0.5, 0.5 / width, 0.5 * width), "four gaps")
    flags = np.array([True, False, False, True, False, False])
    got = student.fit_rate(np.array([10, 1, 2, 3, 4, 0]), flags)
    judge_fit(got, (0.2, 0.2 / width, 0.2 * width), "six gaps, two censored")
    got = student.fit_rate(np.array([3.0, 1.0]), np.array([False, False]))
    width = math.exp(1.96 / math.sqrt(2))
    judge_fit(got, (0.5, 0.5 / width, 0.5 * width), "two gaps, none censored")
    width = math.exp(0.196)
    got = student.fit_rate(np.full(100, 0.25))
    judge_fit(got, (4.0, 4 / width, 4 * width), "a hundred gaps")


@pytest.mark.task("fit_rate")
def test_fit_rate_edges(student):
    got = student.fit_rate(np.array([1.5, 2.5]), np.array([True, True]))
    judge_fit(got, (0.0, 0.0, math.log(20) / 4), "all censored", CONTRACT)
    got = student.fit_rate(np.array([0.25]))
    width = math.exp(1.96)
    judge_fit(got, (4.0, 4 / width, 4 * width), "one gap", CONTRACT)
    got = student.fit_rate(np.array([200, 130], dtype=np.uint8))
    width = math.exp(1.96 / math.sqrt(2))
    want = 2 / 330, 2 / 330 / width, 2 / 330 * width
    judge_fit(got, want, "small integers", CONTRACT)


@pytest.mark.task("fit_rate")
def test_fit_rate_refuses(student):
    for kind, args in (
        ("no gaps", (np.zeros(0),)),
        ("a negative gap", (np.array([2.0, -1.0]),)),
        ("a gap of NaN", (np.array([2.0, math.nan]),)),
        ("an infinite gap", (np.array([math.inf, 1.0]),)),
        ("gaps of 0", (np.zeros(2),)),
        ("a matrix", (np.ones((1, 3)),)),
        ("too few flags", (np.ones(2), np.array([True]))),
        ("a matrix of flags", (np.ones(2), np.zeros((2, 2), dtype=bool))),
    ):
        refuses(student, "fit_rate", kind, *args)
    kept(student, "fit_rate", [np.array([2.0, 1.0]), np.array([True, False])])


# --- covering -----------------------------------------------------------------------


def judge_covering(got, gaps, waits, kind, look=STEP[8]):
    """Check gaps and waits."""
    where = f"covering, {kind}"
    evidence = f"got {check.show(got)}, expected a tuple of two arrays"
    pair = isinstance(got, tuple) and len(got) == 2
    check.true(pair, where=where, evidence=evidence, look=CONTRACT)
    for name, part, want in (("gaps", got[0], gaps), ("waits", got[1], waits)):
        floats(part, f"{where}: {name}", len(want))
        check.close(part, want, rtol=1e-12, where=f"{where}: {name}", look=look)


@pytest.mark.task("covering")
def test_covering(student):
    times = np.array([1.0, 2.0, 6.0, 6.5])
    got = student.covering(times, np.array([1.5, 3.0, 5.5, 6.25]))
    judge_covering(got, [1, 4, 4, 0.5], [0.5, 3, 0.5, 0.25], "four moments")
    got = student.covering(times, np.array([4.0, 1.25]))
    judge_covering(got, [4, 1], [2, 0.75], "moments in any order", CONTRACT)
    got = student.covering(times, np.zeros(0))
    judge_covering(got, [], [], "no moments", CONTRACT)


@pytest.mark.task("covering")
def test_covering_on_events(student):
    got = student.covering(np.array([1.0, 2.0, 6.0]), np.array([2.0]))
    judge_covering(got, [4], [4], "at an event", CONTRACT)


@pytest.mark.task("covering")
def test_covering_at_the_first_event(student):
    got = student.covering(np.array([1.0, 2.0]), np.array([1.0]))
    judge_covering(got, [1], [1], "at the first event", CONTRACT)


@pytest.mark.task("covering")
def test_covering_ties(student):
    got = student.covering(np.array([1, 4, 4, 9]), np.array([4, 8]))
    judge_covering(got, [5, 5], [5, 1], "two events at a time, integers", CONTRACT)


@pytest.mark.task("covering")
def test_covering_refuses(student):
    times = np.array([1.0, 2.0, 6.0])
    for kind, what, at in (
        ("a moment before the first event", times, 0.9),
        ("a moment at the last event", times, 6.0),
        ("a moment after the last event", times, 7.0),
        ("a moment of NaN", times, math.nan),
        ("falling times", np.array([1.0, 6.0, 2.0, 7.0]), 1.5),
    ):
        refuses(student, "covering", kind, what, np.array([1.5, at]))
    refuses(student, "covering", "one event", np.array([1.0]), np.zeros(0))
    kept(student, "covering", [times, np.array([1.25, 4.5])])


@pytest.mark.task("covering")
def test_covering_mean(student):
    for kind, gaps, want in (
        ("gaps of 1 and 9", np.array([1.0, 9.0]), 8.2),
        ("one gap", np.array([2.5]), 2.5),
        ("integers", np.array([1, 2, 3]), 14 / 6),
        ("a gap of 0", np.array([0.0, 3.0]), 3.0),
        ("small integers", np.array([20, 20], dtype=np.int8), 20.0),
    ):
        got = student.covering_mean(gaps)
        where = f"covering_mean of {kind}"
        numbers(got, 0, where)
        check.close(got, want, rtol=1e-12, where=where, look=STEP[8])
    for kind, gaps in (
        ("no gaps", np.zeros(0)),
        ("gaps of 0", np.zeros(2)),
        ("a negative gap", np.array([2.0, -1.0, 2.0])),
    ):
        refuses(student, "covering_mean", kind, gaps)
    kept(student, "covering_mean", [np.array([2.0, 1.0])])


# --- queue_waits --------------------------------------------------------------------


def judge_waits(got, want, kind, look=STEP[9]):
    """Check waits."""
    where = f"queue_waits, {kind}"
    floats(got, where, len(want))
    check.close(got, want, atol=1e-12, where=where, look=look)


@pytest.mark.task("queue_waits")
def test_queue_waits(student):
    arrivals = np.array([1.0, 2.0, 3.0, 9.0, 9.5])
    services = np.array([2.5, 1.0, 3.0, 1.0, 4.0])
    got = student.queue_waits(arrivals, services)
    judge_waits(got, [0, 1.5, 1.5, 0, 0.5], "five customers")
    got = student.queue_waits(np.array([0, 1 / 7, 1 / 3]), np.array([2 / 3, 1 / 11, 1]))
    judge_waits(got, [0, 2 / 3 - 1 / 7, 1 / 3 + 1 / 11], "waits of 11/21 and 14/33")


@pytest.mark.task("queue_waits")
def test_queue_waits_edges(student):
    got = student.queue_waits(np.array([-2, -2, -2]), np.array([3, 1, 2]))
    judge_waits(got, [0, 3, 4], "three at once, integers", CONTRACT)
    got = student.queue_waits(np.zeros(0), np.zeros(0))
    judge_waits(got, [], "nobody", CONTRACT)
    small = np.array([90, 90, 90], dtype=np.int8)
    got = student.queue_waits(np.array([0, 1, 2], dtype=np.int8), small)
    judge_waits(got, [0, 89, 178], "small integers", CONTRACT)


@pytest.mark.task("queue_waits")
def test_queue_waits_refuses(student):
    pair = np.array([1.0, 2.0])
    for kind, arrivals, services in (
        ("one service for two", pair, np.ones(1)),
        ("three services for two", pair, np.ones(3)),
        ("falling arrivals", np.array([2.0, 1.0]), np.ones(2)),
        ("a negative service", pair, np.array([1.0, -1.0])),
        ("a NaN among the services", pair, np.array([1.0, math.nan])),
        ("an arrival of NaN", np.array([math.nan]), np.ones(1)),
    ):
        refuses(student, "queue_waits", kind, arrivals, services)
    kept(student, "queue_waits", [pair, np.array([2.0, 3.0])])


@pytest.mark.task("queue_waits")
def test_mm1_wait(student):
    for arrivals, services, want in ((3.0, 4.0, 0.75), (1.0, 4.0, 1 / 12), (0, 3, 0.0)):
        got = student.mm1_wait(arrivals, services)
        where = f"mm1_wait({arrivals}, {services})"
        numbers(got, 0, where)
        check.close(got, want, rtol=1e-12, where=where, look=STEP[9])


@pytest.mark.task("queue_waits")
def test_mm1_overrun(student):
    got = student.mm1_wait(5.0, 4.0)
    numbers(got, 0, "mm1_wait(5, 4)")
    check.close(got, math.inf, where="mm1_wait(5, 4)", look=STEP[9])


@pytest.mark.task("queue_waits")
def test_mm1_balance(student):
    got = student.mm1_wait(4.0, 4.0)
    check.close(got, math.inf, where="mm1_wait(4, 4)", look=STEP[9])


@pytest.mark.task("queue_waits")
def test_mm1_refuses(student):
    for kind, arrivals, services in (
        ("a negative arrival rate", -0.5, 1.0),
        ("a service rate of 0", 0.5, 0.0),
        ("a negative service rate", 0.5, -1.0),
        ("an arrival rate of NaN", math.nan, 1.0),
        ("a service rate of NaN", 1.0, math.nan),
    ):
        refuses(student, "mm1_wait", kind, arrivals, services)
