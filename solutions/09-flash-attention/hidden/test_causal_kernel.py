"""Hidden tests of `causal_kernel`: launches on the simulator, judged as flash_kernel's.

Core: N = M, more keys than queries with strided arrays, hidden scores that are far
larger than those seen; each with several query tiles and key tiles. Not core: more
queries than keys, so that rows and tiles see nothing, and float16.
"""

import numpy as np
import pytest
from hidden.inputs import heads, ramp
from hidden.launches import run_kernel
from hidden.truth import AXES, HALF, truth

from autograder.student.testing import check

FEATURES_APART = ((0, 3, 1, 2), (0, 1, 3, 2), (3, 2, 0, 1))


@pytest.mark.task("causal_kernel", weight=3, core=True)
def test_causal_kernel_within_budget(meter, rng):
    look = "Chapter, step 8: the loop ends with the last key that the tile sees."
    arrays = heads(rng, 27, 27, 16, 2, 2, np.float32)
    run_kernel(meter, arrays, "N = M", look, causal=True, tiles=(16, 16))
    arrays = heads(rng, 65, 65, 130, 1, 1, np.float32)
    run_kernel(
        meter, arrays, "d = 130, tiles 64 x 16", look, causal=True, tiles=(64, 16)
    )


@pytest.mark.task("causal_kernel", weight=3, core=True)
def test_causal_kernel_with_more_keys_than_queries(meter, rng):
    look = "Chapter, step 8: query i sees the keys j <= i + M - N."
    options = {"causal": True, "axes": FEATURES_APART}
    arrays = heads(rng, 36, 41, 16, 1, 3, np.float32)
    kind = "N < M, tiles 32 x 16, strided"
    run_kernel(meter, arrays, kind, look, scale=0.7, **options)
    arrays = heads(rng, 32, 43, 8, 3, 2, np.float32)
    kind = "N < M, tiles 16 x 32, strided"
    run_kernel(meter, arrays, kind, look, tiles=(16, 32), **options)


@pytest.mark.task("causal_kernel", weight=2, core=True)
def test_causal_kernel_when_the_maximum_moves(meter, rng):
    look = "Chapter, step 8: scores outside the mask are -inf before the maximum."
    arrays = ramp(32, 48, 16, 8.0, -600.0, np.float32)
    arrays[2][...] = rng.standard_normal(arrays[2].shape)  # known to no earlier test
    kind = "scores that rise or fall, all of one sign"
    options = {"causal": True, "scale": 1.0, "tiles": (16, 16)}
    run_kernel(meter, arrays, kind, look, atol=1e-4, **options)


@pytest.mark.task("causal_kernel", weight=1)
def test_causal_kernel_with_more_queries_than_keys(meter, rng):
    look = "Chapter, step 8: a row that sees nothing gives o = 0 and lse = -inf."
    arrays = heads(rng, 50, 27, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "N > M", look, causal=True, tiles=(16, 16))
    for scale in (0.0, -0.6):
        run_kernel(
            meter,
            arrays,
            f"scale {scale}",
            look,
            causal=True,
            tiles=None,
            scale=scale,
        )
    arrays = ramp(4, 18, 16, 0.0, 2.0**40, np.float32)
    run_kernel(
        meter,
        arrays,
        "scores of 2^40 and -2^40",
        look,
        causal=True,
        tiles=(16, 16),
        scale=1.0,
    )


@pytest.mark.task("causal_kernel", weight=1)
def test_causal_kernel_in_half_precision(meter, rng):
    look = "Chapter, step 7: float16 in and out, float32 for m_i, l_i and acc."
    q, k, v = heads(rng, 12, 43, 16, 1, 1, np.float16, 4.0)
    v[:, :, 0:8] = 1000.0  # large parts that cancel leave small sums behind
    v[:, :, 16:24] = -1000.0
    q[:, :, :3] = 0
    options = {"causal": True, "scale": 0.3, "tiles": (16, 16), "atol": HALF}
    o = run_kernel(meter, (q, k, v), "N < M, float16", look, **options)[:, :, :3]
    want = truth(q, k, v, causal=True)[0][:, :, :3]
    where = "causal_attention, float16, large values that cancel: o"
    check.close(o, want, rtol=HALF, atol=1e-3, where=where, look=look, axis_names=AXES)
