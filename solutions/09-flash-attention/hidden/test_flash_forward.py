"""Hidden tests of `flash_forward`."""

import numpy as np
import pytest
from hidden.common import (
    AXES,
    HALF,
    SINGLE,
    call_and_look,
    check_memory,
    heads,
    ramp,
    truth,
)

from autograder.student.testing import check

# --- 4. flash_forward ---------------------------------------------------------------


def check_forward(got, q, k, v, kind, look="Chapter, step 4.", atol=1e-12, **options):
    """Compare (o, lse) with the truth; `atol` is relative to the largest |v|."""
    where = f"flash_forward, {kind}"
    check.true(
        isinstance(got, tuple | list) and len(got) == 2,
        where=where,
        evidence="the result is not a pair: o, lse",
        look=look,
    )
    o, lse = got
    options = {key: options.get(key) for key in ("causal", "scale", "kv_len")}
    want_o, want_lse = truth(q, k, v, **options)
    check.dtype(o, q.dtype, where=f"{where}: o", look=look)
    acc = np.float64 if q.dtype == np.float64 else np.float32
    check.dtype(lse, acc, where=f"{where}: lse", look=look)
    allowed = min(atol, SINGLE) if acc == np.float64 else SINGLE
    check.close(
        lse,
        want_lse,
        rtol=allowed,
        atol=allowed,
        where=f"{where}: lse",
        look=look,
        axis_names=AXES[:3],
    )
    size = float(np.abs(np.nan_to_num(v)).max(initial=1.0))
    check.close(
        o, want_o, atol=atol * size, where=f"{where}: o", look=look, axis_names=AXES
    )


@pytest.mark.task("flash_forward", weight=2)
def test_forward_equals_plain_attention(student, rng):
    q, k, v = heads(rng, 37, 29, 8, 2, 2)
    got = student.flash_forward(q, k, v, bq=16, bk=8)
    check_forward(got, q, k, v, "2 batches, 2 heads, ragged tiles")
    q, k, v = heads(rng, 20, 33, 5)
    got = student.flash_forward(q, k, v, bq=8, bk=16)
    check_forward(got, q, k, v, "N < M, d = 5")
    got = student.flash_forward(q, k, v)
    check_forward(got, q, k, v, "default tiles")


@pytest.mark.task("flash_forward")
def test_forward_of_tiny_shapes(student, rng):
    for n, m, kind in (
        (1, 9, "one query"),
        (9, 1, "one key"),
        (5, 0, "no keys"),
        (7, 6, "tiles larger than both"),
    ):
        q, k, v = heads(rng, n, m, 3)
        got = student.flash_forward(q, k, v, bq=4 if m < 6 else 64, bk=4)
        check_forward(got, q, k, v, kind)
    q, k, v = heads(rng, 3, 4, 2)
    got = student.flash_forward(q, k, v, bq=1, bk=1)
    check_forward(got, q, k, v, "tiles of 1 x 1")


@pytest.mark.task("flash_forward", weight=2)
def test_forward_when_the_maximum_moves(student):
    look = "Chapter, step 4: rescale l and acc together."
    for slope, start, kind in (
        (1.0, 0.0, "rising scores"),
        (-1.0, 0.0, "falling scores"),
        (0.0, 7.0, "equal scores"),
        (500.0, -1e4, "scores from -1e4 to 1e4"),
        (-1.0, -1e4, "all scores below -1e4"),
    ):
        q, k, v = ramp(6, 41, 4, slope, start)
        got = student.flash_forward(q, k, v, bq=8, bk=8, scale=1.0)
        check_forward(got, q, k, v, kind, look, atol=1e-10, scale=1.0)


@pytest.mark.task("flash_forward")
def test_forward_uses_the_scale_given(student, rng):
    look = "Chapter, step 4: scale is 1/sqrt(d) only when none is given."
    q, k, v = heads(rng, 10, 12, 6)
    for scale in (0.7, 0.0, -1.5):
        got = student.flash_forward(q, k, v, bq=4, bk=4, scale=scale)
        check_forward(got, q, k, v, f"scale {scale}", look, scale=scale)


@pytest.mark.task("flash_forward", weight=2)
def test_forward_causal(student, rng):
    look = "Chapter, step 4: query i sees the keys j <= i + M - N."
    for n, m, kind in ((33, 33, "N = M"), (12, 30, "N < M"), (30, 12, "N > M")):
        q, k, v = heads(rng, n, m, 4)
        got = student.flash_forward(q, k, v, causal=True, bq=16, bk=4)
        check_forward(got, q, k, v, f"causal, {kind}", look, causal=True)
    got = student.flash_forward(q, k, v, causal=True, bq=4, bk=16)
    check_forward(got, q, k, v, "causal, N > M, wide tiles", look, causal=True)


@pytest.mark.task("flash_forward", weight=2)
def test_forward_with_key_lengths(student, rng):
    look = "Chapter, step 4: keys from kv_len[b] on do not exist."
    q, k, v = heads(rng, 10, 21, 4, 4, 2)
    kv_len = [13, 21, 0, 5]
    for b, length in enumerate(kv_len):
        k[b, :, length:] = np.nan
        v[b, :, length:] = np.nan
    for causal in (False, True):
        got = student.flash_forward(
            q, k, v, causal=causal, bq=4, bk=8, kv_len=np.array(kv_len)
        )
        kind = "key lengths per batch" + ", causal" * causal
        check_forward(got, q, k, v, kind, look, causal=causal, kv_len=kv_len)


@pytest.mark.task("flash_forward", weight=2)
def test_forward_carries_sums_in_single_precision(student, rng):
    look = "Chapter, step 4: convert tiles with accumulator(q.dtype)."
    q, k, v = heads(rng, 9, 60, 16, dtype=np.float32)
    got = student.flash_forward(q, k, v, bq=8, bk=16)
    check_forward(got, q, k, v, "float32", look, atol=SINGLE)
    q, k, v = heads(rng, 9, 60, 16, dtype=np.float16, spread=4.0)
    v[:, :, 0:8] = 1000.0  # large parts that cancel leave small sums behind
    v[:, :, 24:32] = -1000.0
    q[:, :, :3] = 0
    got = student.flash_forward(q, k, v, bq=8, bk=8)
    check_forward(got, q, k, v, "float16", look, atol=HALF)
    small = got[0][:, :, :3], truth(q, k, v)[0][:, :, :3]
    where = "flash_forward, float16, large values that cancel: o"
    check.close(*small, rtol=HALF, atol=1e-3, where=where, look=look, axis_names=AXES)
    q, k, v = heads(rng, 5, 20, 16, dtype=np.float16)
    q[..., 0], k[..., 0] = 300.0, 300.0  # products beyond 65504
    got = student.flash_forward(q, k, v, bq=8, bk=8)
    check_forward(got, q, k, v, "float16, products beyond 65504", look, atol=0.02)


@pytest.mark.task("flash_forward")
def test_forward_where_scores_overflow(student, rng):
    look = "Chapter, step 4: a score of -inf is a key of weight 0."
    q, k, v = heads(rng, 6, 12, 2, dtype=np.float32)
    q[..., 0] = 1e20
    k[..., 0] = 0
    k[:, :, :8:3, 0] = -1e25
    got = student.flash_forward(q, k, v, bq=4, bk=1)
    check_forward(got, q, k, v, "some scores overflow to -inf", look, atol=SINGLE)


@pytest.mark.task("flash_forward", weight=3)
def test_forward_never_holds_the_matrix(student, rng):
    look = "Chapter, step 4: loop over tiles of bq queries and bk keys."

    def make(n, m):
        return heads(rng, n, m, 1, dtype=np.float32)

    check_memory(student, "flash_forward", make, look)


@pytest.mark.task("flash_forward")
def test_forward_of_strided_heads(student, rng):
    q, k, v = heads(rng, 12, 10, 4, 2, 3)
    got, after = student.run(
        call_and_look, name="flash_forward", args=[q, k, v], options={"bq": 8, "bk": 4}
    )
    look = "Chapter, step 4."
    for x, y in zip(after, (q, k, v), strict=True):
        check.unchanged(x, y, where="flash_forward, its arguments", look=look)
    check_forward(got, q, k, v, "transposed heads")
