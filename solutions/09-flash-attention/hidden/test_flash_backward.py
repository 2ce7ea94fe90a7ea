"""Hidden tests of `flash_backward`, against whole matrices in float64.

Core: several batches, heads and tiles, a given scale, causal masks with as many or more
keys than queries, key lengths, large scores, and memory. Not core: queries that see
nothing, padding of NaN, tiny shapes, scale 0 and negative, precision, strides.
"""

import numpy as np
import pytest
from hidden.calls import MEMORY_MB, call_with_strided_arrays, check_memory
from hidden.inputs import cancelling, heads, ramp
from hidden.truth import AXES, HALF, SINGLE, truth

from autograder.student.testing import check

KEYS = ("batch", "head", "key", "feature")


def check_backward(got, args, kind, look="Chapter, step 5.", atol=1e-11, **options):
    """Compare (dq, dk, dv) with the truth; `atol` is relative to the largest."""
    q, k, v, do = args
    where = f"flash_backward, {kind}"
    check.true(
        isinstance(got, tuple | list) and len(got) == 3,
        where=where,
        evidence="the result is not a tuple of three: dq, dk, dv",
        look=look,
    )
    options = {key: options.get(key) for key in ("causal", "scale", "kv_len")}
    want = truth(q, k, v, **options, do=do)[2]
    names = ("dv", "dk", "dq")
    for name, x, y, source in zip(names, got[::-1], want[::-1], (v, k, q), strict=True):
        check.dtype(x, source.dtype, where=f"{where}: {name}", look=look)
        size = max(1.0, float(np.abs(y).max(initial=0.0)))
        check.close(
            x,
            y,
            atol=atol * size,
            where=f"{where}: {name}",
            look=look,
            axis_names=AXES if name == "dq" else KEYS,
        )


def backward_inputs(rng, q, k, v, **options):
    """Return the arguments of flash_backward, as a right forward pass leaves them."""
    do = rng.standard_normal(q.shape).astype(q.dtype)
    o, lse = truth(q, k, v, **options)
    acc = np.float64 if q.dtype == np.float64 else np.float32
    return q, k, v, o.astype(q.dtype), lse.astype(acc), do


def run_backward(student, rng, cases, look, atol=1e-11):
    """Ask for every (kind, (q, k, v), tiles, options) first, then judge the answers."""
    asked = []
    for kind, arrays, (bq, bk), options in cases:
        args = backward_inputs(rng, *arrays, **options)
        given = {**options, "bq": bq, "bk": bk}
        if "kv_len" in given:
            given["kv_len"] = np.array(given["kv_len"])
        got = student.flash_backward(*args, **given)
        asked.append((got, (*arrays, args[5]), kind, options))
    for got, args, kind, options in asked:
        check_backward(got, args, kind, look, atol, **options)


@pytest.mark.task("flash_backward", weight=3, core=True)
def test_backward_equals_plain_gradients(student, rng):
    one, other = heads(rng, 19, 21, 6, 2, 2), heads(rng, 9, 26, 3)
    cases = (
        ("2 batches, 2 heads", one, (16, 8), {}),
        ("N < M, wide tiles", other, (4, 16), {}),
        ("tiles larger than both", other, (32, 32), {}),
    )
    run_backward(student, rng, cases, "Chapter, step 5.")


@pytest.mark.task("flash_backward", weight=1, core=True)
def test_backward_uses_the_scale_given(student, rng):
    look = "Chapter, step 5: the scale enters the scores and, once more, dq and dk."
    cases = [("scale 0.7", heads(rng, 7, 9, 5), (4, 4), {"scale": 0.7})]
    run_backward(student, rng, cases, look)


@pytest.mark.task("flash_backward", weight=2, core=True)
def test_backward_causal(student, rng):
    options = {"causal": True}
    cases = (
        ("causal, N = M", heads(rng, 17, 17, 4), (8, 4), options),
        ("causal, N < M", heads(rng, 12, 18, 4), (8, 4), options),
    )
    look = "Chapter, step 5: the mask of the forward pass."
    run_backward(student, rng, cases, look)


@pytest.mark.task("flash_backward", weight=2, core=True)
def test_backward_with_key_lengths(student, rng):
    q, k, v = heads(rng, 5, 13, 4, 4, 1)
    kv_len = [9, 13, 5, 7]
    for b, length in enumerate(kv_len):
        k[b, :, length:] = 0.5
        v[b, :, length:] = 9.0
    cases = [
        (
            "key lengths per batch" + ", causal" * causal,
            (q, k, v),
            (4, 8),
            {"causal": causal, "kv_len": kv_len},
        )
        for causal in (False, True)
    ]
    look = "Chapter, step 5: keys from kv_len[b] on get gradient 0."
    run_backward(student, rng, cases, look)


@pytest.mark.task("flash_backward", weight=2, core=True)
def test_backward_of_large_scores(student, rng):
    cases = [
        (
            f"scores from {start:g} in steps of {slope:g}",
            ramp(10, 30, 3, slope, start),
            (8, 8),
            {"scale": 1.0},
        )
        for slope, start in ((500.0, -1e4), (-0.5, -1e4), (0.0, 900.0))
    ]
    look = "Chapter, step 5: exp(s - lse) cannot overflow, exp(s) can."
    run_backward(student, rng, cases, look, 1e-9)


@pytest.mark.task("flash_backward", weight=2, core=True, memory_mb=MEMORY_MB)
def test_backward_never_holds_the_matrix(student, reference, rng):
    look = "Chapter, step 5: compute the scores of one tile again, use them, drop them."

    def make(n, m, options):
        q, k, v = heads(rng, n, m, 1, dtype=np.float32)
        o, lse = reference.flash_forward(q, k, v, **options)
        return q, k, v, o, lse, rng.standard_normal(q.shape).astype(np.float32)

    def judge(args, got, row, seen, where):
        good = isinstance(got, tuple | list) and len(got) == 3
        evidence = "the result is not a tuple of three: dq, dk, dv"
        check.true(good, where=where, evidence=evidence)
        q, k, v, _, _, do = args
        for name, x, like in zip(("dq", "dk", "dv"), got, (q, k, v), strict=True):
            check.shape(x, like.shape, where=f"{where}: {name}", look=look)
        one = slice(row, row + 1)
        k, v = k[:, :, :seen], v[:, :, :seen]
        want = truth(q[:, :, one], k, v, do=do[:, :, one])[2][0]
        near = {"rtol": 10 * SINGLE, "atol": 10 * SINGLE, "look": look}
        check.close(got[0][:, :, one], want, where=f"{where}: dq", **near)

    check_memory(student, "flash_backward", make, judge, look)


# --- rows without keys, padding, tiny shapes, scales, precision, strides -----------


@pytest.mark.task("flash_backward", weight=1)
def test_backward_of_queries_that_see_nothing(student, rng):
    cases = [("causal, N > M", heads(rng, 18, 7, 4), (8, 4), {"causal": True})]
    q, k, v = heads(rng, 3, 6, 2)
    q[..., 0], k[..., 0] = 1e200, -1e200
    cases.append(("all scores overflow to -inf", (q, k, v), (4, 4), {}))
    look = "Chapter, step 5: rows without keys give 0."
    run_backward(student, rng, cases, look)


@pytest.mark.task("flash_backward", weight=1)
def test_backward_of_padding_that_holds_nan(student, rng):
    q, k, v = heads(rng, 6, 13, 4, 4, 1)
    kv_len = [9, 13, 0, 3]
    for b, length in enumerate(kv_len):
        k[b, :, length:] = np.nan
        v[b, :, length:] = np.nan
    cases = [
        (
            "padding of NaN, one entry without keys" + ", causal" * causal,
            (q, k, v),
            (4, 8),
            {"causal": causal, "kv_len": kv_len},
        )
        for causal in (False, True)
    ]
    look = "Chapter, step 5: keys from kv_len[b] on get gradient 0."
    run_backward(student, rng, cases, look)
    none = ("no keys exist", heads(rng, 5, 6, 3), (4, 4), {"kv_len": [0]})
    run_backward(student, rng, [none], look)
    args = backward_inputs(rng, q, k, v, causal=True, kv_len=kv_len)
    got = student.flash_backward(
        *args, bq=4, bk=8, causal=True, kv_len=np.array(kv_len, np.uint8)
    )
    check_backward(
        got, (q, k, v, args[5]), "lengths in uint8", look, causal=True, kv_len=kv_len
    )


@pytest.mark.task("flash_backward", weight=1)
def test_backward_of_tiny_shapes(student, rng):
    cases = [
        (kind, heads(rng, n, m, 3), (4, 4), {})
        for n, m, kind in ((1, 6, "one query"), (6, 1, "one key"), (5, 0, "no keys"))
    ]
    cases.append(
        ("no keys, float32", heads(rng, 5, 0, 3, dtype=np.float32), (4, 4), {})
    )
    run_backward(student, rng, cases, "Chapter, step 5.")


@pytest.mark.task("flash_backward", weight=1)
def test_backward_of_scale_zero_and_below(student, rng):
    look = "Chapter, step 5: the scale enters the scores and, once more, dq and dk."
    arrays = heads(rng, 7, 9, 5)
    cases = [
        (f"scale {scale}", arrays, (4, 4), {"scale": scale}) for scale in (0.0, -1.5)
    ]
    run_backward(student, rng, cases, look)


@pytest.mark.task("flash_backward", weight=1)
def test_backward_carries_sums_in_single_precision(student, rng):
    look = "Chapter, step 5: accumulate in accumulator(q.dtype), convert at the end."
    arrays = heads(rng, 40, 30, 16, dtype=np.float32)
    single = backward_inputs(rng, *arrays)
    first = student.flash_backward(*single, bq=8, bk=8)
    q, k, v = heads(rng, 50, 20, 8, dtype=np.float16)
    q[:, :, 0:8] = q[:, :, 24:32] = 0  # rows of equal weights ...
    args = backward_inputs(rng, q, k, v)
    args[5][:, :, 0:8], args[5][:, :, 24:32] = 1000.0, -1000.0  # ... that cancel in dV
    got = student.flash_backward(*args, bq=8, bk=8)
    check_backward(first, (*arrays, single[5]), "float32", look, SINGLE)
    check_backward(got, (q, k, v, args[5]), "float16", look, 3 * HALF)
    q, k, v, do = cancelling(38, 3100.0)
    lse = np.full(q.shape[:3], np.log(38), np.float32)
    got = student.flash_backward(q, k, v, 0 * q, lse, do, bq=8, bk=8, scale=1.0)
    kind = "float16, parts that cancel"
    check_backward(got, (q, k, v, do), kind, look, 3 * HALF, scale=1.0)
    q, k, v = heads(rng, 12, 9, 8, dtype=np.float16)
    v[..., 0] = 280.0
    args = backward_inputs(rng, q, k, v)
    args[5][...] *= 30
    args[5][..., 0] = 280.0  # its product with o is beyond 65504
    got = student.flash_backward(*args, bq=4, bk=4)
    kind = "float16, o * do beyond 65504"
    check_backward(got, (q, k, v, args[5]), kind, look, 3 * HALF)


@pytest.mark.task("flash_backward", weight=1)
def test_backward_of_large_half_scores(student, rng):
    q, k, v = heads(rng, 20, 24, 16, dtype=np.float16, spread=0.3)
    q[..., 0], k[..., 0] = 641, 1
    args = backward_inputs(rng, q, k, v, scale=0.37)
    got = student.flash_backward(*args, bq=8, bk=8, scale=0.37)
    check_backward(
        got, (q, k, v, args[5]), "float16, scores of 237", atol=3 * HALF, scale=0.37
    )


@pytest.mark.task("flash_backward", weight=1)
def test_backward_of_strided_heads(student, rng):
    look = "Chapter, step 5."
    args = backward_inputs(rng, *heads(rng, 9, 7, 4, 2, 3))
    got, after = call_with_strided_arrays(
        student,
        name="flash_backward",
        args=list(args),
        options={"bq": 4, "bk": 4},
    )
    for x, y in zip(after, args, strict=True):
        check.unchanged(x, y, where="flash_backward, its arguments", look=look)
    check_backward(got, (*args[:3], args[5]), "transposed heads", look)
