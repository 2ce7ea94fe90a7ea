"""Hidden tests of `returns`: both laws, their exactness, edges and refusals."""

import math
from fractions import Fraction

import pytest
from hidden.answers import CONTRACT, ask_all, fractions, refused, step
from hidden.laws import first_visits, visits

from autograder.student.testing import check

STEP_3 = step(3)


def judge(got, p, n):
    where = f"returns({p}, {n})"
    check.plain(got, where, CONTRACT)
    evidence = f"got {check.show(got)}, expected a tuple of two lists"
    good = isinstance(got, tuple) and len(got) == 2
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    fractions(got[0], visits(p, n), f"{where}: u", STEP_3)
    fractions(got[1], first_visits(p, 0, n), f"{where}: f", STEP_3)


def judge_all(student, cases):
    for (p, n), got in zip(cases, ask_all(student, "returns", cases), strict=True):
        judge(got, p, n)


@pytest.mark.task("returns", weight=2, core=True)
def test_the_fair_walk(student):
    judge_all(student, [(Fraction(1, 2), 12), (Fraction(1, 2), 7)])


@pytest.mark.task("returns", weight=2, core=True)
def test_walks_that_drift(student, rng):
    p = Fraction(int(rng.integers(1, 5)), 11)
    judge_all(student, [(p, 10), (1 - p, 9), (Fraction(3, 4), 8)])


@pytest.mark.task("returns", weight=1)
def test_short_walks_and_walks_without_chance(student):
    half = Fraction(1, 2)
    judge_all(
        student, [(half, 0), (half, 1), (half, 2), (0, 6), (1, 6), (Fraction(1), 5)]
    )


@pytest.mark.task("returns", weight=1)
def test_a_hundred_steps(student):
    p = Fraction(3, 7)
    (got,) = ask_all(student, "returns", [(p, 150)])
    u = [Fraction(0)] * 151
    for k in range(0, 151, 2):
        u[k] = math.comb(k, k // 2) * (p * (1 - p)) ** (k // 2)
    f = [Fraction(0), Fraction(0)] + [u[k] / (k - 1) for k in range(2, 151)]
    where = "returns(3/7, 150)"
    good = isinstance(got, tuple) and len(got) == 2
    evidence = f"got {check.show(got)}, expected a tuple of two lists"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    fractions(got[0], u, f"{where}: u", STEP_3)
    fractions(got[1], f, f"{where}: f", STEP_3)


@pytest.mark.task("returns", weight=1)
def test_returns_refuses(student):
    judge_all(student, [(Fraction(1, 2), 4)])  # 1/2 == 0.5: a cache takes them for one
    cases = [("with p = 0.5", (0.5, 4)), ("with p = 1.0", (1.0, 4))]
    cases += [("with p = 0.3 and n = 0", (0.3, 0))]
    refused(student, "returns", TypeError, cases)
    cases = [
        ("with p = -1/9", (Fraction(-1, 9), 4)),
        ("with p = 10/9", (Fraction(10, 9), 4)),
        ("with p = 2", (2, 4)),
        ("with n = -1", (Fraction(1, 2), -1)),
        ("with n = -1 and p = 1", (1, -1)),
        ("with p = 2 and n = 0", (2, 0)),
    ]
    refused(student, "returns", ValueError, cases)
