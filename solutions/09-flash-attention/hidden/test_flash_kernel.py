"""Hidden tests of `flash_kernel`."""

import numpy as np
import pytest
from hidden.common import HALF, batched, heads, ramp, run_kernel

STORED = ((0, 2, 1, 3), (1, 0, 3, 2), (0, 1, 2, 3))  # (B, N, H, d), (H, B, d, M), ...


@pytest.mark.task("flash_kernel", weight=3)
def test_kernel_equals_plain_attention_within_budget(meter, rng):
    look = "Chapter, step 7."
    arrays = heads(rng, 40, 37, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "ragged tiles", look)
    look = "Chapter, step 7: use BLOCK_M and BLOCK_N, not their defaults."
    arrays = heads(rng, 21, 70, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "tiles 16 x 32", look, tiles=(16, 32))


@pytest.mark.task("flash_kernel", weight=2)
def test_kernel_pads_the_head_dimension(meter, rng):
    look = "Chapter, step 7: mask offs_d < D and load 0 elsewhere."
    for d in (20, 5):
        arrays = heads(rng, 9, 19, d, 1, 2, np.float32)
        run_kernel(meter, arrays, f"d = {d}", look, tiles=(16, 16))


@pytest.mark.task("flash_kernel", weight=2)
def test_kernel_when_the_maximum_moves(meter):
    look = "Chapter, step 7: m_i, alpha, l_i and acc as in step 4."
    arrays = batched(
        ramp(3, 50, 16, 1.0, -300.0, np.float32),
        ramp(3, 50, 16, -8.0, 200.0, np.float32),
        ramp(3, 50, 16, 8.0, -200.0, np.float32),
    )
    kind = "scores that rise, fall, reach 200"
    run_kernel(meter, arrays, kind, look, scale=1.0, tiles=(16, 16), atol=1e-4)


@pytest.mark.task("flash_kernel")
def test_kernel_of_tiny_shapes_with_a_scale(meter, rng):
    look = "Chapter, step 7: masks make every shape work."
    arrays = heads(rng, 1, 18, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "one query, scale 0.7", look, scale=0.7, tiles=(16, 16))
    arrays = heads(rng, 17, 1, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "one key", look, tiles=(16, 16))
    look = "Chapter, step 7: scale is 1/sqrt(d) only when none is given."
    arrays = heads(rng, 2, 5, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "scale 0", look, scale=0.0, tiles=(16, 16))


@pytest.mark.task("flash_kernel", weight=2)
def test_kernel_of_strided_arrays(meter, rng):
    look = "Chapter, step 7: reach every element through its array's own strides."
    arrays = heads(rng, 17, 18, 16, 2, 2, np.float32)
    kind = "q, k, v stored in three different orders of axes"
    run_kernel(meter, arrays, kind, look, axes=STORED, tiles=(32, 32))


@pytest.mark.task("flash_kernel", weight=2)
def test_kernel_in_half_precision(meter, rng):
    look = "Chapter, step 7: float16 in and out, float32 for m_i, l_i and acc."
    q, k, v = heads(rng, 10, 90, 16, 1, 1, np.float16, 4.0)
    v[:, :, 0:16] = 1000.0  # large parts that cancel leave small sums behind
    v[:, :, 48:64] = -1000.0
    q[:, :, :3] = 0
    run_kernel(meter, (q, k, v), "float16", look, atol=HALF, tiles=(16, 16))
