"""Hidden tests of `causal_kernel`."""

import numpy as np
import pytest
from hidden.common import HALF, batched, heads, ramp, run_kernel

FEATURES_APART = ((1, 0, 3, 2), (0, 1, 3, 2), (0, 3, 2, 1))


@pytest.mark.task("causal_kernel", weight=3)
def test_causal_kernel_within_budget(meter, rng):
    look = "Chapter, step 8: the loop ends with the last key that the tile sees."
    arrays = heads(rng, 55, 55, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "N = M", look, causal=True)
    arrays = heads(rng, 40, 40, 8, 1, 1, np.float32)
    run_kernel(meter, arrays, "d = 8, 16 x 32", look, causal=True, tiles=(16, 32))


@pytest.mark.task("causal_kernel", weight=2)
def test_causal_kernel_with_more_keys_than_queries(meter, rng):
    look = "Chapter, step 8: query i sees the keys j <= i + M - N."
    arrays = heads(rng, 12, 43, 16, 2, 2, np.float16, 4.0)
    run_kernel(
        meter,
        arrays,
        "N < M, float16, strided",
        look,
        causal=True,
        scale=0.5,
        tiles=(16, 16),
        atol=HALF,
        axes=FEATURES_APART,
    )


@pytest.mark.task("causal_kernel", weight=2)
def test_causal_kernel_with_more_queries_than_keys(meter, rng):
    look = "Chapter, step 8: a row that sees nothing gives o = 0 and lse = -inf."
    arrays = heads(rng, 50, 27, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "N > M", look, causal=True, tiles=(16, 16))


@pytest.mark.task("causal_kernel", weight=2)
def test_causal_kernel_when_the_maximum_moves(meter):
    look = "Chapter, step 8: scores outside the mask are -inf before the maximum."
    arrays = batched(
        ramp(16, 33, 16, 8.0, -300.0, np.float32),
        ramp(16, 33, 16, -8.0, 200.0, np.float32),
    )
    run_kernel(
        meter,
        arrays,
        "scores that rise or fall",
        look,
        causal=True,
        scale=1.0,
        tiles=(16, 16),
        atol=1e-4,
    )
