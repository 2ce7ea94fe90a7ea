"""Hidden tests of `flash_backward_kernel`: launches on the simulator (`backward.py`).

Core: several heads, query tiles and key tiles, ragged and not, tiles of either shape,
padded features, scores of 250. Not core: padded keys below scores of -300, one query,
one key, a scale of 0 or below, float16.
"""

import numpy as np
import pytest
from hidden.backward import run_backward
from hidden.inputs import cancelling, heads
from hidden.truth import HALF


def with_slopes(rng, *args, spread=1.0):
    """Return q, k, v as `heads` does, and random do."""
    q, k, v = heads(rng, *args, spread=spread)
    return q, k, v, (rng.standard_normal(q.shape) + 0.5).astype(q.dtype)


def at_level(rng, n, m, level):
    """Return float32 inputs whose scores, at scale 1, lie near a level.

    The level is in q: sums of ds * k would cancel if it were in k.
    """
    q, k, v, do = with_slopes(rng, n, m, 16, 1, 1, np.float32, spread=0.3)
    q[..., 0], k[..., 0] = level, 1 + 0.01 * rng.random(m)
    return q, k, v, do


@pytest.mark.task("flash_backward_kernel", weight=3, core=True)
def test_backward_kernel_within_budget(meter, rng):
    look = "Chapter, step 9."
    arrays = with_slopes(rng, 40, 53, 16, 2, 2, np.float32, spread=2.0)
    run_backward(meter, arrays, "2 batches, 2 heads, ragged tiles", look)


@pytest.mark.task("flash_backward_kernel", weight=2, core=True)
def test_backward_kernel_of_other_tiles(meter, rng):
    look = "Chapter, step 9: BLOCK_M and BLOCK_N; the scale is in s, in dq and in dk."
    arrays = with_slopes(rng, 64, 48, 8, 1, 1, np.float32)
    kind = "tiles 16 x 16 that divide N and M, scale 0.7"
    run_backward(meter, arrays, kind, look, tiles=(16, 16), scale=0.7)
    arrays = with_slopes(rng, 50, 37, 16, 1, 1, np.float32)
    kind = "tiles 32 x 16, scale 0.3"
    options = {"tiles": (32, 16), "scale": 0.3, "counted": False}
    run_backward(meter, arrays, kind, look, **options)
    arrays = with_slopes(rng, 70, 60, 8, 1, 1, np.float32)
    run_backward(meter, arrays, "tiles 32 x 32", look, tiles=(32, 32))
    arrays = with_slopes(rng, 65, 65, 8, 1, 1, np.float32)
    run_backward(meter, arrays, "tiles 64 x 64", look, tiles=(64, 64))


@pytest.mark.task("flash_backward_kernel", weight=2, core=True)
def test_backward_kernel_pads_the_head_dimension(meter, rng):
    look = "Chapter, step 9: mask offs_d < D and load 0 elsewhere."
    for d, batch, head in ((40, 1, 1), (5, 3, 2), (130, 1, 1)):
        arrays = with_slopes(rng, 20, 18, d, batch, head, np.float32)
        run_backward(meter, arrays, f"d = {d}", look, tiles=(16, 16))


@pytest.mark.task("flash_backward_kernel", weight=2, core=True)
def test_backward_kernel_of_large_scores(meter, rng):
    look = "Chapter, step 9: p is exp(s - lse), and lse may be large."
    q, k, v, do = at_level(rng, 32, 48, 250.0)
    options = {"scale": 1.0, "tiles": (16, 16), "atol": 1e-4}
    run_backward(meter, (q, k, v, do), "scores of 250 and more", look, **options)


@pytest.mark.task("flash_backward_kernel", weight=1)
def test_backward_kernel_hides_padded_keys(meter, rng):
    look = "Chapter, step 9: a key beyond M has no weight, however small lse is."
    q, k, v, do = at_level(rng, 18, 40, -300.0)
    options = {"scale": 1.0, "tiles": (16, 32), "atol": 1e-4}
    run_backward(meter, (q, k, v, do), "scores below -300", look, **options)
    arrays = at_level(rng, 18, 40, -2e4)
    options["atol"] = 2e-2
    run_backward(meter, arrays, "scores below -2e4", look, **options)


@pytest.mark.task("flash_backward_kernel", weight=1)
def test_backward_kernel_of_tiny_shapes_and_odd_scales(meter, rng):
    look = "Chapter, step 9: masks make every shape work."
    arrays = with_slopes(rng, 1, 40, 16, 1, 1, np.float32)
    run_backward(meter, arrays, "one query", look, tiles=(16, 16), scale=-0.6)
    arrays = with_slopes(rng, 20, 1, 16, 1, 1, np.float32)
    run_backward(meter, arrays, "one key", look, tiles=(16, 16), least=1.0)
    look = "Chapter, step 9: scale is 1/sqrt(d) only when none is given."
    arrays = with_slopes(rng, 17, 20, 16, 1, 1, np.float32)
    run_backward(meter, arrays, "scale 0", look, tiles=None, scale=0.0)


@pytest.mark.task("flash_backward_kernel", weight=1)
def test_backward_kernel_in_half_precision(meter, rng):
    look = "Chapter, step 9: float16 in and out, float32 for dq, dk and dv between."
    options = {"tiles": (16, 16), "atol": 3 * HALF, "counted": False}
    arrays = with_slopes(rng, 40, 37, 16, 1, 1, np.float16, spread=3.0)
    run_backward(meter, arrays, "float16", look, scale=0.3, **options)
    q, k, v, do = with_slopes(rng, 20, 1, 16, 1, 1, np.float16)
    kind = "float16, one key: dp equals delta"
    run_backward(meter, (q, k, 9 * v, 9 * do), kind, look, least=1.0, **options)
    arrays = cancelling(38, 3100.0)
    kind = "float16, parts that cancel"
    run_backward(meter, arrays, kind, look, scale=1.0, **options)
    q, k, v, do = with_slopes(rng, 20, 24, 16, 1, 1, np.float16, spread=0.3)
    q[..., 0], k[..., 0] = 641, 1
    arrays = q, k, v, do
    run_backward(meter, arrays, "float16, scores of 237", look, scale=0.37, **options)
