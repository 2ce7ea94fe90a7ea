"""What the hidden tests of lesson 09 share."""

import numpy as np

from autograder.grading.reference import remembered
from autograder.student.testing import check

AXES = ("batch", "head", "query", "feature")


TIGHT = {"rtol": 1e-12, "atol": 1e-13}  # float64 throughout


SINGLE = 1e-5  # float32 sums: 18 u |s| bounds the error of one score, u = 6e-8


HALF = 2.0**-10  # float16 results: half a unit each for p and for the result


# --- the judge's own truth: float64, whole matrices, no tiles ------------------------


def softmax64(x):
    x = np.asarray(x, np.float64)
    top = x.max(axis=-1, keepdims=True, initial=-np.inf)
    p = np.exp(x - np.where(np.isinf(top), 0.0, top))
    total = p.sum(axis=-1, keepdims=True)
    return p / np.where(total == 0, 1.0, total)


def seen_keys(n, m, causal, length):
    """Return the (n, m) mask: bottom-right causal, only the first `length` keys."""
    rows, cols = np.arange(n)[:, None], np.arange(m)[None, :]
    ahead = cols - rows
    return (cols < length) & (ahead <= (length - n if causal else m))


@remembered
def truth(q, k, v, causal=False, scale=None, kv_len=None, do=None):
    """Return o, lse and, given do, (dq, dk, dv)."""
    q, k, v = (np.asarray(x, np.float64) for x in (q, k, v))
    (n, d), m = q.shape[2:], k.shape[2]
    scale = d**-0.5 if scale is None else scale
    lengths = [m] * len(q) if kv_len is None else kv_len
    seen = np.array([seen_keys(n, m, causal, length) for length in lengths])[:, None]
    real = np.array([np.arange(m) < length for length in lengths])[:, None, :, None]
    k, v = np.where(real, k, 0.0), np.where(real, v, 0.0)
    s = np.where(seen, q @ k.swapaxes(2, 3) * scale, -np.inf)
    p = softmax64(s)
    top = s.max(axis=3, initial=-np.inf)
    with np.errstate(divide="ignore"):
        total = np.exp(s - np.where(np.isinf(top), 0.0, top)[..., None]).sum(axis=3)
        lse = top + np.log(total)
    o = p @ v
    if do is None:
        return o, lse
    do = np.asarray(do, np.float64)
    dp = do @ v.swapaxes(2, 3)
    ds = p * (dp - (do * o).sum(axis=3, keepdims=True))
    grads = ds @ k * scale, ds.swapaxes(2, 3) @ q * scale, p.swapaxes(2, 3) @ do
    return o, lse, grads


# --- inputs ------------------------------------------------------------------


def heads(rng, n, m, d, batch=1, head=1, dtype=np.float64, spread=1.0):
    """Return q, k, v of standard normals; q is multiplied by `spread`."""
    q = rng.standard_normal((batch, head, n, d)) * spread
    k = rng.standard_normal((batch, head, m, d))
    v = rng.standard_normal((batch, head, m, d)) + 0.5
    return q.astype(dtype), k.astype(dtype), v.astype(dtype)


def ramp(n, m, d, slope, start=0, dtype=np.float64, batch=1):
    """Return q, k, v with scores of start + slope * j at scale 1, exactly.

    Every second query has them negated, so that no maximum serves two rows.
    """
    q = np.zeros((batch, 1, n, d), dtype)
    k = np.zeros((batch, 1, m, d), dtype)
    q[:, :, ::2, 0], q[:, :, 1::2, 0] = 1, -1
    k[..., 0] = start + slope * np.arange(m)
    v = np.cos(np.arange(m * d, dtype=np.float64)).reshape(1, 1, m, d)
    return q, k, np.repeat(v, batch, axis=0).astype(dtype)


# --- scenarios: run beside the student's code --------------------------------------


def call_and_look(module, name, args, options):
    """Call a function on strided views; return result and the inputs afterwards."""
    import numpy as np

    # The same values, but stored with the second last two axes exchanged.
    views = []
    for x in args:
        order = list(range(x.ndim))
        if x.ndim > 2:
            order[1], order[2] = order[2], order[1]
        else:
            order.reverse()
        views.append(np.ascontiguousarray(x.transpose(order)).transpose(order))
    result = getattr(module, name)(*views, **options)
    return result, views


def measure_memory(module, name, args, options, limit):
    """Say whether a call holds so many bytes at once.

    Python itself may grow a table at any moment, so a peak above the limit is measured
    again; an N x M array comes back every time.
    """
    import tracemalloc
    import types

    # It looks up the line of each allocation: most of its time, and of no use here.
    functions = [f for f in vars(module).values() if type(f) is types.FunctionType]
    codes = [f.__code__ for f in functions]
    for f in functions:
        f.__code__ = f.__code__.replace(co_linetable=b"")
    peaks = []
    try:
        while len(peaks) < 3 and (not peaks or peaks[-1] >= limit):
            tracemalloc.start()
            getattr(module, name)(*args, **options)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    except Exception:
        peaks = []
    finally:
        tracemalloc.stop()
        for f, code in zip(functions, codes, strict=True):
            f.__code__ = code
    if not peaks:  # it raised: again, to be told where
        getattr(module, name)(*args, **options)
    return bool(peaks) and peaks[-1] >= limit


def check_memory(student, name, make_args, look):
    """Refuse N x M elements: at four bytes each they show in the peak of 24 tiles."""
    found = []
    for n, m, bq, bk in ((64, 768, 64, 32), (768, 64, 32, 64)):
        options = {"bq": bq, "bk": bk, "causal": n < m}
        data = {"args": list(make_args(n, m)), "options": options, "limit": 4 * n * m}
        found.append(student.run(measure_memory, name=name, **data))
    for held, tile in zip(found, ("queries", "keys"), strict=True):
        check.true(
            not held,
            where=f"{name}, memory where one tile holds all {tile}",
            evidence="N x M elements or more were allocated at once",
            look=look,
        )


# --- 6. hbm_bytes -------------------------------------------------------------------


@remembered
def count_bytes(n, m, d, bq, bk, causal=False, itemsize=4):
    """Count the bytes by looking at every tile's mask."""
    seen = seen_keys(n, m, causal, m)
    loaded = n * d
    for row in range(0, n, bq):
        for col in range(0, m, bk):
            if seen[row : row + bq, col : col + bk].any():
                loaded += 2 * d * min(bk, m - col)
    return loaded * itemsize, n * d * itemsize + 4 * n


# --- 7. and 8. the kernels ----------------------------------------------------------


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
    """Run one launch on the simulator and judge results, bytes and blocks."""
    q, k, v = arrays
    host = "causal_attention" if causal else "flash_attention"
    block_m, block_n = tiles
    options = {"scale": scale, "block_m": block_m, "block_n": block_n}
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
    for name in ("races", "uninitialised"):
        found = "; ".join(getattr(m, name))
        check.true(not found, where=f"{where}: {name}", evidence=found, look=look)
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


def batched(*ramps):
    """Stack inputs of the same shape along the batch axis."""
    return tuple(np.concatenate(parts) for parts in zip(*ramps, strict=True))
