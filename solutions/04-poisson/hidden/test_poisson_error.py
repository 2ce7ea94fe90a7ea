"""Hidden tests of `poisson_error`: the exact distance and the two bounds."""

import math

import numpy as np
import pytest
from hidden.laws import CONTRACT, STEPS, kept, numbers, refuses

from autograder.student.testing import check

STEP = STEPS[2]


def direct(ps):
    """Return the distance and both bounds, by polynomials and exact sums."""
    law = np.ones(1)
    for p in ps:
        law = np.convolve(law, [1 - p, p])
    mean, squares = math.fsum(ps), math.fsum(p * p for p in ps)
    terms = [math.exp(-mean)]
    for k in range(1, len(ps) + 400):
        terms.append(terms[-1] * mean / k)
    padded = np.append(law, np.zeros(len(terms) - law.size))
    tv = math.fsum(abs(padded - np.array(terms))) / 2
    return tv, squares, squares * (-math.expm1(-mean) / mean if mean else 0.0)


def judge(got, ps, kind, look=STEP):
    """Check the three numbers."""
    want = direct(ps)
    where = f"poisson_error of {kind}"
    numbers(got, 3, where, look)
    check.close(got[0], want[0], atol=1e-12, where=f"{where}: distance", look=look)
    check.close(got[1], want[1], rtol=1e-12, where=f"{where}: Le Cam", look=look)
    where = f"{where}: Barbour and Hall"
    check.close(got[2], want[2], rtol=1e-12, where=where, look=look)


@pytest.mark.task("poisson_error", weight=3, core=True)
def test_unequal_slots(student, rng):
    cases = {
        "five unequal slots": rng.uniform(0.05, 0.6, size=5),
        "forty unequal slots": rng.uniform(0.0, 0.3, size=40),
        "two slots": np.array([0.3, 0.8]),
        "300 unequal slots": rng.uniform(0.0, 0.3, size=300) ** 2,
    }
    answers = [student.poisson_error(ps) for ps in cases.values()]
    for (kind, ps), got in zip(cases.items(), answers, strict=True):
        judge(got, ps, kind)


@pytest.mark.task("poisson_error", weight=2, core=True)
def test_equal_slots(student):
    cases = {(10, 0.1): 0.02931, (100, 0.01): 0.00278, (100, 0.1): 0.02583}
    answers = [student.poisson_error(np.full(n, p)) for n, p in cases]
    for (n, p), got in zip(cases, answers, strict=True):
        judge(got, np.full(n, p), f"{n} slots of {p}")


@pytest.mark.task("poisson_error", weight=2, core=True)
def test_counts_beyond_the_slots(student):
    cases = {
        "one slot of 0.9": np.array([0.9]),
        "three slots of 0.95": np.full(3, 0.95),
        "one slot of 0.25": np.array([0.25]),
        "700 slots of 0.95": np.full(700, 0.95),
    }
    answers = [student.poisson_error(ps) for ps in cases.values()]
    for (kind, ps), got in zip(cases.items(), answers, strict=True):
        judge(got, ps, kind)


@pytest.mark.task("poisson_error", weight=2)
def test_sure_and_impossible_slots(student):
    cases = {
        "zeros and ones": np.array([0.0, 1.0, 0.5, 1.0, 0.0]),
        "one sure slot": np.array([1.0]),
        "integers": np.array([1, 0, 1, 1]),
        "falling probabilities": np.array([0.9, 0.5, 0.1, 0.01]),
        "many slots, one sure": np.append(np.full(30, 0.02), 1.0),
        "single precision": np.array([0.1, 0.3, 0.7], np.float32),
        "half precision": np.array([0.1, 0.3, 0.7], np.float16),
        "200 slots of 1e-12": np.full(200, 1e-12),
    }
    answers = [student.poisson_error(ps) for ps in cases.values()]
    for (kind, ps), got in zip(cases.items(), answers, strict=True):
        judge(got, np.asarray(ps, dtype=float), kind, CONTRACT)


@pytest.mark.task("poisson_error", weight=1)
def test_no_slots(student):
    for kind, ps in (("no slots", np.zeros(0)), ("slots of 0", np.zeros(4))):
        got = student.poisson_error(ps)
        where = f"poisson_error of {kind}"
        numbers(got, 3, where)
        check.close(got, [0.0] * 3, atol=1e-12, where=where, look=CONTRACT)


@pytest.mark.task("poisson_error", weight=2)
def test_tiny_and_many(student):
    tiny = student.poisson_error(np.full(3, 1e-9))
    least = student.poisson_error(np.array([1e-60, 3e-60]))
    many = student.poisson_error(np.full(2000, 0.99))
    rare = student.poisson_error(np.full(1000, 0.003))
    for mean in (5e-11, 9.9e-6, 2.0034476756848598e-05, 9e-4):
        ps = np.array([mean / 4, 3 * mean / 4])
        judge(student.poisson_error(ps), ps, f"two slots, m = {mean:g}", CONTRACT)

    for got in (tiny, least, many):
        numbers(got, 3, "poisson_error of tiny and of many slots")
    where = "poisson_error of three slots of 1e-9"
    check.close(tiny[1], 3e-18, rtol=1e-12, where=f"{where}: Le Cam", look=CONTRACT)
    want = 3e-18 * (1 - 1.5e-9)
    where = f"{where}: Barbour and Hall"
    check.close(tiny[2], want, rtol=1e-12, where=where, look=CONTRACT)
    m, squares = 1.083e-5, 1e-10 + 8.3e-7**2
    few = student.poisson_error(np.array([8.3e-7, 1e-5]))
    want = squares, squares * (1 - m / 2 + m * m / 6)
    where = "poisson_error of slots of 8.3e-7 and 1e-5: the bounds"
    check.close(few[1:], want, rtol=1e-12, where=where, look=CONTRACT)
    full = student.poisson_error(np.full(30, 0.8))
    want = 19.2, 19.2 * -math.expm1(-24.0) / 24
    where = "poisson_error of 30 slots of 0.8: the bounds"
    check.close(full[1:], want, rtol=1e-12, where=where, look=CONTRACT)
    where = "poisson_error of slots of 1e-60: the bounds"
    check.close(least[1:], [1e-119] * 2, rtol=1e-12, where=where, look=CONTRACT)
    judge(rare, np.full(1000, 0.003), "1000 slots of 0.003", CONTRACT)

    where = "poisson_error of 2000 slots of 0.99"
    check.close(many[1], 1960.2, rtol=1e-12, where=f"{where}: Le Cam", look=CONTRACT)
    where = f"{where}: distance"
    check.close(
        many[0], big_distance(2000, 0.99), atol=1e-10, where=where, look=CONTRACT
    )


def big_distance(n, p):
    """Return the distance for equal slots, by logarithms: exp(-1980) underflows."""
    mean = n * p
    k = np.arange(n + 1)
    lf = np.array([math.lgamma(i + 1) for i in k])
    binomial = np.exp(
        lf[-1] - lf - lf[::-1] + k * math.log(p) + (n - k) * math.log1p(-p)
    )
    poisson = np.exp(k * math.log(mean) - mean - lf)
    return (float(np.sum(np.abs(binomial - poisson))) + 1 - float(np.sum(poisson))) / 2


@pytest.mark.task("poisson_error", weight=1)
def test_poisson_error_refuses(student):
    for kind, ps in (
        ("a negative probability", np.array([0.1, -0.1])),
        ("a probability above 1", np.array([1.5, 0.1])),
        ("a NaN", np.array([0.5, math.nan])),
        ("the number after 1", np.array([0.5, math.nextafter(1.0, 2.0)])),
        ("the number before 0", np.array([0.5, -5e-324])),
        ("a column", np.full((3, 1), 0.1)),
        ("a matrix", np.full((2, 2), 0.1)),
        ("a 0-d array", np.array(0.5)),
    ):
        refuses(student, "poisson_error", kind, ps)


@pytest.mark.task("poisson_error", weight=1)
def test_ps_stay(student):
    kept(student, "poisson_error", [np.array([0.5, 0.1, 0.9])])
