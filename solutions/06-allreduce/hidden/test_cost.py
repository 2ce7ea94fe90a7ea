"""Hidden tests of `cost`."""

import math

import pytest

from autograder.student.testing import check

INF = math.inf


# --- 7. cost, crossover -------------------------------------------------------------


def predicted(alg, n, size, a, b, g):
    """Return the seconds, counted step by step along the busiest rank."""
    levels = 0
    while 1 << (levels + 1) <= n:
        levels += 1
    p = 1 << levels
    if alg == "ring":
        return sum(2 * a + (2 * b + g) * size / n for _ in range(n - 1))
    if alg == "tree":
        return (levels + (p < n)) * (2 * a + (2 * b + g) * size)
    halves = sum(2 * a + (2 * b + g) * size / 2 ** (k + 1) for k in range(levels))
    return halves + (2 * a + (2 * b + g) * size if p < n else 0.0)


ALGORITHMS = ("ring", "tree", "halving_doubling")


def check_costs(student, cases):
    got = [student.cost(alg, *rest) for alg, *rest in cases]
    for (alg, n, size, a, b, *g), answer in zip(cases, got, strict=True):
        want = predicted(alg, n, size, a, b, g[0] if g else 0.0)
        where = f"cost of {alg}, n = {n}"
        check.close(answer, want, rtol=1e-9, where=where, look="Chapter, step 7.")


@pytest.mark.task("cost", weight=2, core=True)
def test_cost_of_steps_and_bytes(student):
    check_costs(student, [(alg, 8, 3e6, 1e-5, 8e-11) for alg in ALGORITHMS])
    check_costs(student, [(alg, 4, 0, 1e-5, 8e-11) for alg in ALGORITHMS])
    check_costs(student, [(alg, 16, 5e6, 0.0, 8e-11) for alg in ALGORITHMS])


@pytest.mark.task("cost", core=True)
def test_cost_of_combining(student):
    check_costs(student, [(alg, 4, 2e6, 3e-6, 1e-10, 7e-10) for alg in ALGORITHMS])
    check_costs(student, [(alg, 32, 2e3, 3e-6, 1e-10, 7e-9) for alg in ALGORITHMS])


@pytest.mark.task("cost", weight=2, core=True)
def test_cost_between_powers_of_two(student):
    cases = [(alg, n) for alg in ALGORITHMS for n in (2, 3, 5, 6, 9, 1000, 4097)]
    check_costs(student, [(alg, n, 4e5, 2e-5, 3e-10, 1e-10) for alg, n in cases])


@pytest.mark.task("cost")
def test_cost_of_one_rank_and_of_none(student):
    look = "Chapter, step 7."
    check_costs(student, [(alg, 1, 4e5, 2e-5, 3e-10, 1e-10) for alg in ALGORITHMS])
    for alg, n in (
        ("ring", 0),
        ("tree", -1),
        ("halving_doubling", 0),
        ("star", 4),
        ("star", 1),
        ("Ring", 4),
        ("", 4),
        ("halving-doubling", 4),
    ):
        where = f"cost of {alg!r}, n = {n}"
        args = (alg, n, 100, 1.0, 1.0)
        check.raises(ValueError, student.cost, *args, where=where, look=look)


def check_crossings(student, cases, **tolerance):
    look = "Chapter, step 7: two straight lines over M."
    got = [student.crossover(*args) for args, _ in cases]
    for (args, want), answer in zip(cases, got, strict=True):
        where = f"crossover from {args[0]} to {args[1]}, n = {args[2]}"
        check.close(answer, want, **tolerance, where=where, look=look)


@pytest.mark.task("cost", weight=2, core=True)
def test_crossover_of_tree_and_ring(student):
    a, b = 10e-6, 1 / 12.5e9
    cases = [
        (("tree", "ring", 4, a, b), 1.0e5),
        (("tree", "ring", 8, a, b), 4e6 / 17),
        (("tree", "ring", 64, a, b), 114 * 125_000 / (12 - 63 / 32)),
        (("tree", "ring", 8, a, b, b), 8 * 125_000 / (9 - 21 / 8)),
        (("tree", "ring", 5, 2e-6, b, 2 * b), 2 * 25_000 / (12 - 16 / 5)),
        (("tree", "ring", 8, a, 0.0, b), 8 * 125_000 / (3 - 7 / 8)),
        (("tree", "ring", 8, 1.0, 1e-13), 8e13 / (6 - 7 / 4)),
        (("tree", "ring", 8, 1e-12, b), 8 * 0.0125 / (6 - 7 / 4)),
    ]
    check_crossings(student, cases, rtol=1e-9)


@pytest.mark.task("cost", weight=2)
def test_crossover_that_always_or_never_comes(student):
    a, b, g = 8.0, 2.0**-4, 2.0**-5  # exact in every order of evaluation
    cases = [
        (("ring", "tree", 8, a, b, g), INF),  # fewer steps, more bytes
        (("ring", "tree", 4, 0.0, b), INF),
        (("tree", "ring", 4, 0.0, 0.0, g), 0.0),
        (("tree", "ring", 4, 0.0, b), 0.0),  # steps cost nothing
        (("tree", "ring", 2, a, b, g), 0.0),  # as many steps, fewer bytes
        (("ring", "tree", 2, a, b, g), INF),
        (("tree", "halving_doubling", 16, a, b, g), 0.0),
        (("tree", "halving_doubling", 5, a, b, g), 0.0),
        (("ring", "halving_doubling", 8, a, b), 0.0),  # as many bytes, fewer steps
        (("halving_doubling", "ring", 8, a, b), INF),
        (("ring", "ring", 8, a, b, g), INF),  # never strictly cheaper
        (("tree", "ring", 1, a, b), INF),
        (("ring", "tree", 4, a, 0.0), 0.0),  # bytes cost nothing
        (("tree", "ring", 4, a, 0.0), INF),
        (("tree", "ring", 4, 0.0, 0.0), INF),  # nothing costs anything
    ]
    check_crossings(student, cases)


@pytest.mark.task("cost")
def test_crossover_with_the_fold(student):
    a, b = 10e-6, 1 / 12.5e9
    cases = [
        (("halving_doubling", "ring", 5, a, b), 2 * 125_000 / (3.5 - 1.6)),
        (("halving_doubling", "ring", 6, a, b, b), 4 * 125_000 / (5.25 - 2.5)),
    ]
    check_crossings(student, cases, rtol=1e-9)
    look = "Chapter, step 7."
    for args in (
        ("tree", "star", 4, a, b),
        ("star", "ring", 4, a, b),
        ("star", "star", 4, a, b),
        ("star", "ring", 1, a, b),
        ("tree", "ring", 0, a, b),
        ("ring", "ring", 0, a, b),
    ):
        where = f"crossover from {args[0]} to {args[1]!r}, n = {args[2]}"
        check.raises(ValueError, student.crossover, *args, where=where, look=look)
