"""Hidden tests of `last_zero`: fair and drifting walks, edges, refusals."""

import itertools
import math
from fractions import Fraction

import pytest
from hidden.answers import ask_all, fractions, refused, step
from hidden.laws import first_visits, last_visits, visits

STEP_5 = step(5)


def judge_all(student, cases):
    answers = ask_all(student, "last_zero", cases)
    for (p, n), got in zip(cases, answers, strict=True):
        fractions(got, last_visits(Fraction(p), n), f"last_zero({p}, {n})", STEP_5)


@pytest.mark.task("last_zero", weight=2, core=True)
def test_the_fair_walk_comes_back_early_or_late(student):
    judge_all(student, [(Fraction(1, 2), 8), (Fraction(1, 2), 10)])


@pytest.mark.task("last_zero", weight=2, core=True)
def test_last_visits_of_walks_that_drift(student, rng):
    p = Fraction(int(rng.integers(1, 5)), 11)
    judge_all(student, [(p, 8), (1 - p, 6)])


@pytest.mark.task("last_zero", weight=1)
def test_odd_and_short_walks(student):
    half = Fraction(1, 2)
    cases = [(half, 9), (Fraction(1, 3), 7), (half, 0), (half, 1), (Fraction(3, 4), 2)]
    judge_all(student, cases)


@pytest.mark.task("last_zero", weight=1)
def test_last_visits_without_chance(student):
    judge_all(student, [(0, 5), (1, 4), (Fraction(1), 1), (0, 0)])


@pytest.mark.task("last_zero", weight=1)
def test_last_visits_of_a_hundred_steps(student):
    u = [Fraction(math.comb(k, k // 2), 2**k) * (k % 2 == 0) for k in range(101)]
    want = [u[k] * u[100 - k] for k in range(101)]
    (got,) = ask_all(student, "last_zero", [(Fraction(1, 2), 100)])
    fractions(got, want, "last_zero(1/2, 100)", STEP_5)


@pytest.mark.task("last_zero", weight=1)
def test_last_visits_of_many_steps_that_drift(student):
    p, n = Fraction(1, 3), 120
    u, f = visits(p, n), first_visits(p, 0, n)
    stay = [1 - back for back in itertools.accumulate(f)]
    want = [u[k] * stay[n - k] for k in range(n + 1)]
    (got,) = ask_all(student, "last_zero", [(p, n)])
    fractions(got, want, "last_zero(1/3, 120)", STEP_5)


@pytest.mark.task("last_zero", weight=1)
def test_last_zero_refuses(student):
    judge_all(student, [(Fraction(1, 2), 4)])  # 1/2 == 0.5: a cache takes them for one
    cases = [("with p = 0.5", (0.5, 4)), ("with p = 0.3 and n = 0", (0.3, 0))]
    refused(student, "last_zero", TypeError, [*cases, ("with p = 1.0", (1.0, 4))])
    cases = [
        ("with n = -1", (Fraction(1, 2), -1)),
        ("with n = -1 and p = 1", (1, -1)),
        ("with p = 2 and n = 0", (2, 0)),
        ("with p = -1/9", (Fraction(-1, 9), 4)),
        ("with p = 10/9", (Fraction(10, 9), 4)),
    ]
    refused(student, "last_zero", ValueError, cases)
