"""Hidden tests of `exponential` and `survival`: the law of gaps, and its memory."""

import math

import numpy as np
import pytest
from hidden.laws import (
    CONTRACT,
    STEPS,
    floats,
    follows,
    generator,
    kept,
    mean_range,
    numbers,
    poisson_cdf,
    refuses,
    rewound,
    share,
    within,
)

from autograder.student.testing import check

STEP = STEPS[3]
N = 20_000


@pytest.mark.task("exponential", weight=3, core=True)
def test_law_of_gaps(student):
    levels = np.arange(1, 40) / 40
    for seed, rate in ((401, 0.25), (402, 8.0)):
        x = student.exponential(generator(student, seed), rate, N)
        where = f"exponential, rate {rate}, {N:,} gaps"
        floats(x, where, size=N)
        within(
            np.mean(x) * rate,
            mean_range(N),
            f"{where}: their mean times the rate",
            STEP,
        )
        where = f"{where}: the share of gaps up to quantile k/40"
        follows(x, -np.log1p(-levels) / rate, levels, where, STEP)


@pytest.mark.task("exponential", weight=2, core=True)
def test_gaps_are_independent(student):
    x = student.exponential(generator(student, 403), 2.0, N)
    where = f"exponential, {N:,} gaps"
    floats(x, where, size=N)
    long = x > math.log(2) / 2
    for kind, pairs in (
        ("neighbours", long[::2] & long[1::2]),
        ("a gap and the one half the array later", long[: N // 2] & long[N // 2 :]),
        ("a gap and its mirror image", (long & long[::-1])[: N // 2]),
    ):
        where = f"exponential: how often {kind} both exceed the median"
        share(pairs, N // 2, 0.25, where, STEP)
    check.true(
        len(np.unique(x)) > N - 5,
        where="exponential",
        evidence="gaps are repeated",
        look=STEP,
    )


def many_calls(lesson, seed, n, calls):
    """Return the gaps of many calls with one generator, one after the other."""
    import numpy as np

    rng = np.random.default_rng(seed)
    return np.concatenate([lesson.exponential(rng, 1.0, n) for _ in range(calls)])


@pytest.mark.task("exponential", core=True)
def test_totals_of_gaps(student):
    """Gaps that balance each other have the right law, and totals that hardly vary."""
    for seed, n, calls, over in ((412, 6, 4000, 8.0), (414, 128, 600, 134.4)):
        gaps = student.run(many_calls, seed=seed, n=n, calls=calls)
        where = f"exponential, rate 1, {calls:,} calls for {n} gaps"
        gaps = floats(gaps, where, size=calls * n).reshape(calls, n)
        longer = float(poisson_cdf(n - 1, over)[-1])  # fewer than n events by then
        what = f"{where}: how many totals exceed {over:g}"
        share(gaps.sum(axis=1) > over, calls, longer, what, STEP)
        long = gaps > math.log(2)
        what = f"{where}: how often the first exceeds the median"
        share(long[:, 0], calls, 0.5, what, STEP)
        what = f"{where}: how often the first and the second exceed it"
        share(long[:, 0] & long[:, 1], calls, 0.25, what, STEP)


@pytest.mark.task("exponential", weight=2)
def test_exponential_goes_on(student):
    rng = generator(student, 404)
    first, second = (student.exponential(rng, 3.0, 500) for _ in range(2))
    again = student.exponential(generator(student, 404), 3.0, 500)
    other = student.exponential(generator(student, 405), 3.0, 500)

    where = "exponential, two calls with one rng"
    floats(first, where, size=500)
    evidence = "both return the same gaps"
    check.true(
        not np.any(first == second), where=where, evidence=evidence, look=CONTRACT
    )
    evidence = "rngs of different seeds give the same gaps"
    check.true(
        not np.any(first == other), where=where, evidence=evidence, look=CONTRACT
    )
    where = "exponential, two rngs of the same state: the second answer"
    check.close(again, first, where=where, look=CONTRACT)


@pytest.mark.task("exponential", weight=1)
def test_exponential_repeats_from_a_state(student):
    one, two = student.run(rewound, name="exponential", seed=413, args=(3.0, 50))
    where = "exponential, one rng put back to its state before: the second answer"
    check.close(two, one, where=where, look=CONTRACT)


@pytest.mark.task("exponential", weight=2)
def test_exponential_meets_a_draw_of_zero(student):
    for skip in (0, 3):
        rng = generator(student, 406, skip)
        x = student.exponential(rng, 0.5, 8)
        where = "exponential, a draw of rng.random() is 0.0"
        floats(x, where, size=8)
        evidence = "a gap is negative"
        check.true(np.all(x >= 0), where=where, evidence=evidence, look=CONTRACT)


@pytest.mark.task("exponential", weight=1)
def test_both_tails(student):
    n = 100_000
    x = student.exponential(generator(student, 411), 1.0, n)
    where = f"exponential, rate 1, {n:,} gaps"
    floats(x, where, size=n)
    # Each of the two misses with probability (1 - 30 / n) ** n, which is 1e-13.
    evidence = "none is above 8.2, where 30 are expected"
    check.true(np.max(x) > math.log(n / 30), where=where, evidence=evidence, look=STEP)
    evidence = "none is below 0.0003, where 30 are expected"
    check.true(np.min(x) < 30 / n, where=where, evidence=evidence, look=STEP)


@pytest.mark.task("exponential", weight=1)
def test_extreme_rates_and_sizes(student):
    slow, fast = (
        student.exponential(generator(student, 407), rate, 2000)
        for rate in (1e-300, 1e300)
    )
    none = student.exponential(generator(student, 408), 1.0, 0)
    one = student.exponential(generator(student, 409), 2, 1)

    for x, rate in ((slow, 1e-300), (fast, 1e300)):
        where = f"exponential, rate {rate}"
        floats(x, where, size=2000)
        where = f"{where}: the mean times the rate"
        within(np.mean(x * rate), mean_range(2000), where, CONTRACT)
    floats(none, "exponential, n = 0", size=0, double=True)
    floats(one, "exponential, n = 1, an integer rate", size=1, double=True)


@pytest.mark.task("exponential", weight=1)
def test_exponential_refuses(student):
    for kind, rate, n in (
        ("rate 0", 0.0, 3),
        ("a negative rate", -2.0, 3),
        ("a rate of NaN", math.nan, 3),
        ("an infinite rate", math.inf, 3),
        ("a negative n", 1.0, -1),
        ("rate 0 and n = 0", 0.0, 0),
        ("a rate of NaN and n = 0", math.nan, 0),
        ("an infinite rate and n = 0", math.inf, 0),
    ):
        refuses(student, "exponential", kind, generator(student, 410), rate, n)


@pytest.mark.task("exponential", weight=3, core=True)
def test_survival(student, rng):
    x = rng.exponential(1.0, size=400) + rng.uniform(0, 0.2, size=400)
    cases = [(0.5, 1.0), (2.0, 0.25), (0.0, 0.7), (0.3, 0.0)]
    answers = [student.survival(x, s, t) for s, t in cases]
    for (s, t), got in zip(cases, answers, strict=True):
        where = f"survival with s = {s} and t = {t}"
        numbers(got, 2, where, STEP)
        late = [v for v in x if v > s]
        want = (
            sum(v > t for v in x) / len(x),
            sum(v > s + t for v in late) / len(late),
        )
        check.close(got, want, rtol=1e-12, where=where, look=STEP)


@pytest.mark.task("exponential", weight=2)
def test_survival_on_the_edge(student):
    x = np.array([2, 1, 3, 3, 5, 8])
    cases = {
        (1, 2): (4 / 6, 2 / 5),
        (3, 5): (1 / 6, 0.0),
        (2.5, 0.5): (1.0, 2 / 4),
        (0, 1): (5 / 6, 5 / 6),
        (8, 0.0): (1.0, math.nan),
        (100, 3): (2 / 6, math.nan),
    }
    answers = [student.survival(x, s, t) for s, t in cases]
    alone = student.survival(np.array([0.0]), 0, 0)
    bytes_ = student.survival(np.array([1, 5, 200], dtype=np.uint8), 2, 4)
    check.close(
        bytes_, (2 / 3, 0.5), rtol=1e-12, where="survival of uint8", look=CONTRACT
    )
    tie = student.survival(np.array([0.4]), 0.3, 0.1)
    check.close(
        tie, (1.0, 0.0), where="survival of [0.4], s = 0.3, t = 0.1", look=CONTRACT
    )
    beside = student.survival(np.array([1 + 1e-9, 1.0, 2.0]), 0.5, 1.0)
    check.close(
        beside, (2 / 3, 1 / 3), rtol=1e-12, where="survival beside t", look=CONTRACT
    )
    for ((s, t), want), got in zip(cases.items(), answers, strict=True):
        where = f"survival of [2, 1, 3, 3, 5, 8] with s = {s} and t = {t}"
        numbers(got, 2, where)
        check.close(got, want, rtol=1e-12, where=where, look=CONTRACT)
    where = "survival of [0] with s = 0 and t = 0"
    check.close(alone, (0.0, math.nan), where=where, look=CONTRACT)


@pytest.mark.task("exponential", weight=1)
def test_survival_refuses(student):
    refuses(student, "survival", "no waiting times", np.zeros(0), 1.0, 1.0)
    refuses(student, "survival", "a negative s", np.ones(3), -1.0, 1.0)
    refuses(student, "survival", "a negative t", np.ones(3), 1.0, -0.5)
    refuses(student, "survival", "an s just below 0", np.ones(3), -1e-300, 1.0)
    refuses(student, "survival", "a t just below 0", np.ones(3), 1.0, -1e-300)
    refuses(student, "survival", "s 0 and a negative t", np.ones(3), 0.0, -1.0)
    refuses(student, "survival", "s and t negative", np.ones(3), -1.0, -1.0)
    kept(student, "survival", [np.array([3.0, 1.0, 2.0])], 0.5, 1.0)
