"""Hidden tests of `transpose`: launches on the simulator."""

import numpy as np
import pytest
from hidden.launches import cdiv, launch

LOOK = "Chapter, step 4."


def judge(meter, x, block, kind, look=LOOK):
    (m, n), given, block = x.shape, block, block or 16
    launch(
        meter, "transpose", [x], x.T, kind, look, block=given,
        programs=cdiv(m, block) * cdiv(n, block), largest=block * block,
        loaded=x.size, stored=x.size,
    )  # fmt: skip


def matrix(rng, m, n, dtype=np.float32):
    return rng.standard_normal((m, n)).astype(dtype)


@pytest.mark.task("transpose", weight=2, core=True)
def test_transpose_of_ragged_tiles(meter, rng):
    look = "Chapter, step 4: a mask with two axes."
    judge(meter, matrix(rng, 37, 52), 16, "37 x 52 in tiles of 16", look)


@pytest.mark.task("transpose", weight=2, core=True)
def test_transpose_of_a_view(meter, rng):
    look = "Chapter, step 4: take the strides of the array that you are given."
    judge(meter, matrix(rng, 48, 32).T, 16, "a transposed view, 32 x 48", look)


@pytest.mark.task("transpose")
def test_transpose_of_parts_of_larger_matrices(meter, rng):
    look = "Chapter, step 4: the strides of a part are those of the whole."
    x = matrix(rng, 60, 50)
    judge(meter, x[5:40, 3:20], 16, "a part of a larger matrix", look)
    judge(meter, x[::3, 1::2], 16, "every third row, every second column", look)
    judge(meter, x[::-1, 40::-1], 16, "rows and columns from the last", look)


@pytest.mark.task("transpose")
def test_transpose_in_other_tiles(meter, rng):
    look = "Chapter, step 4: block decides both the grid and BLOCK."
    judge(meter, matrix(rng, 21, 9), 8, "21 x 9 in tiles of 8", look)
    judge(meter, matrix(rng, 21, 9), 4, "21 x 9 in tiles of 4", look)
    judge(meter, matrix(rng, 21, 40), None, "the default tiles of 16", look)
    judge(meter, matrix(rng, 2, 3), 1, "2 x 3 in tiles of 1", look)
    for block in (32, 128):
        judge(meter, matrix(rng, 33, 70), block, f"33 x 70 in tiles of {block}", look)


@pytest.mark.task("transpose")
def test_transpose_of_float16_and_of_one_row(meter, rng):
    look = "Chapter, step 4: the result has the dtype of x."
    judge(meter, matrix(rng, 18, 20, np.float16), 16, "float16", look)
    judge(meter, matrix(rng, 1, 35), 16, "one row", look)
    judge(meter, matrix(rng, 35, 1), 16, "one column", look)
