"""Hidden tests of `interleavings`."""

import pytest
from hidden.common import CONTRACT, STEP_2

from autograder.student.testing import check

# --- interleavings and lost_updates -------------------------------------------------


def first_merges(lesson, a, b, n):
    """Return the first n merges, and whether they come lazily and a, b stay."""
    import itertools

    kept = list(a), list(b)
    given = lesson.interleavings(a, b)
    merges = list(itertools.islice(given, n))
    return merges, iter(given) is given, (list(a), list(b)) == kept


def merges_of(a, b):
    """Every merge, a first, by another road than the reference's."""
    if not a or not b:
        return [tuple(a) + tuple(b)]
    return [(a[0], *rest) for rest in merges_of(a[1:], b)] + [
        (b[0], *rest) for rest in merges_of(a, b[1:])
    ]


@pytest.mark.task("interleavings", weight=2)
def test_every_merge(student, rng):
    tag = int(rng.integers(1000))
    pairs = {
        "two and three steps": ([f"a{tag}", "b"], ["x", "y", "z"]),
        "four and two steps": ((1, 2, 3, 4), (-1, -2)),
        "no step and two steps": ([], ["x", "y"]),
        "two steps and no step": (["a", "b"], []),
        "no steps at all": ([], []),
        "equal steps": (["s", "s"], ["s", "s"]),
        "steps that are None": ([None, 0], [None]),
        "two strings": ("abc", "xyz"),
        "a range": (range(5), range(10, 14)),
    }
    got = {
        k: student.run(first_merges, a=a, b=b, n=1000) for k, (a, b) in pairs.items()
    }
    long = [[("a", i) for i in range(200)], [("b", i) for i in range(200)]]
    head, lazy, _ = student.run(first_merges, a=long[0], b=long[1], n=3)

    for kind, (a, b) in pairs.items():
        where = f"interleavings of {kind}"
        want = merges_of(a, b)
        merges, lazy, same = got[kind]
        check.equal(len(merges), len(want), where=f"{where}: how many", look=STEP_2)
        check.equal(sorted(map(repr, merges)), sorted(map(repr, want)), where=where)
        check.equal(merges, want, where=f"{where}: in this order", look=CONTRACT)
        check.true(same, where=where, evidence="an argument was changed")
        evidence = "it must be an iterator, not a list"
        check.true(lazy, where=where, evidence=evidence, look=CONTRACT)
    where = "interleavings of 200 and 200 steps, the first three"
    a, b = long
    want = [
        tuple(a + b),
        (*a[:-1], b[0], a[-1], *b[1:]),
        (*a[:-1], *b[:2], a[-1], *b[2:]),
    ]
    check.true(head == want, where=where, evidence="they are others", look=CONTRACT)
