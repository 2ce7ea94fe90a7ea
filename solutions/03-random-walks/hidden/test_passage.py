"""Hidden tests of `passage`: one level up, further levels, below, edges, refusals."""

from fractions import Fraction

import pytest
from hidden.answers import ask_all, fractions, refused, step
from hidden.laws import first_visits

STEP_4 = step(4)


def judge_all(student, cases):
    answers = ask_all(student, "passage", cases)
    for (p, level, n), got in zip(cases, answers, strict=True):
        where = f"passage({p}, {level}, {n})"
        fractions(got, first_visits(Fraction(p), level, n), where, STEP_4)


def drift(rng):
    return Fraction(int(rng.integers(1, 5)), 11)


@pytest.mark.task("passage", weight=2, core=True)
def test_one_level_up(student, rng):
    p = drift(rng)
    judge_all(student, [(Fraction(1, 2), 1, 11), (p, 1, 10), (1 - p, 1, 9)])


@pytest.mark.task("passage", weight=2, core=True)
def test_further_levels(student, rng):
    p = drift(rng)
    judge_all(student, [(p, 2, 10), (1 - p, 3, 11), (Fraction(1, 2), 5, 12)])


@pytest.mark.task("passage", weight=2, core=True)
def test_levels_below_the_start(student, rng):
    p = drift(rng)
    judge_all(student, [(p, -1, 9), (1 - p, -2, 10), (p, -3, 9), (p, -5, 9)])


@pytest.mark.task("passage", weight=1)
def test_too_short_to_get_there(student):
    half = Fraction(1, 2)
    cases = [(half, 1, 0), (half, -1, 0), (half, 1, 1), (half, -1, 2), (half, 3, 2)]
    judge_all(student, [*cases, (half, -6, 5), (Fraction(1, 3), 4, 4), (half, 6, 3)])


@pytest.mark.task("passage", weight=1)
def test_passage_without_chance(student):
    cases = [
        (1, 1, 4),
        (1, 3, 5),
        (0, 1, 4),
        (0, -2, 5),
        (1, -1, 4),
        (Fraction(1), 2, 4),
    ]
    judge_all(student, cases)


@pytest.mark.task("passage", weight=1)
def test_sixty_steps(student):
    judge_all(
        student,
        [
            (Fraction(2, 5), 6, 60),
            (Fraction(2, 5), -1, 59),
            (Fraction(3, 8), -6, 50),
            (Fraction(3, 8), 1, 100),
        ],
    )


@pytest.mark.task("passage", weight=1)
def test_passage_refuses(student):
    judge_all(student, [(Fraction(1, 2), 1, 4)])  # 1/2 == 0.5, also for a cache
    cases = [("with p = 0.5", (0.5, 1, 4)), ("with p = 0.0", (0.0, -1, 4))]
    cases += [("with p = 1.0", (1.0, 1, 4)), ("with p = 0.3, n = 1", (0.3, 2, 1))]
    refused(student, "passage", TypeError, cases)
    half = Fraction(1, 2)
    cases = [
        ("with level 0", (half, 0, 4)),
        ("with level 0 and n = 0", (half, 0, 0)),
        ("with n = -1", (half, 1, -1)),
        ("with p = 2 and n = 0", (2, 1, 0)),
        ("with p = 2 and a level too far", (2, 3, 2)),
        ("with n = -1 and p = 1", (1, -1, -1)),
        ("with p = -1/9", (Fraction(-1, 9), 1, 4)),
        ("with p = 10/9 and a level below", (Fraction(10, 9), -1, 4)),
    ]
    refused(student, "passage", ValueError, cases)
