"""Public tests of lesson 09: the shape of each contract, on friendly inputs.

The hidden tests ask more: large, falling, masked, ragged and empty inputs, strided
views, float16, memory and bytes.
"""

import numpy as np
import pytest

from autograder.student.testing import check


def plain(q, k, v, causal=False):
    """Return o and lse of one batch entry and head, with the whole matrix."""
    q, k, v = (np.float64(x[0, 0]) for x in (q, k, v))
    s = q @ k.T / np.sqrt(q.shape[1])
    if causal:
        hidden = np.arange(len(k)) > np.arange(len(q))[:, None] + len(k) - len(q)
        s[hidden] = -np.inf
    top = s.max(axis=1, keepdims=True)
    p = np.exp(s - top)
    total = p.sum(axis=1, keepdims=True)
    return p / total @ v, (top + np.log(total))[:, 0]


def inputs(rng, n, m, d, dtype):
    """Return q, k, v of one batch entry and one head."""
    return [rng.standard_normal((1, 1, r, d)).astype(dtype) for r in (n, m, m)]


@pytest.mark.task("safe_softmax")
def test_safe_softmax(student):
    got = student.safe_softmax(np.array([[0.0, np.log(3.0)], [1000.0, 1000.0]]))
    where = "safe_softmax of [0, log 3] and [1000, 1000]"
    want = [[0.25, 0.75], [0.5, 0.5]]
    check.close(got, want, rtol=1e-12, where=where, look="Chapter, step 1.")


@pytest.mark.task("online_softmax")
def test_online_softmax(student):
    p, m, total = student.online_softmax(np.array([[1.0, 3.0, 2.0, 5.0]]), 2)
    where = "online_softmax of [1, 3 | 2, 5]"
    look = "Chapter, step 2, the example worked by hand."
    check.close(m, [[3.0], [5.0]], where=f"{where}: m", look=look)
    want = [[1 + np.exp(-2.0)], [1 + np.exp(-2.0) + np.exp(-3.0) + np.exp(-4.0)]]
    check.close(total, want, rtol=1e-9, where=f"{where}: l", look=look)
    check.close(p.sum(), 1.0, rtol=1e-12, where=f"{where}: the sum of p", look=look)


@pytest.mark.task("merge")
def test_merge(student):
    a = (np.array([3.0]), np.array([1.0]), np.array([[2.0]]))
    b = (np.array([3.0]), np.array([0.5]), np.array([[4.0]]))
    got = student.merge(a, b)
    where = "merge of two states with maximum 3"
    for name, x, want in zip("mlo", got, ([3.0], [1.5], [[6.0]]), strict=True):
        check.close(x, want, rtol=1e-12, where=f"{where}: {name}", look="Step 3.")


@pytest.mark.task("flash_forward")
def test_flash_forward(student, rng):
    q, k, v = inputs(rng, 16, 16, 4, np.float64)
    for causal in (False, True):
        o, lse = student.flash_forward(q, k, v, causal=causal, bq=8, bk=4)
        want_o, want_lse = plain(q, k, v, causal)
        where = "flash_forward, 16 queries and keys" + ", causal" * causal
        check.close(o[0, 0], want_o, atol=1e-12, where=f"{where}: o", look="Step 4.")
        check.close(
            lse[0, 0], want_lse, atol=1e-12, where=f"{where}: lse", look="Step 4."
        )


@pytest.mark.task("flash_backward")
def test_flash_backward(student, rng):
    q, k, v = inputs(rng, 4, 4, 2, np.float64)
    do = rng.standard_normal((1, 1, 4, 2))
    o, lse = (x[None, None] for x in plain(q, k, v))
    grads = student.flash_backward(q, k, v, o, lse, do, bq=2, bk=2)
    step = 1e-5
    for place, name in enumerate(("dq", "dk", "dv")):
        sums = []
        for sign in (1, -1):
            moved = [q, k, v]
            moved[place] = moved[place].copy()
            moved[place][0, 0, 1, 0] += sign * step
            sums.append(float((plain(*moved)[0] * do[0, 0]).sum()))
        slope = (sums[0] - sums[1]) / (2 * step)
        where = f"flash_backward, 4 queries and keys: {name}, row 1, feature 0"
        got = grads[place][0, 0, 1, 0]
        check.close(got, slope, atol=1e-8, where=where, look="Chapter, step 5.")


@pytest.mark.task("hbm_bytes")
def test_hbm_bytes(student):
    where = "hbm_bytes of 512 queries and keys, d = 64, tiles of 64"
    got = student.hbm_bytes(512, 512, 64, 64, 64)
    check.equal(tuple(got), (2228224, 133120), where=where, look="Chapter, step 6.")
    got = student.hbm_bytes(512, 512, 64, 64, 64, causal=True)
    check.equal(got[0], 1310720, where=f"{where}, causal", look="Chapter, step 6.")


@pytest.mark.task("flash_kernel")
def test_flash_kernel(meter, rng):
    q, k, v = inputs(rng, 40, 40, 16, np.float32)
    run = meter.run("flash_attention", q, k, v)
    o, lse = run.outputs
    want_o, want_lse = plain(q, k, v)
    where = "flash_attention, 40 queries and keys, d = 16"
    check.close(o[0, 0], want_o, atol=1e-5, where=f"{where}: o", look="Step 7.")
    check.close(lse[0, 0], want_lse, atol=1e-5, where=f"{where}: lse", look="Step 7.")
    budget = 1.02 * 4 * (40 * 16 + 2 * 2 * 40 * 16)
    check.at_most(
        run.loaded_bytes, budget, where=f"{where}: loaded", unit="bytes", look="Step 6."
    )


@pytest.mark.task("causal_kernel")
def test_causal_kernel(meter, rng):
    q, k, v = inputs(rng, 32, 32, 16, np.float32)
    run = meter.run("causal_attention", q, k, v, block_m=16, block_n=16)
    o, lse = run.outputs
    want_o, want_lse = plain(q, k, v, causal=True)
    where = "causal_attention, 32 queries and keys, tiles of 16"
    check.close(o[0, 0], want_o, atol=1e-5, where=f"{where}: o", look="Step 8.")
    check.close(lse[0, 0], want_lse, atol=1e-5, where=f"{where}: lse", look="Step 8.")
    budget = 1.02 * 4 * (32 * 16 + 2 * (16 + 32) * 16)
    check.at_most(
        run.loaded_bytes, budget, where=f"{where}: loaded", unit="bytes", look="Step 8."
    )
