"""Hidden tests of `online_softmax`: the state after every tile, then the result.

Core: ragged tiles of every width, maxima that rise, fall or rest, large scores. Not
core: tiles of -inf, no columns, float16, an argument that must keep its values.
"""

import numpy as np
import pytest
from hidden.calls import call_with_strided_arrays
from hidden.truth import HALF, TIGHT, softmax64

from autograder.grading.reference import remembered
from autograder.student.testing import check


@remembered
def states(x, block):
    """Return m and l of every row after every tile."""
    shape, wide = (-(-x.shape[1] // block), x.shape[0]), x.astype(np.float64)
    tops, totals = np.empty(shape), np.empty(shape)
    for t in range(shape[0]):
        part = wide[:, : (t + 1) * block]
        tops[t] = top = part.max(axis=1)
        totals[t] = np.exp(part - np.where(np.isinf(top), 0, top)[:, None]).sum(axis=1)
    return tops, totals


def check_online(got, x, block, kind, tight=None, acc=np.float64):
    """Compare (p, m, l) tile by tile, so that the first wrong tile is named."""
    look = "Chapter, step 2."
    tight = tight or TIGHT
    where = f"online_softmax, {kind}"
    check.true(
        isinstance(got, tuple | list) and len(got) == 3,
        where=where,
        evidence="the result is not a tuple of three: p, m, l",
        look=look,
    )
    p, m, l_all = got
    rows, cols = x.shape
    tiles = -(-cols // block)
    check.shape(m, (tiles, rows), where=f"{where}: m", look=look)
    check.shape(l_all, (tiles, rows), where=f"{where}: l", look=look)
    check.dtype(m, acc, where=f"{where}: m", look=look)
    check.dtype(l_all, acc, where=f"{where}: l", look=look)
    tops, totals = states(x, block)
    if not (np.array_equal(m, tops) and np.allclose(l_all, totals, **tight)):
        for t in range(tiles):
            at = f"{where}, tile {t + 1} of {tiles}"
            one = {"look": look, "axis_names": ("row",)}
            check.close(m[t], tops[t], where=f"{at}: m", **one)
            check.close(l_all[t], totals[t], **tight, where=f"{at}: l", **one)
    check.dtype(p, x.dtype, where=f"{where}: p", look=look)
    loose = tight if x.dtype != np.float16 else {"rtol": HALF, "atol": 2.0**-24}
    check.close(p, softmax64(x), **loose, where=f"{where}: p", look=look)


@pytest.mark.task("online_softmax", weight=2, core=True)
def test_online_state_after_every_tile(student, rng):
    x = rng.standard_normal((5, 37)) * 4
    cases = ((8, "a ragged last tile"), (37, "one tile"), (1, "tiles of 1"))
    cases += ((64, "a tile wider than the row"),)
    answers = [student.online_softmax(x, block) for block, _ in cases]
    for (block, kind), got in zip(cases, answers, strict=True):
        check_online(got, x, block, kind)


@pytest.mark.task("online_softmax", weight=2, core=True)
def test_online_when_the_maximum_rises_falls_or_rests(student):
    rise = np.arange(24.0)
    x = np.stack([rise, rise[::-1], np.full(24, 3.0), np.where(rise == 13, 9.0, -2.0)])
    check_online(student.online_softmax(x, 5), x, 5, "rising, falling, constant rows")


@pytest.mark.task("online_softmax", weight=1, core=True)
def test_online_survives_large_scores(student):
    steps = np.linspace(-1e4, 1e4, 18)
    x = np.stack([steps, steps[::-1], np.full(18, -1e4), np.full(18, 1e4)])
    loose = {"rtol": 1e-10}
    low = -2000.0 - np.arange(12.0).reshape(2, 6)
    got, below = student.online_softmax(x, 4), student.online_softmax(low, 4)
    check_online(got, x, 4, "scores up to 1e4", loose)
    check_online(below, low, 4, "all scores below -1000", loose)


@pytest.mark.task("online_softmax", weight=1)
def test_online_with_masked_tiles(student):
    x = np.array(
        [
            [-np.inf, -np.inf, -np.inf, 1.0, 2.0, 0.5],
            [-np.inf] * 6,
            [0.0, 3.0, -np.inf, -np.inf, -np.inf, -np.inf],
        ]
    )
    empty = np.zeros((3, 0))
    got, none = student.online_softmax(x, 2), student.online_softmax(empty, 4)
    check_online(got, x, 2, "tiles of -inf only")
    check_online(none, empty, 4, "no columns")
    empty = empty.astype(np.float16)
    none = student.online_softmax(empty, 4)
    check_online(none, empty, 4, "no columns, float16", acc=np.float32)


@pytest.mark.task("online_softmax", weight=1)
def test_online_in_half_precision(student, rng):
    x = rng.uniform(-0.5, 0.5, (2, 3000)).astype(np.float16)
    tight = {"rtol": 1e-5}
    got = student.online_softmax(x, 100)
    check_online(got, x, 100, "a long float16 row", tight, np.float32)
    x = rng.standard_normal((3, 20)).astype(np.float32)
    check_online(
        student.online_softmax(x, 8), x, 8, "float32", {"rtol": 1e-5}, np.float32
    )


@pytest.mark.task("online_softmax", weight=1)
def test_online_leaves_its_input_alone(student, rng):
    x = rng.standard_normal((4, 6))
    got, after = call_with_strided_arrays(student, "online_softmax", [x], {"block": 4})
    look = "Chapter, step 2: in-place operators change the caller's array."
    check.unchanged(after[0], x, where="online_softmax, a transposed view", look=look)
    check_online(got, x, 4, "a transposed view")
