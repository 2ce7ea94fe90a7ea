"""Hidden tests of `ruin`: exact, in floats, then close to 1/2, far, at the ends."""

from fractions import Fraction

import pytest
from hidden.answers import (
    CONTRACT,
    ask_all,
    floats,
    no_probabilities,
    refused,
    step,
)
from hidden.laws import ruin, ruin_of_float

from autograder.student.testing import check

STEP_6 = step(6)
NAMES = ("the probability of ruin", "the mean number of steps")


def judge_exact(student, cases):
    for (p, z, a), got in zip(cases, ask_all(student, "ruin", cases), strict=True):
        where = f"ruin({p}, {z}, {a})"
        check.plain(got, where, CONTRACT)
        good = isinstance(got, tuple) and len(got) == 2
        good = good and all(type(t) is Fraction for t in got)
        evidence = f"got {check.show(got)}, expected a tuple of two Fractions"
        check.true(good, where=where, evidence=evidence, look=CONTRACT)
        for name, one, want in zip(NAMES, got, ruin(Fraction(p), z, a), strict=True):
            check.equal(one, want, where=f"{where}: {name}", look=STEP_6)


def judge_floats(student, cases):
    for (p, z, a), got in zip(cases, ask_all(student, "ruin", cases), strict=True):
        where = f"ruin({p!r}, {z}, {a})"
        floats(got, 2, where, CONTRACT)
        for name, one, want in zip(NAMES, got, ruin_of_float(p, z, a), strict=True):
            at = {"where": f"{where}: {name}", "look": STEP_6}
            if want < 1e-290:
                check.close(one, 0.0, atol=2e-290, **at)
            else:
                check.close(one, want, rtol=1e-9, **at)


@pytest.mark.task("ruin", weight=2, core=True)
def test_the_fair_game(student):
    half = Fraction(1, 2)
    judge_exact(student, [(half, 3, 10), (half, 7, 10), (half, 1, 2)])
    judge_floats(student, [(0.5, 3, 10), (0.5, 60, 80)])


@pytest.mark.task("ruin", weight=2, core=True)
def test_exact_odds(student, rng):
    p = Fraction(int(rng.integers(1, 5)), 11)
    cases = [
        (p, 2, 7),
        (1 - p, 2, 7),
        (p, 6, 9),
        (1 - p, 6, 9),
        (Fraction(9, 19), 5, 20),
    ]
    judge_exact(student, cases)


@pytest.mark.task("ruin", weight=2, core=True)
def test_odds_in_floats(student, rng):
    p = float(rng.uniform(0.35, 0.45))
    cases = [(p, 4, 11), (1 - p, 4, 11), (p, 9, 11), (1 - p, 9, 11), (18 / 38, 50, 100)]
    judge_floats(student, cases)


@pytest.mark.task("ruin", weight=2, core=True)
def test_close_to_a_fair_game(student):
    cases = [
        (p, z, 1000)
        for p in (0.5 + 1e-13, 0.5 - 1e-12, 0.5 + 1e-9, 0.5 - 2**-53, 0.5 - 1e-6)
        for z in (30, 500, 990)
    ]
    judge_floats(student, cases)


# --- far, at the ends, games without chance, many coins, refusals ------------------


@pytest.mark.task("ruin", weight=1)
def test_powers_that_leave_the_floats(student):
    judge_floats(student, [(0.2, 300, 1000), (0.2, 995, 1000), (0.05, 3, 4000)])
    judge_floats(student, [(0.8, 300, 1000), (0.8, 5, 1000), (0.95, 3997, 4000)])


@pytest.mark.task("ruin", weight=1)
def test_tiny_probabilities(student):
    cases = [(0.6, 50, 100), (0.9, 90, 91), (0.7, 700, 900), (0.99, 60, 120)]
    judge_floats(student, [*cases, (0.999, 400, 500), (0.99, 143, 200)])


@pytest.mark.task("ruin", weight=1)
def test_games_that_are_over(student):
    ends = [(z, a) for a in (1, 6) for z in (0, a)]
    judge_exact(student, [(p, z, a) for p in (Fraction(1, 3), 1, 0) for z, a in ends])
    judge_exact(student, [(Fraction(1, 2), z, a) for z, a in ends])
    judge_floats(student, [(p, z, a) for p in (0.3, 0.5, 0.0, 1.0) for z, a in ends])


@pytest.mark.task("ruin", weight=1)
def test_games_without_chance(student):
    judge_exact(student, [(p, z, 9) for p in (0, 1, Fraction(0)) for z in (1, 2, 8)])
    judge_floats(student, [(p, z, 9) for p in (0.0, 1.0) for z in (1, 2, 8)])
    judge_floats(student, [(1e-300, 2, 5), (1 - 2**-53, 3, 5)])


@pytest.mark.task("ruin", weight=1)
def test_a_hundred_thousand_coins(student):
    judge_floats(student, [(0.5, 99_999, 100_000), (0.5 + 1e-13, 70_000, 100_000)])
    judge_floats(student, [(0.5 + 9e-15, 70_000, 100_000)])
    judge_floats(student, [(0.5 - 9e-15, 99_990, 100_000), (0.5, 50_000, 100_000)])
    judge_floats(student, [(0.6, 70_000, 100_000), (0.9, 70_000, 100_000)])
    judge_floats(student, [(0.5 - 1e-6, 99_000, 100_000), (0.5 + 1e-5, 1, 100_000)])


@pytest.mark.task("ruin", weight=1)
def test_a_hundred_coins_exactly(student):
    judge_exact(student, [(Fraction(18, 38), 50, 100), (Fraction(5, 9), 97, 100)])


@pytest.mark.task("ruin", weight=1)
def test_ruin_refuses(student):
    cases = [(what, (p, 2, 5)) for what, p in no_probabilities()]
    cases += [(f"{what} and z = 0", (p, 0, 5)) for what, p in no_probabilities()]
    cases += [(f"{what} and z = a", (p, 5, 5)) for what, p in no_probabilities()]
    cases += [
        ("with z = -1", (0.5, -1, 5)),
        ("with z > a", (0.4, 6, 5)),
        ("with z > a and an exact p", (Fraction(1, 2), 7, 5)),
        ("with a = 0", (0.5, 0, 0)),
        ("with a = -3", (Fraction(1, 3), -3, -3)),
    ]
    refused(student, "ruin", ValueError, cases)
