"""Hidden tests of `walk_pmf`: exact laws, floats, then sizes, edges and refusals."""

from fractions import Fraction

import numpy as np
import pytest
from hidden.answers import (
    CONTRACT,
    ask_all,
    fractions,
    is_array,
    no_probabilities,
    refused,
    step,
)
from hidden.laws import ends, pmf_at

from autograder.student.testing import check

STEP_1 = step(1)


def exact_law(n, p):
    law = ends(n, Fraction(p))
    return [law.get(x, Fraction(0)) for x in range(-n, n + 1)]


def judge_floats(got, n, p, where):
    """Compare a whole law, n up to some tens, with the exact one."""
    is_array(got, (2 * n + 1,), np.float64, where)
    want = np.array([float(t) for t in exact_law(n, p)])
    evidence = "where S_n cannot be, the probability must be exactly 0"
    empty = not np.any(got[1::2])
    check.true(empty, where=where, evidence=evidence, look=STEP_1)
    rtol = 1e-12 * (n + 1)
    check.close(got, want, rtol=rtol, atol=2e-290, where=where, look=STEP_1)


@pytest.mark.task("walk_pmf", weight=2, core=True)
def test_exact_laws(student, rng):
    chance = Fraction(int(rng.integers(1, 6)), 13)
    cases = [(5, chance), (6, 1 - chance), (4, Fraction(1, 2)), (9, Fraction(1, 5))]
    for (n, p), got in zip(cases, ask_all(student, "walk_pmf", cases), strict=True):
        fractions(got, exact_law(n, p), f"walk_pmf({n}, {p})", STEP_1)


@pytest.mark.task("walk_pmf", weight=2, core=True)
def test_float_laws(student, rng):
    cases = [(7, float(rng.uniform(0.2, 0.4))), (8, 0.8), (6, 0.5), (30, 0.03)]
    for (n, p), got in zip(cases, ask_all(student, "walk_pmf", cases), strict=True):
        judge_floats(got, n, p, f"walk_pmf({n}, {p:.3g})")


@pytest.mark.task("walk_pmf", weight=2, core=True)
def test_a_long_walk_in_floats(student):
    cases = [(1200, 0.3), (2001, 0.5)]
    for (n, p), got in zip(cases, ask_all(student, "walk_pmf", cases), strict=True):
        where = f"walk_pmf({n}, {p})"
        is_array(got, (2 * n + 1,), np.float64, where)
        for k in (n // 5, n // 3, n // 2, 2 * n // 3):
            place = f"{where}: P(S_n = {2 * k - n})"
            want = pmf_at(n, p, k)
            rtol = 1e-12 * (n + 1)
            look = "Neither the count nor the power fits into a float. " + STEP_1
            check.close(float(got[2 * k]), want, rtol=rtol, where=place, look=look)
        where = f"{where}: the sum"
        check.close(float(np.sum(got)), 1.0, rtol=1e-8, where=where, look=STEP_1)


# --- the longest walk, sure walks, no walk, kinds of numbers, refusals --------------


@pytest.mark.task("walk_pmf", weight=1)
def test_the_longest_walk(student):
    n, p = 100_000, 0.5005
    got = student.walk_pmf(n, p)
    small = student.walk_pmf(1100, 0.4)
    where = f"walk_pmf({n:,}, {p})"
    is_array(got, (2 * n + 1,), np.float64, where)
    for k in (n // 2, 50_300, 45_000):
        want = pmf_at(n, p, k)
        place = f"{where}: P(S_n = {2 * k - n})"
        check.close(float(got[2 * k]), want, rtol=1e-7, where=place, look=STEP_1)
    for x, entry in ((-n, 0), (n, -1)):
        place = f"{where}: P(S_n = {x:,}), too small for a float"
        value = float(got[entry])
        check.close(value, 0.0, atol=2e-290, where=place, look=CONTRACT)
    want = pmf_at(1100, 0.4, 300)
    where = "walk_pmf(1100, 0.4): P(S_n = -500), which is tiny"
    check.close(float(small[600]), want, rtol=2e-9, where=where, look=STEP_1)
    cases = [(1000, 0.5), (1090, 0.49), (1000, 0.1), (120, 4e-7)]
    thin, under, rare, short = ask_all(student, "walk_pmf", cases)
    for law, n, p, k in (
        (under, 1090, 0.49, 500),
        (rare, 1000, 0.1, 500),
        (short, 120, 4e-7, 50),
    ):
        where = f"walk_pmf({n}, {p}), where a power underflows: P(S_n = {2 * k - n})"
        want = pmf_at(n, p, k)
        check.close(float(law[2 * k]), want, rtol=2e-9, where=where, look=STEP_1)
    for k in (5, 20):  # the first is 8e-289
        want = pmf_at(1000, 0.5, k)
        where = f"walk_pmf(1000, 0.5): P(S_n = {2 * k - 1000}), above 1e-290"
        check.close(float(thin[2 * k]), want, rtol=2e-9, where=where, look=STEP_1)
    want = pmf_at(1100, 0.4, 1)
    where = "walk_pmf(1100, 0.4): P(S_n = -1098), which is tiny"
    check.close(float(small[2]), want, rtol=2e-9, where=where, look=STEP_1)


@pytest.mark.task("walk_pmf", weight=1)
def test_walks_without_chance(student):
    cases = [(3, 0.0), (3, 1.0), (0, 0.3), (0, 0.0), (0, 1.0), (1, 1e-300)]
    exact = [(3, 0), (3, 1), (0, 0), (0, 1), (0, Fraction(1, 3))]
    exact += [(1, Fraction(2, 3)), (4, Fraction(1))]
    got = ask_all(student, "walk_pmf", cases + exact)
    for (n, p), law in zip(cases, got, strict=False):
        judge_floats(law, n, p, f"walk_pmf({n}, {p})")
    for (n, p), law in zip(exact, got[len(cases) :], strict=True):
        fractions(law, exact_law(n, p), f"walk_pmf({n}, {p!r})", CONTRACT)


@pytest.mark.task("walk_pmf", weight=1)
def test_exact_means_exact(student):
    p = Fraction(10**18 + 1, 2 * 10**18)
    cases = [(12, p), (70, Fraction(2, 5)), (70, Fraction(1, 2))]
    got, long, fair = ask_all(student, "walk_pmf", cases)
    fractions(fair, exact_law(70, Fraction(1, 2)), "walk_pmf(70, 1/2)", STEP_1)
    fractions(long, exact_law(70, Fraction(2, 5)), "walk_pmf(70, 2/5)", STEP_1)
    (far,) = ask_all(student, "walk_pmf", [(200, Fraction(2, 5))])
    fractions(far, exact_law(200, Fraction(2, 5)), "walk_pmf(200, 2/5)", STEP_1)
    fractions(got, exact_law(12, p), "walk_pmf(12, p) with a p of 19 digits", STEP_1)


@pytest.mark.task("walk_pmf", weight=1)
def test_walk_pmf_refuses(student):
    cases = [(what, (3, p)) for what, p in no_probabilities()]
    cases += [(f"{what}, no steps", (0, p)) for what, p in no_probabilities()]
    cases += [("with n = -1", (-1, 0.5)), ("with n = -2", (-2, Fraction(1, 2)))]
    refused(student, "walk_pmf", ValueError, cases)
