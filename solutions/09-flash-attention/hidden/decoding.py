"""One launch of split-KV decoding, and everything that is judged of it."""

import numpy as np
from hidden.launches import sound
from hidden.truth import AXES, SINGLE, truth

from autograder.student.testing import check


def cache(rng, n, m, d, kv_len, groups=1, kv_heads=1, dtype=np.float32, spread=1.0):
    """Return q, k, v and kv_len; keys that do not exist are large."""
    batch = len(kv_len)
    q = rng.standard_normal((batch, groups * kv_heads, n, d)) * spread
    k, v = rng.standard_normal((2, batch, kv_heads, m, d))
    v += 0.5
    for b, length in enumerate(kv_len):
        k[b, :, length:] = v[b, :, length:] = 40.0
    lengths = np.array(kv_len, np.int32)
    return q.astype(dtype), k.astype(dtype), v.astype(dtype), lengths


def decode_bytes(q, k, kv_len, splits):
    """Count (loaded, stored), one program after another."""
    (batch, heads, n, d), kv_heads = q.shape, k.shape[1]
    rows, size = heads // kv_heads * n, q.itemsize
    loaded = stored = 0
    for b in range(batch):
        for _ in range(kv_heads):
            loaded += splits * (4 + size * rows * d) + 2 * size * int(kv_len[b]) * d
            stored += splits * 4 * rows * (d + 2)
            loaded += splits * 4 * rows * (d + 2)
            stored += rows * (size * d + 4)
    return loaded, stored


def run_decode(
    meter,
    arrays,
    kind,
    look,
    *,
    splits,
    scale=None,
    block_n=16,
    atol=SINGLE,
    lse_atol=SINGLE,
    cancels=False,
):
    """Run one launch on the simulator; judge o, lse, bytes, blocks, and who loads what.

    Args:
        meter: the simulator.
        arrays: q, k, v and kv_len.
        kind: what is special about this launch.
        look: where to read on.
        splits: into how many runs the keys are cut.
        scale: of the scores.
        block_n: keys of a tile; None: it is not given.
        atol: how far o may be away, for values of size 1.
        lse_atol: how far lse may be away.
        cancels: whether values cancel, so that `atol` is for o of size 1.
    """
    q, k, v, kv_len = arrays
    (batch, heads, n, d), (kv_heads, m) = q.shape, k.shape[1:3]
    groups = heads // kv_heads
    options = {"splits": splits, "scale": scale}
    if block_n is None:
        block_n = 16
    else:
        options["block_n"] = block_n
    run = meter.run("decode_attention", q, k, v, kv_len, **options)
    where = f"decode_attention, {kind}"
    check.true(
        isinstance(run.outputs, tuple | list) and len(run.outputs) == 2,
        where=where,
        evidence="the result is not a pair: o, lse",
        look=look,
    )
    o, lse = run.outputs
    wide = (np.repeat(x, groups, axis=1) for x in (k, v))
    want_o, want_lse = truth(q, *wide, causal=True, scale=scale, kv_len=kv_len)
    check.dtype(o, q.dtype, where=f"{where}: o", look=look)
    check.dtype(lse, np.float32, where=f"{where}: lse", look=look)
    sound(run, where, look)
    at = f"{where}: lse"
    near = {"rtol": SINGLE, "atol": lse_atol, "axis_names": AXES[:3]}
    check.close(lse, want_lse, where=at, look=look, **near)
    real = [v[b, :, :length] for b, length in enumerate(kv_len)]
    sizes = [want_o] if cancels else [1.0, *real]
    size = max(float(np.abs(x).max(initial=0.0)) for x in sizes)
    at = f"{where}: o"
    check.close(o, want_o, atol=atol * size, where=at, look=look, axis_names=AXES)
    rows, block_d = groups * n, max(16, 1 << (d - 1).bit_length())
    block_m = max(16, 1 << (rows - 1).bit_length())
    block_s = 1 << (splits - 1).bit_length()
    largest = max(block_m * max(block_d, block_n), block_d * max(block_n, block_s))
    check.at_most(
        run.largest_block,
        largest,
        where=f"{where}: largest block",
        unit="elements",
        look="Chapter, step 10: one tile, or the states of one query.",
    )
    loaded, stored = decode_bytes(q, k, kv_len, splits)
    for what, found, most in (
        ("loaded from", run.loaded_bytes, int(1.05 * loaded)),
        ("stored to", run.stored_bytes, stored),
    ):
        at = f"{where}: {what} HBM"
        look = "Chapter, step 10: keys once a group, states once a split."
        check.at_most(found, most, where=at, unit="bytes", look=look)
    tiles = -(-m // block_n)
    keys = min(-(-tiles // splits) * block_n, m)
    states = splits * 4 * rows * (d + 2)
    most = max(4 + q.itemsize * d * (rows + 2 * keys), states)
    check.at_most(
        run.busiest_bytes,
        most,
        where=f"{where}: what one program loads",
        unit="bytes",
        look="Chapter, step 10: each program loads its own run of the keys.",
    )
