"""One launch of a kernel on the simulator, and everything that is judged of it."""

import numpy as np
from hidden.truth import AXES, SINGLE, count_bytes, truth

from autograder.student.testing import check


def sound(run, where, look):
    """Check that no programs raced, and that none read what nobody wrote."""
    for name in ("races", "uninitialised"):
        found = "; ".join(getattr(run, name))
        check.true(not found, where=f"{where}: {name}", evidence=found, look=look)


def run_kernel(
    meter,
    arrays,
    kind,
    look,
    *,
    causal=False,
    scale=None,
    tiles=(32, 16),
    atol=SINGLE,
    axes=None,
):
    """Run one launch on the simulator, judge results, bytes and blocks; return o."""
    q, k, v = arrays
    host = "causal_attention" if causal else "flash_attention"
    block_m, block_n = tiles or (32, 16)  # None: those are not given
    options = {"scale": scale}
    if tiles is not None:
        options |= {"block_m": block_m, "block_n": block_n}
    given = arrays
    if axes is not None:  # stored in another order
        options["axes"] = axes
        pairs = zip(arrays, axes, strict=True)
        given = [np.ascontiguousarray(x.transpose(np.argsort(a))) for x, a in pairs]
    m = meter.run(host, *given, **options)
    where = f"{host}, {kind}"
    check.true(
        isinstance(m.outputs, tuple | list) and len(m.outputs) == 2,
        where=where,
        evidence="the result is not a pair: o, lse",
        look=look,
    )
    o, lse = m.outputs
    want_o, want_lse = truth(q, k, v, causal=causal, scale=scale)
    check.dtype(o, q.dtype, where=f"{where}: o", look=look)
    check.dtype(lse, np.float32, where=f"{where}: lse", look=look)
    sound(m, where, look)
    check.close(
        lse,
        want_lse,
        rtol=SINGLE,
        atol=SINGLE if q.dtype == np.float32 else 1e-4,
        where=f"{where}: lse",
        look=look,
        axis_names=AXES[:3],
    )
    size = float(np.abs(v).max(initial=1.0))
    check.close(
        o, want_o, atol=atol * size, where=f"{where}: o", look=look, axis_names=AXES
    )
    batch, head, n, d = q.shape
    loaded, stored = count_bytes(
        n, k.shape[2], d, block_m, block_n, causal, q.dtype.itemsize
    )
    count = batch * head
    check.at_most(
        m.loaded_bytes,
        1.02 * loaded * count,
        where=f"{where}: loaded from HBM",
        unit="bytes",
        look="Chapter, step 6: what must be loaded, and how often.",
    )
    check.at_most(
        m.stored_bytes,
        stored * count,
        where=f"{where}: stored to HBM",
        unit="bytes",
        look="Chapter, step 7: each element of o and lse is stored once.",
    )
    block_d = max(16, 1 << (d - 1).bit_length())
    check.at_most(
        m.largest_block,
        max(block_m * block_d, block_n * block_d, block_m * block_n),
        where=f"{where}: largest block",
        unit="elements",
        look="Chapter, step 7: one tile of queries, one of keys, one of scores.",
    )
    return o
