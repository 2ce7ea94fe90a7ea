"""Hidden tests of `split_kv`: launches on the simulator (`decoding.py`).

Core: batches with lengths, groups of heads, several queries, the share of one program,
maxima that lie far apart. Not core: splits without keys, queries that see nothing, a
padding of NaN, scales, float16.
"""

import numpy as np
import pytest
from hidden.decoding import cache, run_decode
from hidden.truth import HALF


@pytest.mark.task("split_kv", weight=3, core=True)
def test_split_kv_with_lengths(meter, rng):
    look = "Chapter, step 10."
    arrays = cache(rng, 1, 70, 16, [70, 66], kv_heads=2, spread=2.0)
    run_decode(meter, arrays, "2 batches, 2 heads, 3 splits", look, splits=3)
    arrays = cache(rng, 1, 96, 40, [96, 90], kv_heads=1)
    options = {"splits": 2, "block_n": 32, "scale": 0.7}
    run_decode(meter, arrays, "d = 40, tiles of 32, scale 0.7", look, **options)


@pytest.mark.task("split_kv", weight=3, core=True)
def test_split_kv_of_grouped_heads(meter, rng):
    look = "Chapter, step 10: query head h asks the keys of head h // G."
    arrays = cache(rng, 1, 90, 16, [90, 79], groups=3, kv_heads=2, spread=2.0)
    run_decode(meter, arrays, "6 heads share 2", look, splits=4)
    arrays = cache(rng, 2, 70, 5, [63, 40], groups=5, kv_heads=3)
    run_decode(meter, arrays, "15 heads of 2 queries share 3", look, splits=2)


@pytest.mark.task("split_kv", weight=2, core=True)
def test_split_kv_of_several_queries(meter, rng):
    look = "Chapter, step 10: query i sees the keys j <= i + kv_len[b] - N."
    arrays = cache(rng, 5, 80, 16, [80, 47], groups=2, spread=2.0)
    run_decode(meter, arrays, "5 queries of 2 heads", look, splits=3)
    arrays = cache(rng, 19, 64, 8, [47], groups=4)
    run_decode(meter, arrays, "4 heads of 19 queries", look, splits=2)
    arrays = cache(rng, 5, 40, 130, [40], groups=8)
    run_decode(meter, arrays, "8 heads of 5 queries, d = 130", look, splits=2)


@pytest.mark.task("split_kv", weight=2, core=True)
def test_split_kv_shares_the_work(meter, rng):
    look = "Chapter, step 10: each program loads its own run of the keys."
    arrays = cache(rng, 1, 190, 8, [190], groups=2)
    for splits in (1, 5, 7):
        run_decode(meter, arrays, f"190 keys, {splits} splits", look, splits=splits)


@pytest.mark.task("split_kv", weight=2, core=True)
def test_split_kv_of_distant_maxima(meter, rng):
    look = "Chapter, step 10: states are merged at the larger maximum."
    q, k, v, kv_len = cache(rng, 1, 128, 16, [120], groups=2)
    q[..., 0], k[..., 0] = 1.0, 0.0
    q[..., 1:] *= 0.1
    q[:, 1, :, 0] = -1.0
    for tile, top in enumerate((300, -300, 302, 0, -200, 100, 301, 299)):
        k[:, :, 16 * tile : 16 * tile + 16, 0] = top
    arrays = q, k, v, kv_len
    options = {"splits": 8, "scale": 1.0, "atol": 1e-4}
    run_decode(meter, arrays, "scores of -300 to 302", look, **options)
    q, k, v, kv_len = cache(rng, 2, 100, 16, [96, 31], groups=2)
    k[..., 0] = np.where(k[..., 0] == 40.0, 40.0, -250.0 + 8 * k[..., 0])
    q[..., 0] = 1.0
    arrays = q, k, v, kv_len
    options["splits"] = 4
    run_decode(meter, arrays, "scores about -250", look, **options)
    q, k, v, kv_len = cache(rng, 1, 48, 16, [48], groups=2)
    q[..., 0], k[..., 0] = 1.0, -300.0 + 8 * k[..., 0]
    k[:, :, 32:, 0] += 120
    arrays, options["splits"] = (q, k, v, kv_len), 3
    kind = "scores about -300, then -180, 3 splits"
    run_decode(meter, arrays, kind, look, **options)


@pytest.mark.task("split_kv", weight=1)
def test_split_kv_with_empty_and_with_many_splits(meter, rng):
    look = "Chapter, step 10: a split without keys is the state (-inf, 0, 0)."
    arrays = cache(rng, 1, 40, 16, [40, 3], groups=2)
    run_decode(meter, arrays, "3 tiles at most, 9 splits", look, splits=9)
    arrays = cache(rng, 1, 70, 16, [70, 1], groups=2)
    run_decode(meter, arrays, "5 tiles, 4 splits", look, splits=4)
    arrays = cache(rng, 2, 7, 16, [7, 5], groups=2)
    run_decode(meter, arrays, "fewer keys than a tile, 3 splits", look, splits=3)
    look = "Chapter, step 10: there may be up to 64 splits."
    arrays = cache(rng, 1, 1010, 8, [530])
    run_decode(meter, arrays, "64 splits, 34 with keys", look, splits=64)


@pytest.mark.task("split_kv", weight=1)
def test_split_kv_of_queries_that_see_nothing(meter, rng):
    look = "Chapter, step 10: such a query gets o = 0 and lse = -inf."
    arrays = cache(rng, 4, 60, 16, [0, 2, 35], groups=2)
    kind = "kv_len 0, 2, 35, 4 queries"
    run_decode(meter, arrays, kind, look, splits=3, block_n=None)


@pytest.mark.task("split_kv", weight=1)
def test_split_kv_leaves_padding_alone(meter, rng):
    look = "Chapter, step 10: keys from kv_len[b] on may hold NaN."
    q, k, v, kv_len = cache(rng, 2, 60, 16, [41, 8], groups=2)
    for b, length in enumerate(kv_len):
        k[b, :, length:] = v[b, :, length:] = np.nan
    run_decode(meter, (q, k, v, kv_len), "padding of NaN", look, splits=2)


@pytest.mark.task("split_kv", weight=1)
def test_split_kv_in_half_precision_and_of_odd_scales(meter, rng):
    look = "Chapter, step 10: float16 in and out, float32 for states and lse."
    options = {"atol": HALF, "lse_atol": 1e-4, "scale": 0.3, "splits": 3}
    q, k, v, kv_len = cache(rng, 1, 96, 16, [96, 64], 2, 1, np.float16, 4.0)
    run_decode(meter, (q, k, v, kv_len), "float16", look, **options)
    v = rng.integers(-3, 4, v.shape).astype(np.float16)
    v[:, :, :16] += 1000  # large parts that cancel leave small sums behind
    v[:, :, 48:64] -= 1000
    kind = "float16, values that cancel"
    run_decode(meter, (0 * q, k, v, kv_len), kind, look, cancels=True, **options)
    look = "Chapter, step 10: scale is 1/sqrt(d) only when none is given."
    arrays = cache(rng, 1, 40, 16, [37], groups=2)
    for scale in (0.0, -0.6):
        run_decode(meter, arrays, f"scale {scale}", look, splits=2, scale=scale)
    q, k, v, kv_len = cache(rng, 1, 40, 16, [37], groups=2)
    q[...] = 0
    for level, step, scale in ((-(2.0**17), 0.0, 1.0), (-150.0, 16.0, -1.0)):
        q[..., 0], k[..., 0] = 1.0, level + step * np.arange(40)
        run_decode(
            meter,
            (q, k, v, kv_len),
            f"scores from {level:g}, scale {scale}",
            look,
            splits=2,
            scale=scale,
            atol=1e-3,
        )
