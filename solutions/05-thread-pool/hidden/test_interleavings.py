"""Hidden tests of `interleavings`, against merges that are made by recursion here.

Ordinary sequences are the core; then sequences that are empty, alike or long.
"""

import itertools

import pytest

from autograder.student.testing import check

STEP_2 = "Chapter, step 2."
CONTRACT = "The contract in the docstring."


def merges_of(a, b):
    """Every merge, a first, by another road than the reference's."""
    if not a or not b:
        return [tuple(a) + tuple(b)]
    return [(a[0], *rest) for rest in merges_of(a[1:], b)] + [
        (b[0], *rest) for rest in merges_of(a, b[1:])
    ]


def compare(student, pairs, ordered):
    """Ask for all merges of each pair, then compare them."""
    got = {
        kind: list(itertools.islice(student.interleavings(a, b), 1000))
        for kind, (a, b) in pairs.items()
    }
    for kind, (a, b) in pairs.items():
        where = f"interleavings of {kind}"
        want, merges = merges_of(a, b), got[kind]
        check.equal(len(merges), len(want), where=f"{where}: how many", look=STEP_2)
        check.equal(sorted(map(repr, merges)), sorted(map(repr, want)), where=where)
        if ordered:
            where = f"{where}: in this order"
            check.equal(merges, want, where=where, look=CONTRACT)


@pytest.mark.task("interleavings", weight=2, core=True)
def test_every_merge(student, rng):
    tag = int(rng.integers(1000))
    pairs = {
        "two and three steps": ([f"a{tag}", "b"], ["x", "y", "z"]),
        "four and two steps": ((1, 2, 3, 4), (-1, -2)),
        "two strings": ("abc", "xyz"),
        "a range": (range(5), range(10, 14)),
    }
    compare(student, pairs, ordered=True)


@pytest.mark.task("interleavings", weight=1)
def test_merges_of_odd_steps(student, rng):
    tag = int(rng.integers(1000))
    pairs = {
        "no step and two steps": ([], [f"x{tag}", "y"]),
        "two steps and no step": (["a", "b"], []),
        "no steps at all": ([], []),
        "equal steps": (["s", "s"], ["s", "s"]),
        "steps that are None": ([None, 0], [None]),
        "steps that are lists": ([[1], []], [[2], [1]]),
    }
    compare(student, pairs, ordered=False)


@pytest.mark.task("interleavings", weight=1)
def test_merges_when_asked_for(student):
    a, b = list(range(200)), list(range(200, 400))
    given = student.keep(a), student.keep(b)
    merges = student.held("interleavings", *given)
    head = list(itertools.islice(merges, 3))
    later = next(iter(merges), None)
    same = [student.fetch(steps) for steps in given] == [a, b]
    few = list(itertools.islice(student.interleavings([1, 2], [3]), 2))

    where = "interleavings of 200 and 200 steps, the first three"
    want = [
        tuple(a + b),
        (*a[:-1], b[0], a[-1], *b[1:]),
        (*a[:-1], *b[:2], a[-1], *b[2:]),
    ]
    check.true(head == want, where=where, evidence="they are others", look=CONTRACT)
    evidence = "it must be an iterator, not a list"
    lazy = later not in head  # it goes on where it was
    check.true(lazy, where=where, evidence=evidence, look=CONTRACT)
    check.true(same, where=where, evidence="an argument was changed")
    many, last = list(range(499)), [-1]
    got = list(itertools.islice(student.interleavings(many, last), 3))
    want = [(*many[:k], -1, *many[k:]) for k in (499, 498, 497)]
    at = "interleavings of 499 steps and one, the first three"
    check.true(got == want, where=at, evidence="they are others", look=CONTRACT)
    where = "interleavings of two steps and one, the first two"
    check.equal(few, [(1, 2, 3), (1, 3, 2)], where=where, look=CONTRACT)
