"""Hidden tests of `flash_forward`, against whole matrices in float64.

Core: several batches, heads and tiles, maxima that move, a given scale, causal masks
with as many or more keys than queries, key lengths, and memory. Not core: queries that
see nothing, padding of NaN, tiny shapes, scale 0 and negative, precision, strides.
"""

import numpy as np
import pytest
from hidden.calls import MEMORY_MB, call_with_strided_arrays, check_memory
from hidden.inputs import heads, ramp
from hidden.truth import AXES, HALF, SINGLE, truth

from autograder.student.testing import check


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


def run_forward(student, cases, look, atol=1e-12):
    """Ask for every (kind, (q, k, v), options) first, then judge the answers."""
    answers = []
    for _, arrays, options in cases:
        given = dict(options)
        if "kv_len" in given:
            given["kv_len"] = np.array(given["kv_len"])
        answers.append(student.flash_forward(*arrays, **given))
    for (kind, arrays, options), got in zip(cases, answers, strict=True):
        check_forward(got, *arrays, kind, look, atol, **options)


@pytest.mark.task("flash_forward", weight=2, core=True)
def test_forward_equals_plain_attention(student, rng):
    one, other = heads(rng, 37, 29, 8, 2, 2), heads(rng, 20, 33, 5)
    cases = (
        ("2 batches, 2 heads, ragged tiles", one, {"bq": 16, "bk": 8}),
        ("N < M, d = 5", other, {"bq": 8, "bk": 16}),
        ("default tiles", other, {}),
    )
    run_forward(student, cases, "Chapter, step 4.")


@pytest.mark.task("flash_forward", weight=2, core=True)
def test_forward_when_the_maximum_moves(student):
    cases = [
        (kind, ramp(10, 41, 4, slope, start), {"bq": 8, "bk": 8, "scale": 1.0})
        for slope, start, kind in (
            (1.0, 0.0, "rising scores"),
            (-1.0, 0.0, "falling scores"),
            (0.0, 7.0, "equal scores"),
            (500.0, -1e4, "scores from -1e4 to 1e4"),
            (-1.0, -1e4, "all scores below -1e4"),
        )
    ]
    look = "Chapter, step 4: rescale l and acc together."
    run_forward(student, cases, look, atol=1e-10)


@pytest.mark.task("flash_forward", weight=1, core=True)
def test_forward_uses_the_scale_given(student, rng):
    look = "Chapter, step 4: scale is 1/sqrt(d) only when none is given."
    cases = [("scale 0.7", heads(rng, 10, 12, 6), {"bq": 4, "bk": 4, "scale": 0.7})]
    run_forward(student, cases, look)


@pytest.mark.task("flash_forward", weight=2, core=True)
def test_forward_causal(student, rng):
    options = {"causal": True, "bq": 16, "bk": 4}
    wide = {"causal": True, "bq": 4, "bk": 16}
    cases = [
        ("causal, N = M", heads(rng, 33, 33, 4), options),
        ("causal, N < M", heads(rng, 20, 30, 4), options),
        ("causal, N < M, wide tiles", heads(rng, 12, 30, 4), wide),
    ]
    steep = ("causal, hidden scores far larger", ramp(12, 30, 4, 300.0, 0.0))
    cases.append((*steep, {**options, "scale": 1.0}))
    look = "Chapter, step 4: query i sees the keys j <= i + M - N."
    run_forward(student, cases, look, atol=1e-10)


@pytest.mark.task("flash_forward", weight=2, core=True)
def test_forward_with_key_lengths(student, rng):
    q, k, v = heads(rng, 5, 21, 4, 4, 2)
    kv_len = [13, 21, 8, 5]
    for b, length in enumerate(kv_len):
        k[b, :, length:] = 9.0
        v[b, :, length:] = 90.0
    cases = [
        (
            "key lengths per batch" + ", causal" * causal,
            (q, k, v),
            {"bq": 4, "bk": 8, "causal": causal, "kv_len": kv_len},
        )
        for causal in (False, True)
    ]
    look = "Chapter, step 4: keys from kv_len[b] on do not exist."
    run_forward(student, cases, look, atol=1e-11)


@pytest.mark.task("flash_forward", weight=2, core=True, memory_mb=MEMORY_MB)
def test_forward_never_holds_the_matrix(student, rng):
    look = "Chapter, step 4: loop over tiles of bq queries and bk keys."

    def make(n, m, options):
        return heads(rng, n, m, 1, dtype=np.float32)

    def judge(args, got, row, seen, where):
        good = isinstance(got, tuple | list) and len(got) == 2
        check.true(good, where=where, evidence="the result is not a pair: o, lse")
        (q, k, v), one = args, slice(row, row + 1)
        o, lse = truth(q[:, :, one], k[:, :, :seen], v[:, :, :seen])
        for name, x, want, shape in (
            ("o", got[0], o, q.shape),
            ("lse", got[1], lse, q.shape[:3]),
        ):
            check.shape(x, shape, where=f"{where}: {name}", look=look)
            near = {"rtol": SINGLE, "atol": SINGLE, "look": look}
            check.close(x[:, :, one], want, where=f"{where}: {name}", **near)

    check_memory(student, "flash_forward", make, judge, look)


# --- rows without keys, padding, tiny shapes, scales, precision, strides -----------


@pytest.mark.task("flash_forward", weight=1)
def test_forward_of_queries_that_see_nothing(student, rng):
    arrays = heads(rng, 30, 12, 4)
    cases = (
        ("causal, N > M", arrays, {"causal": True, "bq": 16, "bk": 4}),
        ("causal, N > M, wide tiles", arrays, {"causal": True, "bq": 4, "bk": 16}),
    )
    look = "Chapter, step 4: a query that sees nothing gets o = 0 and lse = -inf."
    run_forward(student, cases, look)


@pytest.mark.task("flash_forward", weight=1)
def test_forward_of_padding_that_holds_nan(student, rng):
    q, k, v = heads(rng, 10, 21, 4, 4, 2)
    kv_len = [13, 21, 0, 5]
    for b, length in enumerate(kv_len):
        k[b, :, length:] = np.nan
        v[b, :, length:] = np.nan
    cases = [
        (
            "padding of NaN, one entry without keys" + ", causal" * causal,
            (q, k, v),
            {"bq": 4, "bk": 8, "causal": causal, "kv_len": kv_len},
        )
        for causal in (False, True)
    ]
    look = "Chapter, step 4: keys from kv_len[b] on do not exist."
    run_forward(student, cases, look)
    none = ("no keys exist", heads(rng, 5, 6, 3), {"kv_len": [0]})
    run_forward(student, [none], look)
    lengths = np.array(kv_len, np.uint8)
    got = student.flash_forward(q, k, v, bq=4, bk=8, causal=True, kv_len=lengths)
    check_forward(got, q, k, v, "lengths in uint8", look, causal=True, kv_len=kv_len)


@pytest.mark.task("flash_forward", weight=1)
def test_forward_of_tiny_shapes(student, rng):
    cases = [
        (kind, heads(rng, n, m, 3), {"bq": bq, "bk": bk})
        for n, m, bq, bk, kind in (
            (1, 9, 64, 4, "one query"),
            (9, 1, 4, 4, "one key"),
            (5, 0, 4, 4, "no keys"),
            (7, 6, 64, 64, "tiles larger than both"),
            (3, 4, 1, 1, "tiles of 1 x 1"),
        )
    ]
    cases.append(("no keys, float32", heads(rng, 5, 0, 3, dtype=np.float32), {}))
    run_forward(student, cases, "Chapter, step 4.")


@pytest.mark.task("flash_forward", weight=1)
def test_forward_of_scale_zero_and_below(student, rng):
    look = "Chapter, step 4: scale is 1/sqrt(d) only when none is given."
    arrays = heads(rng, 10, 12, 6)
    cases = [
        (f"scale {scale}", arrays, {"bq": 4, "bk": 4, "scale": scale})
        for scale in (0.0, -1.5)
    ]
    steep = ramp(10, 41, 4, 200.0, -4000.0)
    cases.append(("scale -1, scores of 900", steep, {"bq": 8, "bk": 8, "scale": -1.0}))
    run_forward(student, cases, look, atol=1e-10)


@pytest.mark.task("flash_forward", weight=1)
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
    got = student.flash_forward(q, k, v, bq=8, bk=8, scale=0.3)
    check_forward(got, q, k, v, "float16, scale 0.3", look, atol=HALF, scale=0.3)
    q, k, v = heads(rng, 5, 20, 16, dtype=np.float16)
    q[..., 0], k[..., 0] = 300.0, 300.0  # products beyond 65504
    got = student.flash_forward(q, k, v, bq=8, bk=8)
    check_forward(got, q, k, v, "float16, products beyond 65504", look, atol=0.02)


@pytest.mark.task("flash_forward", weight=1)
def test_forward_where_scores_overflow(student, rng):
    look = "Chapter, step 4: a score of -inf is a key of weight 0."
    q, k, v = heads(rng, 6, 12, 2, dtype=np.float32)
    q[..., 0] = 1e20
    k[..., 0] = 0
    k[:, :, :8:3, 0] = -1e25
    got = student.flash_forward(q, k, v, bq=4, bk=1)
    check_forward(got, q, k, v, "some scores overflow to -inf", look, atol=SINGLE)
    q, k, v = heads(rng, 3, 6, 2)
    q[..., 0], k[..., 0] = 1e200, -1e200
    got = student.flash_forward(q, k, v, bq=4, bk=4)
    check_forward(got, q, k, v, "all scores overflow to -inf", look)
    q, k, v = heads(rng, 4, 6, 2)
    q[..., 0], k[..., 0] = [1e200, 1, 1, 0], [0, 0, 0, 0, 0, 1e200]  # seen by the last
    got = student.flash_forward(q, k, v, bq=4, bk=4, causal=True)
    kind = "causal, a hidden score overflows to inf"
    check_forward(got, q, k, v, kind, look, causal=True)
    look = "Chapter, step 4: the maximum starts at -inf."
    q, k, v = ramp(4, 12, 4, -1.0, -3e4)
    got = student.flash_forward(q, k, v, bq=4, bk=4, scale=1.0)
    kind = "all scores below -3e4"
    check_forward(got, q, k, v, kind, look, 1e-10, scale=1.0)
    q, k, v = ramp(4, 12, 4, 0.0, 2.0**34)
    got = student.flash_forward(q, k, v, bq=4, bk=4, scale=1.0)
    check_forward(got, q, k, v, "all scores 2^34 or -2^34", look, 1e-6, scale=1.0)


@pytest.mark.task("flash_forward", weight=1)
def test_forward_of_strided_heads(student, rng):
    q, k, v = heads(rng, 12, 10, 4, 2, 3)
    got, after = call_with_strided_arrays(
        student,
        name="flash_forward",
        args=[q, k, v],
        options={"bq": 8, "bk": 4},
    )
    look = "Chapter, step 4."
    for x, y in zip(after, (q, k, v), strict=True):
        check.unchanged(x, y, where="flash_forward, its arguments", look=look)
    check_forward(got, q, k, v, "transposed heads")
