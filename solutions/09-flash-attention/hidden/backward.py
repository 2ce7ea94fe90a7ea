"""One launch of the backward kernels, and everything that is judged of it."""

import numpy as np
from hidden.launches import sound
from hidden.truth import AXES, SINGLE, truth

from autograder.student.testing import check


def backward_bytes(n, m, d, bq, bk):
    """Count what a head moves, in float32, tile by tile."""
    moved = 2 * n * d + n  # delta: o and do in, delta out
    for first in range(0, n, bq):  # dq: q, do, lse, delta in, dq out
        rows = min(bq, n - first)
        moved += 3 * rows * d + 2 * rows + 2 * m * d
    for first in range(0, m, bk):  # dk, dv: k, v in, dk, dv out
        moved += 4 * min(bk, m - first) * d + 2 * n * d + 2 * n
    return 4 * moved


def run_backward(
    meter,
    arrays,
    kind,
    look,
    *,
    scale=None,
    tiles=(16, 32),
    atol=SINGLE,
    counted=True,
    least=0.1,
):
    """Run one launch on the simulator; judge gradients, blocks and bytes.

    Args:
        meter: the simulator.
        arrays: q, k, v, do.
        kind: what is special about this launch.
        look: where to read on.
        scale: of the scores.
        tiles: block_m and block_n; None: they are not given.
        atol: how far a gradient may be away, for gradients of size 1.
        counted: whether the bytes are judged.
        least: the size that gradients have at least; those that cancel have none.
    """
    q, k, v, do = arrays
    block_m, block_n = tiles or (16, 32)
    o, lse, want = truth(q, k, v, scale=scale, do=do)
    given = (q, k, v, o.astype(q.dtype), lse.astype(np.float32), do)
    options = {"scale": scale}
    if tiles is not None:
        options |= {"block_m": block_m, "block_n": block_n}
    m = meter.run("attention_backward", *given, **options)
    where = f"attention_backward, {kind}"
    check.true(
        isinstance(m.outputs, tuple | list) and len(m.outputs) == 3,
        where=where,
        evidence="the result is not a tuple of three: dq, dk, dv",
        look=look,
    )
    sound(m, where, look)
    for name, x, y in zip(("dq", "dk", "dv"), m.outputs, want, strict=True):
        at = f"{where}: {name}"
        check.dtype(x, q.dtype, where=at, look=look)
        size = max(float(np.abs(y).max()), least)
        check.close(x, y, atol=atol * size, where=at, look=look, axis_names=AXES)
    batch, head, n, d = q.shape
    if counted:
        most = 1.05 * batch * head * backward_bytes(n, k.shape[2], d, block_m, block_n)
        check.at_most(
            m.loaded_bytes + m.stored_bytes,
            int(most),
            where=f"{where}: moved to and from HBM",
            unit="bytes",
            look="Chapter, step 9: what each launch must load, and how often.",
        )
    block_d = max(16, 1 << (d - 1).bit_length())
    check.at_most(
        m.largest_block,
        max(block_m * block_d, block_n * block_d, block_m * block_n),
        where=f"{where}: largest block",
        unit="elements",
        look="Chapter, step 9: one tile of queries, one of keys, one of scores.",
    )
