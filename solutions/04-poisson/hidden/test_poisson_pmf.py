"""Hidden tests of `poisson_pmf` and `poisson_logpmf`."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hidden.laws import CONTRACT, STEPS, number, refuses

from autograder.student.testing import check

STEP = STEPS[1]


def exact(k, mean):
    """Return P(N = k), from rational numbers but for exp."""
    m = Fraction(mean)
    return float(m**k / math.factorial(k)) * math.exp(-mean)


def log_exact(k, mean):
    """Return log P(N = k) from the logarithms of the single factors."""
    factors = math.fsum(math.log(mean / i) for i in range(1, k + 1))
    return factors - mean


@pytest.mark.task("poisson_pmf", weight=3, core=True)
def test_probabilities(student, rng):
    mean = float(rng.uniform(2.0, 5.0))
    k = np.arange(12)
    got = student.poisson_pmf(k, mean)
    logs = student.poisson_logpmf(k, mean)
    few = student.poisson_pmf(2, 0.25)

    want = [exact(int(i), mean) for i in k]
    where = "poisson_pmf of 0 to 11 events"
    check.close(got, want, rtol=1e-10, where=where, look=STEP)
    where = "poisson_logpmf of 0 to 11 events"
    check.close(logs, np.log(want), atol=1e-10, where=where, look=STEP)
    where = "poisson_pmf of 2 events where 0.25 are expected"
    check.close(few, exact(2, 0.25), rtol=1e-10, where=where, look=STEP)


@pytest.mark.task("poisson_pmf", weight=2, core=True)
def test_where_factorials_overflow(student):
    cases = [(120, 100.0), (200, 180.0), (400, 300.5), (900, 1000.0), (5000, 5000.0)]
    cases += [(150, 800.0), (100, 1000.0), (170, 700.0), (0, 705.0)]
    cases += [(k, 20.0) for k in (12, 15, 20, 25)]
    got = [student.poisson_logpmf(k, mean) for k, mean in cases]
    direct = [student.poisson_pmf(k, mean) for k, mean in cases]
    for (k, mean), log, p in zip(cases, got, direct, strict=True):
        want = log_exact(k, mean)
        where = f"poisson_logpmf({k}, {mean})"
        size = k + mean
        near = 2 * (1e-11 + 1e-14 * size * math.log(size + 3))  # ours may err as well
        check.close(log, want, atol=near, where=where, look=STEP)
        where = f"poisson_pmf({k}, {mean})"
        check.close(p, math.exp(want), rtol=2 * near, where=where, look=STEP)


@pytest.mark.task("poisson_pmf", weight=2)
def test_extremes(student):
    tiny = student.poisson_logpmf(1, 1e-15)
    far = student.poisson_logpmf(2000, 1.0)
    few = student.poisson_logpmf(0, 1e6)
    large = student.poisson_pmf(1_000_000, 1e6)
    beside = student.poisson_pmf(1_003_000, 1e6)
    huge = student.poisson_logpmf(1e15, 3.0)
    none_or_many = student.poisson_logpmf(np.array([0, 10**15]), 3.0)
    none = student.poisson_pmf(0, 1e6)

    least = student.poisson_logpmf(1, 1e-300)
    check.close(
        least,
        math.log(1e-300),
        atol=1e-10,
        where="poisson_logpmf(1, 1e-300)",
        look=CONTRACT,
    )
    k = 200_000
    middle = student.poisson_logpmf(k, 2e5)
    want = -math.log(2 * math.pi * k) / 2 - 1 / (12 * k)
    where = "poisson_logpmf(200000, 2e5)"
    check.close(middle, want, atol=6e-8, where=where, look=CONTRACT)
    where = "poisson_logpmf(1, 1e-15)"
    check.close(tiny, math.log(1e-15), atol=1e-10, where=where, look=CONTRACT)
    where = "poisson_logpmf(2000, 1)"
    check.close(far, log_exact(2000, 1.0), atol=1e-6, where=where, look=CONTRACT)
    check.close(few, -1e6, atol=1e-6, where="poisson_logpmf(0, 1e6)", look=CONTRACT)
    where = "poisson_pmf(1e6, 1e6)"
    want = math.exp(-1 / 12e6) / math.sqrt(2 * math.pi * 1e6)
    check.close(large, want, rtol=1e-6, where=where, look=CONTRACT)
    where = "poisson_pmf(1003000, 1e6)"
    x = 3e-3
    away = math.exp(-1e6 * ((1 + x) * math.log1p(x) - x))
    want = away / math.sqrt(2 * math.pi * 1.003e6) * math.exp(-1 / (12 * 1.003e6))
    check.close(beside, want, rtol=1e-6, where=where, look=CONTRACT)
    where = "poisson_logpmf(1e15, 3)"
    k = 1e15
    want = k * (math.log(3) - math.log(k) + 1) - 3 - math.log(2 * math.pi * k) / 2
    check.close(huge, want, rtol=1e-13, where=where, look=CONTRACT)
    where = "poisson_logpmf([0, 10**15], 3)"
    check.close(none_or_many, [-3.0, want], rtol=1e-13, where=where, look=CONTRACT)
    check.close(none, 0.0, where="poisson_pmf(0, 1e6)", look=CONTRACT)


@pytest.mark.task("poisson_pmf", weight=2)
def test_counts_that_cannot_be(student):
    k = np.array([-3.0, -1.0, 0.5, 1.999999, 2.0, -0.5, 0.0])
    got = student.poisson_pmf(k, 2.0)
    logs = student.poisson_logpmf(k, 2.0)
    alone = student.poisson_pmf(-1, 3.0)
    hardly = student.poisson_pmf(np.nextafter(2.0, 3.0), 3.0)

    want = np.array([0, 0, 0, 0, 2.0, 0, 1.0]) * math.exp(-2)
    where = "poisson_pmf of -3, -1, 0.5, 1.999999, 2, -0.5, 0 where 2 are expected"
    check.close(got, want, rtol=1e-10, where=where, look=CONTRACT)
    with np.errstate(divide="ignore"):
        want = np.log(want)
    where = where.replace("pmf", "logpmf")
    check.close(logs, want, rtol=1e-10, where=where, look=CONTRACT)
    check.equal(alone, 0.0, where="poisson_pmf(-1, 3)", look=CONTRACT)
    where = "poisson_pmf of the number after 2"
    check.equal(hardly, 0.0, where=where, look=CONTRACT)


@pytest.mark.task("poisson_pmf", weight=1)
def test_mean_zero(student):
    got = student.poisson_pmf(np.array([0, 1, 5, -1]), 0.0)
    logs = student.poisson_logpmf(np.array([0, 1, 5]), 0)
    mixed = student.poisson_pmf(1, np.array([0.0, 1.0]))

    where = "poisson_pmf of 0, 1, 5, -1 events where 0 are expected"
    check.close(got, [1.0, 0, 0, 0], where=where, look=CONTRACT)
    where = "poisson_logpmf of 0, 1, 5 events where 0 are expected"
    check.close(logs, [0.0, -np.inf, -np.inf], where=where, look=CONTRACT)
    where = "poisson_pmf of 1 event where 0 and 1 are expected"
    check.close(mixed, [0, math.exp(-1)], rtol=1e-12, where=where, look=CONTRACT)


def kind_of_answer(lesson, name):
    """Return the name of the type of the answer to two numbers of NumPy."""
    import numpy as np

    return type(getattr(lesson, name)(np.int64(2), np.float64(3))).__name__


def of_turned(lesson, name):
    """Return the answer to counts in Fortran order."""
    import numpy as np

    return getattr(lesson, name)(np.arange(12).reshape(2, 3, 2).T, 2.5)


@pytest.mark.task("poisson_pmf", weight=2)
def test_shapes_and_kinds(student):
    k, mean = np.array([[0], [3], [7]]), np.array([0.5, 4.0])
    for name in ("poisson_pmf", "poisson_logpmf"):
        function = getattr(student, name)
        grid, one = function(k, mean), function(2, 3)
        listed = function([2, 3], [1.5, 2.5])
        empty = function(np.zeros(0), 1.0)
        means = function(2, np.array([1.0, 2.0, 3.0]))
        lone = function(np.array([2]), 3.0)
        single = np.array([1.1, 700.3], np.float32)
        rounded = function(np.array([1, 650]), single)

        where = f"{name} of k (3, 1) and mean (2,)"
        want = np.array([[exact(int(i), m) for m in mean] for i in k[:, 0]])
        pairs = np.array([exact(2, 1.5), exact(3, 2.5)])
        row = np.array([exact(2, m) for m in (1.0, 2.0, 3.0)])
        exactly = [exact(k, float(m)) for k, m in zip((1, 650), single, strict=True)]
        if name == "poisson_logpmf":
            want, pairs, row = np.log(want), np.log(pairs), np.log(row)
            exactly = np.log(exactly)
        check.close(grid, want, rtol=1e-9, where=where, look=CONTRACT, dtype=np.float64)
        check.close(listed, pairs, rtol=1e-9, where=f"{name} of lists", look=CONTRACT)
        where = f"{name} of one k and three means"
        check.close(means, row, rtol=1e-9, where=where, look=CONTRACT)
        where = f"{name} of means in single precision"
        check.close(rounded, exactly, rtol=1e-9, where=where, look=CONTRACT)
        check.shape(empty, (0,), where=f"{name} of no counts", look=CONTRACT)
        check.shape(lone, (1,), where=f"{name} of an array of one", look=CONTRACT)
        number(one, f"{name} of two numbers")
        evidence = f"got {student.run(kind_of_answer, name=name)}, expected a float"
        where = f"{name} of an np.int64 and an np.float64"
        good = evidence.startswith("got float")
        check.true(good, where=where, evidence=evidence, look=CONTRACT)
        turned = student.run(of_turned, name=name)
        want = [exact(i, 2.5) for i in range(12)]
        want = np.reshape(want, (2, 3, 2)).T
        want = np.log(want) if name == "poisson_logpmf" else want
        where = f"{name} of k (2, 3, 2), transposed"
        check.close(turned, want, rtol=1e-9, where=where, look=CONTRACT)
        half = function(np.array([2048], dtype=np.float16), 2000.0)
        want = log_exact(2048, 2000.0)
        want = want if name == "poisson_logpmf" else math.exp(want)
        check.close(half, [want], rtol=1e-8, where=f"{name} of float16", look=CONTRACT)
        none = function(2, np.zeros(0))
        check.shape(none, (0,), where=f"{name} of no means", look=CONTRACT)
        small = function(np.array([127], dtype=np.int8), 100.0)
        want = exact(127, 100.0)
        want = math.log(want) if name == "poisson_logpmf" else want
        check.close(small, [want], rtol=1e-9, where=f"{name} of int8", look=CONTRACT)


@pytest.mark.task("poisson_pmf", weight=1)
def test_poisson_pmf_refuses(student):
    for name in ("poisson_pmf", "poisson_logpmf"):
        for kind, mean in (
            ("a negative mean", -0.5),
            ("a mean of NaN", math.nan),
            ("an infinite mean", math.inf),
            ("one negative mean of three", np.array([1.0, -1.0, 2.0])),
            ("a mean just below 0", -1e-300),
            ("an infinite mean after another", np.array([1.0, math.inf])),
            ("a mean of NaN after another", np.array([1.0, math.nan])),
        ):
            refuses(student, name, kind, 1, mean)
        refuses(student, name, "a negative mean and k below 0", -1, -2.0)
        refuses(student, name, "a negative mean and no k", np.zeros(0), -2.0)


@pytest.mark.task("poisson_pmf", weight=1)
def test_poisson_pmf_leaves_its_arguments(student):
    for name in ("poisson_pmf", "poisson_logpmf"):
        arrays = [np.array([-1.0, 0.0, 0.5, 3.0]), np.array([0.0, 1.0, 2.0, 3.0])]
        given = [student.keep(array) for array in arrays]
        function = getattr(student, name)
        function(given[0], given[1])
        for handle, before in zip(given, arrays, strict=True):
            where = f"{name}: its argument afterwards"
            check.unchanged(student.fetch(handle), before, where=where, look=CONTRACT)
