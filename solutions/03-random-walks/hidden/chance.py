"""Counts of independent trials, and when one is too far from what it should be.

A count X of N independent trials of probability p is refused where
N (s ln(s/p) + (1-s) ln((1-s)/(1-p))) > LIMIT, s being X/N. By Chernoff's bound a right
sampler is refused with a probability below 2 exp(-LIMIT) = 1.9e-13, for every N and p.
NOTES.md says what follows for a class, and which wrong samplers are always refused.
"""

import itertools
import math

import numpy as np
from hidden.laws import ends

from autograder.student.testing import check

LIMIT = 30.0


def distance(hits, trials, p):
    """Return N KL(X/N || p), the exponent of Chernoff's bound, 0 < p < 1."""
    share, total = np.asarray(hits) / trials, 0.0
    for seen, meant in ((share, p), (1 - share, 1 - p)):
        total = total + seen * np.log(np.where(seen > 0, seen / meant, 1.0))
    return trials * total


def is_likely(hits, trials, p):
    """Tell whether a count may come from trials of probability p."""
    return bool(distance(hits, trials, p) <= LIMIT)


def judge_count(hits, trials, p, where, look):
    """Check one count; a right sampler never fails."""
    check.true(
        is_likely(hits, trials, p),
        where=where,
        evidence=f"a share of {hits / trials:.4f} in {trials:,}, expected {p:.4f}: "
        "no accident",
        look=look,
    )


def walk_counts(paths, p):
    """Yield what is counted in paths: words, hits, trials, probability.

    Each count is of trials that are independent in a right sample. Several samples may
    be stacked in front: then hits are arrays.
    """
    up = np.diff(paths, axis=-1) > 0
    walks, n = up.shape[-2:]
    same = p * p + (1 - p) * (1 - p)

    def total(array):
        return np.count_nonzero(array, axis=(-2, -1))

    def odd(steps):
        """Count where an odd number of three goes up, and how likely that is."""
        one, two, three = steps
        return total(one ^ two ^ three), math.prod(one.shape[-2:]), 0.5 - lean**3 / 2

    lean = 1 - 2 * p
    yield "steps up, all together", total(up), walks * n, p
    for k in range(n):
        hits = total(up[..., k : k + 1])
        yield f"steps up, step {k + 1} of each walk", hits, walks, p
    for j, k in itertools.combinations(range(n), 2):
        hits = total(up[..., j : j + 1] == up[..., k : k + 1])
        what = f"steps {j + 1} and {k + 1} of each walk"
        yield f"{what}: how often they are equal", hits, walks, same
    for some in itertools.combinations(range(n), 3):
        what = "steps {}, {} and {} of each walk".format(*(k + 1 for k in some))
        counted = odd([up[..., k : k + 1] for k in some])
        yield f"{what}: how often an odd number of them goes up", *counted
    middle, third = walks // 2, walks // 3
    last = 3 * third - 3  # so many that each of three beginnings leaves as many
    triples = [[slice(k + j, k + last, 3) for j in range(3)] for k in range(3)]
    triples = [("three neighbouring walks", parts) for parts in triples]
    apart = [slice(j * third, (j + 1) * third) for j in range(3)]
    for what, parts in (*triples, ("three walks far apart", apart)):
        counted = odd([up[..., part, :] for part in parts])
        yield f"the same step of {what}: how often an odd number goes up", *counted
    for what, left, right in (
        ("a step and the next of a walk", up[..., 0:-1:2], up[..., 1::2]),
        ("a step and the next of a walk", up[..., 1:-1:2], up[..., 2::2]),
        ("a step and the one after the next", up[..., 0:-2:4], up[..., 2::4]),
        ("the same step of neighbouring walks", up[..., 0:-1:2, :], up[..., 1::2, :]),
        (
            "the same step of walks far apart",
            up[..., :middle, :],
            up[..., walks - middle :, :],
        ),
        (
            "a step, and the next one of the next walk",
            up[..., :-1:2, :-1:2],
            up[..., 1::2, 1::2],
        ),
        (
            "a step, and the one before of the next walk",
            up[..., :-1:2, 1::2],
            up[..., 1::2, :-1:2],
        ),
    ):
        hits, trials = total(left == right), math.prod(left.shape[-2:])
        yield f"{what}: how often they are equal", hits, trials, same
    end = paths[..., -1:]
    alike = float(sum(chance**2 for chance in ends(n, p).values()))
    for what, one, other in (
        ("neighbouring walks", end[..., 0:-1:2, :], end[..., 1::2, :]),
        ("walks far apart", end[..., :middle, :], end[..., walks - middle :, :]),
    ):
        hits, trials = total(one == other), one.shape[-2]
        yield f"the ends of {what}: how often they are equal", hits, trials, alike
    for x, chance in sorted(ends(n, p).items()):
        yield f"walks that end at {x}", total(end == x), walks, float(chance)
