"""Hidden tests of `flash_backward`."""

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

KEYS = ("batch", "head", "key", "feature")


# --- 5. flash_backward --------------------------------------------------------------


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


def run_backward(student, rng, arrays, kind, look, atol=1e-11, bq=8, bk=8, **options):
    args = backward_inputs(rng, *arrays, **options)
    given = dict(options)
    if "kv_len" in given:
        given["kv_len"] = np.array(given["kv_len"])
    got = student.flash_backward(*args, bq=bq, bk=bk, **given)
    check_backward(got, (*arrays, args[5]), kind, look, atol, **options)


@pytest.mark.task("flash_backward", weight=3)
def test_backward_equals_plain_gradients(student, rng):
    look = "Chapter, step 5."
    arrays = heads(rng, 19, 21, 6, 2, 2)
    run_backward(student, rng, arrays, "2 batches, 2 heads", look, bq=16, bk=8)
    arrays = heads(rng, 9, 26, 3)
    run_backward(student, rng, arrays, "N < M, wide tiles", look, bq=4, bk=16)
    run_backward(student, rng, arrays, "tiles larger than both", look, bq=32, bk=32)


@pytest.mark.task("flash_backward")
def test_backward_of_tiny_shapes(student, rng):
    look = "Chapter, step 5."
    for n, m, kind in ((1, 6, "one query"), (6, 1, "one key"), (5, 0, "no keys")):
        run_backward(student, rng, heads(rng, n, m, 3), kind, look, bq=4, bk=4)


@pytest.mark.task("flash_backward")
def test_backward_uses_the_scale_given(student, rng):
    look = "Chapter, step 5: the scale enters the scores and, once more, dq and dk."
    arrays = heads(rng, 7, 9, 5)
    for scale in (0.7, 0.0, -1.5):
        kind = f"scale {scale}"
        run_backward(student, rng, arrays, kind, look, bq=4, bk=4, scale=scale)


@pytest.mark.task("flash_backward", weight=2)
def test_backward_causal(student, rng):
    look = "Chapter, step 5: the mask of the forward pass; rows without keys give 0."
    for n, m, kind in ((17, 17, "N = M"), (7, 18, "N < M"), (18, 7, "N > M")):
        arrays = heads(rng, n, m, 4)
        kind = f"causal, {kind}"
        run_backward(student, rng, arrays, kind, look, bq=8, bk=4, causal=True)


@pytest.mark.task("flash_backward", weight=2)
def test_backward_with_key_lengths(student, rng):
    look = "Chapter, step 5: keys from kv_len[b] on get gradient 0."
    q, k, v = heads(rng, 6, 13, 4, 4, 1)
    kv_len = [9, 13, 0, 3]
    for b, length in enumerate(kv_len):
        k[b, :, length:] = np.nan
        v[b, :, length:] = np.nan
    for causal in (False, True):
        kind = "key lengths per batch" + ", causal" * causal
        options = {"causal": causal, "kv_len": kv_len}
        run_backward(student, rng, (q, k, v), kind, look, bq=4, bk=8, **options)


@pytest.mark.task("flash_backward", weight=2)
def test_backward_of_large_scores(student, rng):
    look = "Chapter, step 5: exp(s - lse) cannot overflow, exp(s) can."
    for slope, start in ((500.0, -1e4), (-0.5, -1e4), (0.0, 900.0)):
        arrays = ramp(5, 30, 3, slope, start)
        kind = f"scores from {start:g} in steps of {slope:g}"
        run_backward(student, rng, arrays, kind, look, 1e-9, bq=8, bk=8, scale=1.0)


@pytest.mark.task("flash_backward", weight=2)
def test_backward_carries_sums_in_single_precision(student, rng):
    look = "Chapter, step 5: accumulate in accumulator(q.dtype), convert at the end."
    arrays = heads(rng, 40, 30, 16, dtype=np.float32)
    run_backward(student, rng, arrays, "float32", look, SINGLE, bq=8, bk=8)
    q, k, v = heads(rng, 50, 20, 8, dtype=np.float16)
    q[:, :, 0:8] = q[:, :, 24:32] = 0  # rows of equal weights ...
    args = backward_inputs(rng, q, k, v)
    args[5][:, :, 0:8], args[5][:, :, 24:32] = 1000.0, -1000.0  # ... that cancel in dV
    got = student.flash_backward(*args, bq=8, bk=8)
    check_backward(got, (q, k, v, args[5]), "float16", look, 3 * HALF)


@pytest.mark.task("flash_backward", weight=2)
def test_backward_never_holds_the_matrix(student, rng):
    look = "Chapter, step 5: compute the scores of one tile again, use them, drop them."

    def make(n, m):
        return backward_inputs(rng, *heads(rng, n, m, 1, dtype=np.float32), causal=True)

    check_memory(student, "flash_backward", make, look)


@pytest.mark.task("flash_backward")
def test_backward_of_strided_heads(student, rng):
    look = "Chapter, step 5."
    args = backward_inputs(rng, *heads(rng, 9, 7, 4, 2, 3))
    got, after = student.run(
        call_and_look,
        name="flash_backward",
        args=list(args),
        options={"bq": 4, "bk": 4},
    )
    for x, y in zip(after, args, strict=True):
        check.unchanged(x, y, where="flash_backward, its arguments", look=look)
    check_backward(got, (*args[:3], args[5]), "transposed heads", look)
