"""Hidden tests of `matmul`: launches on the simulator."""

import numpy as np
import pytest
from hidden.launches import cdiv, launch

LOOK = "Chapter, step 5."
SINGLE = (0.0, 4e-4)  # NOTES.md derives both
HALF = (2.0**-10, 2.0**-7)


def judge(meter, a, b, block, kind, look=LOOK, near=SINGLE):
    (m, k), n = a.shape, b.shape[1]
    given, block = block, block or 16
    want = (a.astype(np.float64) @ b.astype(np.float64)).astype(a.dtype)
    across, down = cdiv(n, block), cdiv(m, block)
    launch(
        meter, "matmul", [a, b], want, kind, look, block=given, near=near,
        programs=across * down, largest=block * block,
        loaded=across * m * k + down * k * n, stored=m * n,
    )  # fmt: skip


def matrices(rng, m, k, n, dtype=np.float32):
    a, b = rng.standard_normal((m, k)), rng.standard_normal((k, n))
    return a.astype(dtype), b.astype(dtype)


@pytest.mark.task("matmul", weight=3, core=True)
def test_matmul_of_ragged_tiles(meter, rng):
    look = "Chapter, step 5: other=0.0 on both sides, and a loop over all of K."
    judge(meter, *matrices(rng, 37, 49, 52), 16, "37 x 49 by 49 x 52", look)


@pytest.mark.task("matmul", weight=2, core=True)
def test_matmul_of_views(meter, rng):
    look = "Chapter, step 5: six strides, two of each array."
    (a, b), (c, d) = matrices(rng, 48, 32, 48), matrices(rng, 32, 48, 32)
    judge(meter, a.T, c.T, 16, "both transposed views", look)
    judge(meter, a, d.T[:32], 16, "b a transposed view", look)


@pytest.mark.task("matmul")
def test_matmul_of_parts_of_larger_matrices(meter, rng):
    look = "Chapter, step 5: six strides, none of them from a shape."
    a, b = matrices(rng, 50, 70, 60)
    judge(meter, a[:40, 3:21], b[::2][:18, 5:25], 16, "parts of larger matrices", look)
    judge(meter, a[::2, ::3], b[7:31].T[:24].T, 16, "every third column of a", look)
    judge(meter, a[:, :30], b[:60:2, ::2], 16, "every second column of b", look)
    judge(meter, a[::-1, 30::-1], b[30::-1, ::-1], 16, "both from the last", look)


@pytest.mark.task("matmul")
def test_matmul_in_other_tiles(meter, rng):
    look = "Chapter, step 5: block decides the grid, BLOCK and the bytes."
    judge(meter, *matrices(rng, 40, 70, 33), 32, "tiles of 32", look)
    judge(meter, *matrices(rng, 40, 20, 70), 128, "tiles of 128", look)
    judge(meter, *matrices(rng, 40, 20, 33), None, "the default tiles of 16", look)
    whole = rng.integers(-4, 5, 2000).astype(np.float32)  # every sum is exact
    judge(meter, whole.reshape(4, 500), whole.reshape(500, 4), 16, "K = 500", look)


@pytest.mark.task("matmul")
def test_matmul_of_float16(meter, rng):
    look = "Chapter, step 5: float16 in and out, float32 for the accumulator."
    a, b = matrices(rng, 17, 90, 20, np.float16)
    # Large parts that cancel leave a small sum. They lie across tiles in other ways, so
    # partial sums that are rounded to float16 do not cancel.
    large = rng.uniform(90, 110, (17, 16)).astype(np.float16)
    a[:, :16], a[:, 72:88] = large, -large
    b[:16] = b[72:88] = 1
    judge(meter, a, b, 16, "float16, large parts that cancel", look, near=HALF)


@pytest.mark.task("matmul")
def test_matmul_of_single_rows_and_columns(meter, rng):
    judge(meter, *matrices(rng, 1, 20, 19), 16, "one row")
    judge(meter, *matrices(rng, 18, 1, 1), 16, "K = N = 1")
