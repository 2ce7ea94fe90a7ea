"""Figure data and the chapter's numbers, all computed by the reference."""

import os

os.environ.setdefault("TILES", "simulator")  # bytes are metered there alone

from functools import cache

import ladder
import numpy as np
import reference

from autograder.lab.tiles import device, meter, tl, triton

SQUARE = (512, 512, 64)
RAGGED = (100, 77, 16, 32, 16)
TILES = (16, 32, 64, 128)
# n, m, d, bq, bk: the count of step 9 is compared with the meter on these.
BACKWARD = (
    (512, 512, 64, 64, 64),
    (100, 77, 16, 16, 32),
    (33, 17, 5, 16, 16),
    (40, 90, 20, 32, 16),
    (1, 40, 16, 16, 16),
    (70, 1, 8, 32, 64),
)
# heads, heads of keys, n, m, d, splits, key tile, lengths: likewise for step 10.
DECODING = (
    (2, 2, 1, 100, 16, 3, 16, (100, 77)),
    (6, 2, 2, 90, 20, 4, 16, (90, 41)),
    (4, 1, 3, 70, 5, 64, 32, (70, 1, 0)),
    (20, 1, 1, 300, 8, 7, 64, (300,)),
)
# n, m, d, bq, bk, causal: the byte model is compared with the meter on these.
SHAPES = (
    (64, 64, 32, 16, 16, False),
    (100, 77, 16, 32, 16, False),
    (33, 17, 5, 16, 16, False),
    (1, 40, 16, 16, 16, False),
    (70, 20, 20, 32, 64, False),
    (64, 64, 32, 16, 16, True),
    (100, 77, 16, 32, 16, True),
    (100, 100, 16, 32, 16, True),
    (50, 50, 16, 16, 32, True),
    (30, 77, 8, 16, 16, True),
    (77, 30, 8, 16, 16, True),
    (40, 40, 20, 64, 16, True),
)


@cache
def metered(n, m, d, bq, bk, causal):
    """Run the kernel on one head and return what the meter saw."""
    rng = np.random.default_rng(9)
    q, k, v = (
        rng.standard_normal((1, 1, rows, d), dtype=np.float32) for rows in (n, m, m)
    )
    host = reference.causal_attention if causal else reference.flash_attention
    with meter() as total:
        host(q, k, v, block_m=bq, block_n=bk)
    return {
        "n": n,
        "m": m,
        "d": d,
        "bq": bq,
        "bk": bk,
        "causal": causal,
        "loaded": total.loaded_bytes,
        "stored": total.stored_bytes,
        "tiles": (total.load_count - total.programs) // 2,  # k and v for each tile
    }


# --- standard attention at its best: every step reads and writes each matrix once ----


@triton.jit
def scores_kernel(
    q_ptr, k_ptr, s_ptr, scale, N: tl.constexpr, M: tl.constexpr, D: tl.constexpr
):
    rows, cols, dims = tl.arange(0, N), tl.arange(0, M), tl.arange(0, D)
    q = tl.load(q_ptr + rows[:, None] * D + dims[None, :])
    k = tl.load(k_ptr + cols[None, :] * D + dims[:, None])
    s = tl.dot(q, k, input_precision="ieee") * scale
    tl.store(s_ptr + rows[:, None] * M + cols[None, :], s)


@triton.jit
def softmax_kernel(s_ptr, p_ptr, N: tl.constexpr, M: tl.constexpr):
    at = tl.arange(0, N)[:, None] * M + tl.arange(0, M)[None, :]
    s = tl.load(s_ptr + at)
    p = tl.exp(s - tl.max(s, 1)[:, None])
    tl.store(p_ptr + at, p / tl.sum(p, 1)[:, None])


@triton.jit
def product_kernel(
    p_ptr, v_ptr, o_ptr, N: tl.constexpr, M: tl.constexpr, D: tl.constexpr
):
    rows, cols, dims = tl.arange(0, N), tl.arange(0, M), tl.arange(0, D)
    p = tl.load(p_ptr + rows[:, None] * M + cols[None, :])
    v = tl.load(v_ptr + cols[:, None] * D + dims[None, :])
    o = tl.dot(p, v, input_precision="ieee")
    tl.store(o_ptr + rows[:, None] * D + dims[None, :], o)


@cache
def metered_standard(n, m, d):
    """Run the three steps and return what the meter saw."""
    rng = np.random.default_rng(9)
    q, k, v = (rng.standard_normal((rows, d), dtype=np.float32) for rows in (n, m, m))
    s, p, o = device.empty((n, m)), device.empty((n, m)), device.empty((n, d))
    with meter() as total:
        scores_kernel[(1,)](q, k, s, d**-0.5, N=n, M=m, D=d)
        softmax_kernel[(1,)](s, p, N=n, M=m)
        product_kernel[(1,)](p, v, o, N=n, M=m, D=d)
    flash = reference.flash_forward(q[None, None], k[None, None], v[None, None])[0]
    assert np.allclose(o, flash[0, 0], atol=1e-5)
    return {
        "n": n,
        "m": m,
        "d": d,
        "loaded": total.loaded_bytes,
        "stored": total.stored_bytes,
    }


# --- backward and decoding -----------------------------------------------------------


@cache
def metered_backward(n, m, d, bq, bk):
    """Run the backward kernels on one head and return what the meter saw."""
    rng = np.random.default_rng(9)
    q, k, v, do = (
        rng.standard_normal((1, 1, rows, d), dtype=np.float32) for rows in (n, m, m, n)
    )
    o, lse = reference.flash_forward(q, k, v)
    with meter() as total:
        reference.attention_backward(q, k, v, o, lse, do, block_m=bq, block_n=bk)
    return total.loaded_bytes, total.stored_bytes


def backward_model(n, m, d, bq, bk):
    """Count the bytes of the three launches of step 9."""
    queries, keys = -(-n // bq), -(-m // bk)
    loaded = d * (4 * n + 2 * m + 2 * m * queries + 2 * n * keys) + 2 * n * (1 + keys)
    return 4 * loaded, 4 * (d * (n + 2 * m) + n)


def decoded(heads, kv_heads, n, m, d, splits, block_n, lengths):
    """Run split_kv; return o, plain attention's o, and what the meter saw."""
    rng, batch = np.random.default_rng(9), len(lengths)
    q, k, v = (
        rng.standard_normal(shape, dtype=np.float32)
        for shape in ((batch, heads, n, d), *((batch, kv_heads, m, d),) * 2)
    )
    lengths, options = np.array(lengths, np.int32), {"splits": splits}
    with meter() as total:
        o, _ = reference.decode_attention(q, k, v, lengths, block_n=block_n, **options)
    wide = (np.repeat(x, heads // kv_heads, axis=1) for x in (k, v))
    want, _ = reference.flash_forward(q, *wide, causal=True, kv_len=lengths)
    return o, want, (total.loaded_bytes, total.stored_bytes)


def decoding_model(heads, kv_heads, n, m, d, splits, block_n, lengths):
    """Count the bytes of both launches of step 10."""
    rows = heads // kv_heads * n
    states = 4 * splits * rows * (d + 2)
    loaded = stored = 0
    for length in lengths:
        loaded += kv_heads * (
            4 * d * (splits * rows + 2 * length) + states + 4 * splits
        )
        stored += kv_heads * (states + rows * (4 * d + 4))
    return loaded, stored


def splits_error():
    """Return how far 1 to 64 splits are from the plain kernel, at most."""
    rng = np.random.default_rng(9)
    q, k, v = (
        rng.standard_normal((1, 1, rows, 16), dtype=np.float32)
        for rows in (1, 300, 300)
    )
    want, _ = reference.flash_attention(q, k, v)
    length = np.array([300], np.int32)
    found = (
        reference.decode_attention(q, k, v, length, splits=splits)[0]
        for splits in range(1, 65)
    )
    return max(float(np.abs(o - want).max()) for o in found)


def figure_2():
    """Count what the setting of the first paper's Figure 2 asks for, in G and GB."""
    n, d, heads, batch = 1024, 64, 16, 64
    pairs = heads * batch
    product = 2 * n * n * d * pairs / 1e9
    matrix = 2 * n * n * pairs / 1e9  # float16
    return {
        "product": product,
        "forward": 2 * product,
        "standard": 6 * product,
        "flash": 7 * product,
        "one_head": product / heads,
        "matrix": matrix,
        "passes": 40.3 / matrix,
        "array": 2 * n * d * pairs / 1e9,
        "arrays": 4.4 / (2 * n * d * pairs / 1e9),
        "rate": 7 * product / 7.3,
    }


# --- one row's stream ----------------------------------------------------------------


def row_stream():
    """Follow one row of 24 scores through six tiles."""
    # The largest score, 12, is above log 65504 = 11.09: without the maximum subtracted,
    # its exponential is no fp16 number. The tiles' maxima rise and fall.
    tiles = [
        [7.1, 9.6, 8.0, 8.8],
        [10.4, 7.7, 9.1, 8.3],
        [9.9, 8.6, 6.9, 9.0],
        [8.2, 12.0, 10.1, 9.3],
        [11.0, 8.9, 10.6, 7.4],
        [9.8, 11.6, 8.1, 10.2],
    ]
    seed = 17
    rng = np.random.default_rng(seed)
    values = np.round(rng.uniform(-1, 1, (6, 4)), 2).tolist()
    scores = np.array(tiles).reshape(1, 24)
    _, m_after, l_after = reference.online_softmax(scores, 4)
    state = (np.array(-np.inf), np.array(0.0), np.zeros(1))
    o_after, alphas = [], []
    for s, v in zip(np.array(tiles), np.array(values), strict=True):
        p, top, total = reference.online_softmax(s[None], 4)
        tile = (top[0, 0], total[0, 0], total[0] * (p @ v))
        merged = reference.merge(state, tile)
        alphas.append(float(np.exp(state[0] - merged[0])))
        o_after.append(float(merged[2][0]))
        state = merged
    return {
        "seed": seed,
        "scale": 1.0,
        "tiles": tiles,
        "v": values,
        "m": m_after[:, 0].tolist(),
        "l": l_after[:, 0].tolist(),
        "o": o_after,
        "alpha": alphas,
        "out": float(state[2][0] / state[1]),
        "lse": float(state[0] + np.log(state[1])),
    }


# --- what the audit asks for --------------------------------------------------------


def figure():
    """Return the data of the two figures."""
    n, m, d = SQUARE
    entries = [
        metered(n, m, d, tile, tile, causal)
        for causal in (False, True)
        for tile in TILES
    ]
    entries += [metered(*RAGGED, causal) for causal in (False, True)]
    samples = [
        {
            "n": n,
            "m": m,
            "d": d,
            "bq": bq,
            "bk": bk,
            "causal": causal,
            "loaded": metered(n, m, d, bq, bk, causal)["loaded"],
            "stored": metered(n, m, d, bq, bk, causal)["stored"],
            "tiles": metered(n, m, d, bq, bk, causal)["tiles"],
        }
        for n, m, d, bq, bk, causal in SHAPES
    ]
    return {
        "row": row_stream(),
        "bytes": entries,
        "standard": [metered_standard(*SQUARE)],
        "samples": samples,
        "rungs": [{"name": name, **one} for name, one in ladder.ladder().items()],
        "tiles": [
            {"tile": tile, **ladder.fused(tile, False)} for tile in (16, 32, 64, 128)
        ],
    }


def claims():
    """Return every measured number of the chapter as text."""
    n, m, d = SQUARE
    standard = metered_standard(*SQUARE)
    hand = hand_example()
    equal = [shape for shape in SHAPES if model_equals_meter(shape)]
    found = {
        "ends_mib": f"{4 * 4096 * 64 * 4 / 2**20:g}",
        "scores_mib": f"{4096 * 4096 * 4 / 2**20:g}",
        "standard_loaded": f"{standard['loaded']:,}",
        "standard_stored": f"{standard['stored']:,}",
        **{f"hand_{name}": f"{value:.6f}" for name, value in hand.items()},
        "backward_ratio": f"{products('flash_backward') / products('flash_forward'):g}",
        "difference_error": bound(difference_error()),
        "shapes_equal": str(len(equal)),
        "shapes_metered": str(len(SHAPES)),
        "tiles_visited": str(metered(n, m, d, 64, 64, True)["tiles"]),
        "tiles_all": str(metered(n, m, d, 64, 64, False)["tiles"]),
    }
    for tile in (16, 64, 128):
        for name, causal in (("loaded", False), ("causal", True)):
            loaded = metered(n, m, d, tile, tile, causal)["loaded"]
            found[f"{name}_{tile}"] = f"{loaded:,}"
    for name, one in ladder.ladder().items():
        told = ladder.text(one, decodes=name in ("one", "split"))
        found |= {f"rung_{name}_{key}": text for key, text in told.items()}
    loaded, stored = metered_backward(*BACKWARD[0])
    found |= {"backward_loaded": f"{loaded:,}", "backward_stored": f"{stored:,}"}
    right = [one for one in BACKWARD if backward_model(*one) == metered_backward(*one)]
    found["backward_equal"], found["backward_shapes"] = (
        str(len(right)),
        str(len(BACKWARD)),
    )
    right = [one for one in DECODING if decoding_model(*one) == decoded(*one)[2]]
    found["decoding_equal"], found["decoding_shapes"] = (
        str(len(right)),
        str(len(DECODING)),
    )
    found["splits_error"] = bound(splits_error(), "1e-6")
    found |= {f"paper_{name}": f"{value:.3g}" for name, value in figure_2().items()}
    found["loaded_ragged"] = f"{metered(*RAGGED, False)['loaded']:,}"
    found["causal_ragged"] = f"{metered(*RAGGED, True)['loaded']:,}"
    return found


def model_equals_meter(shape):
    """Compare the byte model with the meter, to the byte."""
    seen = metered(*shape)
    return reference.hbm_bytes(*shape) == (seen["loaded"], seen["stored"])


def hand_example():
    """Compute the example that the chapter works by hand."""
    _, m_after, l_after = reference.online_softmax(np.array([[1.0, 3.0, 2.0, 5.0]]), 2)
    (first, second), (l_1, l_2) = m_after[:, 0], l_after[:, 0]
    tail = 1 + np.exp(-3.0)
    a = (np.array(first), np.array(l_1), np.array([l_1]))  # values 1, 1
    b = (np.array(second), np.array(tail), np.array([2 * tail]))  # values 2, 2
    _, total, out = reference.merge(a, b)
    return {
        "l1": l_1,
        "alpha": np.exp(first - second),
        "l2": l_2,
        "o": out[0],
        "out": out[0] / total,
    }


def products(name):
    """Count the matrix products of one tile."""
    counted = []

    class Counting(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
            if ufunc is np.matmul:
                counted.append(1)
            plain = [np.asarray(x) for x in inputs]
            targets = {} if out is None else {"out": tuple(map(np.asarray, out))}
            result = getattr(ufunc, method)(*plain, **targets, **kwargs)
            return result.view(Counting) if isinstance(result, np.ndarray) else result

    x = np.ones((1, 1, 4, 4)).view(Counting)
    if name == "flash_forward":
        reference.flash_forward(x, x, x)
    else:
        o, lse = reference.flash_forward(*(np.asarray(x),) * 3)
        reference.flash_backward(x, x, x, o, lse, x)
    return len(counted)


def difference_error():
    """Return the largest distance of the gradients from central differences."""
    rng = np.random.default_rng(9)
    inputs = [rng.standard_normal((1, 2, rows, 3)) for rows in (7, 5, 5)]
    do = rng.standard_normal((1, 2, 7, 3))
    options = {"causal": True, "bq": 4, "bk": 2}
    o, lse = reference.flash_forward(*inputs, **options)
    grads = reference.flash_backward(*inputs, o, lse, do, **options)
    step, worst = 1e-5, 0.0
    for x, grad in zip(inputs, grads, strict=True):
        for index in np.ndindex(x.shape):
            kept, sums = x[index], []
            for sign in (1, -1):
                x[index] = kept + sign * step
                sums.append((reference.flash_forward(*inputs, **options)[0] * do).sum())
            x[index] = kept
            slope = (sums[0] - sums[1]) / (2 * step)
            worst = max(worst, abs(slope - grad[index]))
    return worst


def bound(error, limit="1e-8"):
    """Name the power of ten that an error stays below, with room for other machines."""
    return limit if error < float(limit) else f"{error:.1e}"
