"""Hidden tests of `merge`, against one pass over all keys.

Core: two parts, three in any order and grouping, maxima far apart. Not core: states of
no keys, dtypes, arguments that must keep their values.
"""

from itertools import pairwise

import numpy as np
import pytest
from hidden.truth import TIGHT

from autograder.student.testing import check


def state(s, v):
    """Return (m, l, o) of scores s (..., keys) and values v (..., keys, d)."""
    m = s.max(axis=-1)
    p = np.exp(s - m[..., None])
    return m, p.sum(axis=-1), (p[..., None] * v).sum(axis=-2)


def check_state(got, want, kind, look="Chapter, step 3.", **tolerance):
    tolerance = tolerance or TIGHT
    where = f"merge, {kind}"
    check.true(
        isinstance(got, tuple | list) and len(got) == 3,
        where=where,
        evidence="the result is not a tuple of three: m, l, o",
        look=look,
    )
    for name, x, y in zip("mlo", got, want, strict=True):
        check.close(np.asarray(x), y, **tolerance, where=f"{where}: {name}", look=look)


def pieces(rng, shape, keys, d, cuts, spread=3.0):
    """Return the states of consecutive groups of keys, and of all keys."""
    s = rng.standard_normal((*shape, keys)) * spread
    v = rng.standard_normal((*shape, keys, d))
    edges = [0, *cuts, keys]
    parts = [state(s[..., a:b], v[..., a:b, :]) for a, b in pairwise(edges)]
    return parts, state(s, v)


@pytest.mark.task("merge", weight=2, core=True)
def test_merge_equals_one_pass_over_both(student, rng):
    cases = []
    for shape, d in (((), 3), ((5,), 3), ((2, 3), 3), ((1,), 1)):
        (a, b), whole = pieces(rng, shape, 11, d, [4])
        kind = f"two halves of a row, states of shape {shape}, d = {d}"
        cases.append((student.merge(a, b), whole, kind))
    for got, whole, kind in cases:
        check_state(got, whole, kind)


@pytest.mark.task("merge", weight=2, core=True)
def test_merge_in_any_order_and_grouping(student, rng):
    (a, b, c), whole = pieces(rng, (4,), 15, 2, [3, 9])
    look = "Chapter, step 3: why merge is associative."
    left = student.merge(student.merge(a, b), c)
    right = student.merge(a, student.merge(b, c))
    turned = student.merge(c, student.merge(b, a))
    check_state(left, whole, "(a + b) + c", look)
    check_state(right, whole, "a + (b + c)", look)
    check_state(turned, whole, "c + (b + a)", look)


@pytest.mark.task("merge", weight=1)
def test_merge_with_nothing(student, rng):
    (a, b), whole = pieces(rng, (4,), 9, 3, [5])
    nothing = (np.full(4, -np.inf), np.zeros(4), np.zeros((4, 3)))
    look = "Chapter, step 3: the state of no keys is (-inf, 0, 0)."
    mixed = [np.array(x) for x in a]
    mixed[0][1], mixed[1][1], mixed[2][1] = -np.inf, 0.0, 0.0
    cases = (
        ("nothing + a", nothing, a, a),
        ("a + nothing", a, nothing, a),
        ("nothing + nothing", nothing, nothing, nothing),
        ("one row of a is empty, b is nothing", tuple(mixed), nothing, mixed),
    )
    scalar = np.array(-np.inf), np.array(0.0), np.zeros(3)
    cases += (("nothing + nothing, states of shape ()", scalar, scalar, scalar),)
    for k in (0, 1):
        halves = [[np.array(x) for x in half] for half in (a, b)]
        want = [np.array(x) for x in whole]
        parts = halves[k], want, halves[1 - k], nothing
        for x, y, other, none in zip(*parts, strict=True):
            x[1], y[1] = none[1], other[1]
        cases += ((f"one row of {'ab'[k]} is empty", *map(tuple, halves), want),)
    answers = []
    for _, left, right, _ in cases:
        kept = [student.keep(x) for x in (*left, *right)]
        answers.append(student.merge(tuple(kept[:3]), tuple(kept[3:])))
        for handle, before in zip(kept, (*left, *right), strict=True):
            check.unchanged(
                student.fetch(handle), before, where="merge, its arguments", look=look
            )
    for (kind, _, _, want), got in zip(cases, answers, strict=True):
        check_state(got, want, kind, look)


@pytest.mark.task("merge", weight=2, core=True)
def test_merge_of_distant_maxima(student, rng):
    look = "Chapter, step 3: both factors must be at most 1."
    m = np.array([1e4, -1e4, 0.0, -1e4, -1e30])
    other = np.array([-1e4, 1e4, 800.0, -1e4 + 2, -1e30])
    l_a, l_b = rng.uniform(1, 4, (2, 5))
    o_a, o_b = rng.standard_normal((2, 5, 3))
    top = np.maximum(m, other)
    alpha, beta = np.exp(m - top), np.exp(other - top)
    want = (
        top,
        alpha * l_a + beta * l_b,
        alpha[:, None] * o_a + beta[:, None] * o_b,
    )
    got = student.merge((m, l_a, o_a), (other, l_b, o_b))
    check_state(got, want, "maxima 2e4 apart", look)


@pytest.mark.task("merge", weight=1)
def test_merge_keeps_dtype_and_inputs(student, rng):
    (a, b), whole = pieces(rng, (3, 2), 9, 4, [5])
    a, b = ([x.astype(np.float32) for x in half] for half in (a, b))
    given = [[student.keep(x) for x in half] for half in (a, b)]
    got = student.merge(*map(tuple, given))
    look = "Chapter, step 3."
    for name, x in zip("mlo", got, strict=True):
        check.dtype(x, np.float32, where=f"merge, float32: {name}", look=look)
    check_state(got, whole, "float32", rtol=1e-5, atol=1e-5)
    for dtype, shape in ((np.float16, (3, 2)), (np.float32, ())):
        (c, e), both = pieces(rng, shape, 9, 4, [5])
        c, e = (tuple(x.astype(dtype) for x in half) for half in (c, e))
        kind = f"{np.dtype(dtype)}, states of shape {shape}"
        for name, x, y in zip("mlo", student.merge(c, e), both, strict=True):
            check.dtype(np.asarray(x), dtype, where=f"merge, {kind}: {name}", look=look)
            check.close(
                np.asarray(x),
                y,
                rtol=0.02,
                atol=0.02,
                where=f"merge, {kind}: {name}",
                look=look,
            )
    for before, kept in zip((*a, *b), (*given[0], *given[1]), strict=True):
        after = student.fetch(kept)
        check.unchanged(after, before, where="merge, its arguments", look=look)
