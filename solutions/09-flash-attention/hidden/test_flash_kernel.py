"""Hidden tests of `flash_kernel`: launches on the simulator.

Each launch is judged for its results, its bytes, its blocks, races and uninitialised
values (`launches.py`). Core launches have several query tiles, key tiles and heads.
One of them has tiles that divide N and arrays stored in three orders of axes, one pads
the features, one moves the maximum. Not core: float16, one query, one key, scale 0.
"""

import numpy as np
import pytest
from hidden.inputs import batched, heads, ramp
from hidden.launches import run_kernel
from hidden.truth import AXES, HALF, truth

from autograder.student.testing import check

STORED = ((0, 2, 1, 3), (1, 0, 3, 2), (0, 1, 2, 3))  # (B, N, H, d), (H, B, d, M), ...


@pytest.mark.task("flash_kernel", weight=3, core=True)
def test_kernel_equals_plain_attention_within_budget(meter, rng):
    look = "Chapter, step 7."
    arrays = heads(rng, 40, 27, 16, 2, 2, np.float32)
    run_kernel(meter, arrays, "2 batches, 2 heads, ragged tiles", look)


@pytest.mark.task("flash_kernel", weight=2, core=True)
def test_kernel_of_strided_arrays_and_other_tiles(meter, rng):
    look = "Chapter, step 7: BLOCK_M, BLOCK_N, and each array's own strides."
    arrays = heads(rng, 32, 40, 16, 2, 2, np.float32)
    kind = "tiles 16 x 32, q, k, v stored in three different orders of axes"
    run_kernel(meter, arrays, kind, look, axes=STORED, tiles=(16, 32), scale=0.7)
    arrays = heads(rng, 34, 20, 16, 3, 2, np.float32)
    axes = ((0, 3, 2, 1), (1, 0, 3, 2), (0, 2, 3, 1))
    run_kernel(
        meter,
        arrays,
        "q and v stored with features apart",
        look,
        axes=axes,
        tiles=(16, 16),
    )
    arrays = heads(rng, 70, 70, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "tiles 64 x 64", look, tiles=(64, 64))


@pytest.mark.task("flash_kernel", weight=2, core=True)
def test_kernel_pads_the_head_dimension(meter, rng):
    look = "Chapter, step 7: mask offs_d < D and load 0 elsewhere."
    for n, d, head in ((18, 40, 3), (9, 5, 1), (9, 130, 1)):
        arrays = heads(rng, n, 20, d, 1, head, np.float32)
        run_kernel(meter, arrays, f"d = {d}", look, tiles=(16, 16))


@pytest.mark.task("flash_kernel", weight=2, core=True)
def test_kernel_when_the_maximum_moves(meter, rng):
    look = "Chapter, step 7: m_i, alpha, l_i and acc as in step 4."
    arrays = batched(
        ramp(18, 48, 16, 1.0, -300.0, np.float32),
        ramp(18, 48, 16, 8.0, -200.0, np.float32),
    )
    arrays[2][...] = rng.standard_normal(arrays[2].shape)  # known to no earlier test
    kind = "scores that rise, fall, reach 300"
    options = {"scale": 1.0, "tiles": (16, 16), "atol": 1e-4}
    run_kernel(meter, arrays, kind, look, **options)
    look = "Chapter, step 7: a padded key gets -inf before the maximum is taken."
    arrays = ramp(3, 21, 16, -1.0, -250.0, np.float32)
    run_kernel(meter, arrays, "21 keys, scores about -250", look, **options)


@pytest.mark.task("flash_kernel", weight=1)
def test_kernel_of_tiny_shapes_and_scale_zero(meter, rng):
    look = "Chapter, step 7: masks make every shape work."
    arrays = heads(rng, 1, 18, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "one query", look, tiles=(16, 16))
    look = "Chapter, step 7: scale is 1/sqrt(d) only when none is given."
    arrays = heads(rng, 17, 1, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "one key, scale 0", look, scale=0.0, tiles=None)
    look = "Chapter, step 4: the maximum starts at -inf."
    options = {"scale": 1.0, "tiles": (16, 16), "atol": 1e-4}
    arrays = ramp(2, 18, 16, 64.0, -2e4, np.float32)
    run_kernel(meter, arrays, "scores about -2e4", look, **options)
    arrays = ramp(2, 18, 16, 0.0, 2.0**40, np.float32)
    run_kernel(meter, arrays, "scores of 2^40 and -2^40", look, **options)
    options["scale"] = -1.0
    arrays = ramp(2, 18, 16, 16.0, -150.0, np.float32)
    run_kernel(meter, arrays, "scale -1, scores of 150", look, **options)


@pytest.mark.task("flash_kernel", weight=1)
def test_kernel_in_half_precision(meter, rng):
    look = "Chapter, step 7: float16 in and out, float32 for m_i, l_i and acc."
    q, k, v = heads(rng, 10, 90, 16, 1, 1, np.float16, 4.0)
    v[:, :, 0:16] = 1000.0  # large parts that cancel leave small sums behind
    v[:, :, 48:64] = -1000.0
    q[:, :, :3] = 0
    options = {"atol": HALF, "tiles": (16, 16), "scale": 0.3}
    o = run_kernel(meter, (q, k, v), "float16", look, **options)[:, :, :3]
    want = truth(q, k, v)[0][:, :, :3]
    where = "flash_attention, float16, large values that cancel: o"
    check.close(o, want, rtol=HALF, atol=1e-3, where=where, look=look, axis_names=AXES)
