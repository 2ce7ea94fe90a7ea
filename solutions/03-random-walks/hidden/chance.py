"""Counts of independent trials, and when one is too far from what it should be.

A count X of N independent trials of probability p is refused where
N (s ln(s/p) + (1-s) ln((1-s)/(1-p))) > LIMIT, s being X/N. By Chernoff's bound a right
sampler is refused with a probability below 2 exp(-LIMIT) = 1.9e-13, for every N and p.
NOTES.md says what follows for a class, and which wrong samplers are always refused.
"""

import math

import numpy as np
from hidden.laws import ends

from autograder.student.testing import check

LIMIT = 30.0


def distance(hits, trials, p):
    """Return N KL(X/N || p), the exponent of Chernoff's bound."""
    share, total = hits / trials, 0.0
    for seen, meant in ((share, p), (1 - share, 1 - p)):
        if seen > 0:
            total += seen * math.log(seen / meant)
    return trials * total


def is_likely(hits, trials, p):
    """Tell whether a count may come from trials of probability p, 0 < p < 1."""
    return distance(hits, trials, p) <= LIMIT


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

    Each count is of trials that are independent in a right sample.
    """
    steps = np.diff(paths, axis=1)
    up = steps > 0
    walks, n = steps.shape
    same = p * p + (1 - p) * (1 - p)
    yield "steps up, all together", int(up.sum()), up.size, p
    for k in range(n):
        yield f"steps up, step {k + 1} of each walk", int(up[:, k].sum()), walks, p
    for what, left, right in (
        ("a step and the next of a walk", up[:, 0:-1:2], up[:, 1::2]),
        ("a step and the next of a walk", up[:, 1:-1:2], up[:, 2::2]),
        ("a step and the one after the next", up[:, 0:-2:4], up[:, 2::4]),
        ("the same step of neighbouring walks", up[0:-1:2], up[1::2]),
        ("the same step of walks far apart", up[: walks // 2], up[walks // 2 :]),
        ("a step, and the next one of the next walk", up[:-1:2, :-1:2], up[1::2, 1::2]),
        (
            "a step, and the one before of the next walk",
            up[:-1:2, 1::2],
            up[1::2, :-1:2],
        ),
    ):
        hits = int((left == right).sum())
        yield f"{what}: how often they are equal", hits, left.size, same
    last = paths[:, -1]
    for x, chance in sorted(ends(n, p).items()):
        yield f"walks that end at {x}", int((last == x).sum()), walks, float(chance)
