"""Hidden tests of `hbm_bytes`, against a count over every tile's mask.

Core: no mask, causal tiles that divide N, ragged ones, more keys than queries. Not
core: float16, more queries than keys, no keys.
"""

import pytest
from hidden.truth import count_bytes

from autograder.student.testing import check

SHAPES = ((64, 64, 32, 16, 16), (100, 77, 16, 32, 16), (37, 90, 5, 16, 32))


def check_bytes(student, shapes, kind, look, **options):
    answers = [student.hbm_bytes(*shape, **options) for shape in shapes]
    for shape, got in zip(shapes, answers, strict=True):
        n, m, _, bq, bk = shape
        where = f"hbm_bytes, {kind}, N = {n}, M = {m}, tiles {bq} x {bk}"
        check.true(
            isinstance(got, tuple | list) and len(got) == 2,
            where=where,
            evidence="the result is not a pair: loaded, stored",
            look=look,
        )
        want = count_bytes(*shape, **options)
        whole = all(isinstance(x, int) for x in got)
        check.true(whole, where=where, evidence="not two ints", look=look)
        check.equal(got[1], want[1], where=f"{where}: stored", look=look)
        check.equal(got[0], want[0], where=f"{where}: loaded", look=look)


@pytest.mark.task("hbm_bytes", weight=2, core=True)
def test_bytes_without_a_mask(student):
    look = "Chapter, step 6: q once, k and v once per query tile."
    shapes = (*SHAPES, (512, 512, 64, 64, 64), (9, 7, 4, 32, 32))
    check_bytes(student, shapes, "no mask", look)


@pytest.mark.task("hbm_bytes", weight=2, core=True)
def test_bytes_of_square_causal_tiles(student):
    look = "Chapter, step 6: the last row of a query tile decides."
    shapes = ((64, 64, 8, 16, 16), (128, 128, 8, 32, 16), (96, 96, 8, 16, 32))
    check_bytes(student, shapes, "causal", look, causal=True)


@pytest.mark.task("hbm_bytes", weight=2, core=True)
def test_bytes_of_ragged_causal_tiles(student):
    look = "Chapter, step 6: the causal count when N, M and the tiles do not divide."
    shapes = ((100, 100, 4, 32, 16), (50, 50, 4, 16, 32), (40, 40, 4, 64, 8))
    shapes += ((30, 77, 4, 16, 8), (17, 40, 4, 16, 16))
    check_bytes(student, shapes, "causal", look, causal=True)


@pytest.mark.task("hbm_bytes", weight=1)
def test_bytes_of_half_precision(student):
    look = "Chapter, step 6: lse stays at 4 bytes."
    check_bytes(student, SHAPES, "itemsize 2", look, itemsize=2)
    check_bytes(student, SHAPES, "itemsize 8", look, itemsize=8)
    shapes = (SHAPES[0], (37, 90, 5, 16, 32))
    check_bytes(student, shapes, "itemsize 2, causal", look, causal=True, itemsize=2)


@pytest.mark.task("hbm_bytes", weight=1)
def test_bytes_of_tiles_that_see_nothing(student):
    look = "Chapter, step 6: queries are loaded also where they see no key."
    shapes = ((77, 30, 4, 16, 8), (90, 20, 4, 32, 8), (40, 1, 4, 16, 8))
    check_bytes(student, (*shapes, (1, 33, 4, 16, 8)), "causal", look, causal=True)
    check_bytes(student, ((10, 0, 4, 4, 4),), "no mask", look)
