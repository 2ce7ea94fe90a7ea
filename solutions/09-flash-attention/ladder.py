"""The ladder from naive attention to split decoding: each rung metered, in float16.

Six rungs, one idea apart. The first three store the scores S and the weights P in HBM;
the next three are kernels of the reference. Each is one head of SQUARE, and the last
two decode: DECODE queries that share one head of keys, many keys.

| rung | what it changes |
|---|---|
| naive | a program a row: every row reads all keys, and softmax takes three passes |
| tiled | products in tiles of TILE x TILE: TILE rows share what they load |
| online | softmax in two passes: maximum and sum come from one |
| fused | `flash_attention`: S and P stay on the chip |
| causal | `causal_attention`: tiles that nobody sees are skipped |
| split | `decode_attention`: the keys of one tile of queries, cut into SPLITS runs |

`python ladder.py` prints the table of the chapter.
"""

import os

os.environ.setdefault("TILES", "simulator")  # bytes are metered there alone

from functools import cache

import numpy as np
import reference

from autograder.lab.tiles import device, meter, tl, triton

SQUARE = (512, 512, 64)
TILE = 64
DECODE = (4, 4096, 64)  # heads that share keys, keys, features
SPLITS = 64


@triton.jit
def scores_kernel(
    q_ptr, k_ptr, s_ptr, scale, M,
    D: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """S in tiles of ROWS by BLOCK; each program loads its rows of q and its keys."""
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    cols = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    dims = tl.arange(0, D)
    q = tl.load(q_ptr + rows[:, None] * D + dims[None, :])
    k = tl.load(k_ptr + cols[None, :] * D + dims[:, None])
    s = tl.dot(q, k, input_precision="ieee") * scale
    tl.store(s_ptr + rows[:, None] * M + cols[None, :], s.to(s_ptr.dtype.element_ty))


@triton.jit
def softmax_kernel(s_ptr, p_ptr, M, ONLINE: tl.constexpr, BLOCK: tl.constexpr):
    """One row a program: maximum, then sum, then weights; online, both in one pass."""
    row = tl.program_id(0) * M
    cols = tl.arange(0, BLOCK)
    m_i = tl.full([], float("-inf"), tl.float32)
    l_i = tl.full([], 0.0, tl.float32)
    for start in range(0, M, BLOCK):
        s = tl.load(s_ptr + row + start + cols).to(tl.float32)
        m_new = tl.maximum(m_i, tl.max(s, 0))
        if ONLINE:
            l_i = tl.exp(m_i - m_new) * l_i + tl.sum(tl.exp(s - m_new), 0)
        m_i = m_new
    if not ONLINE:
        for start in range(0, M, BLOCK):
            s = tl.load(s_ptr + row + start + cols).to(tl.float32)
            l_i += tl.sum(tl.exp(s - m_i), 0)
    for start in range(0, M, BLOCK):
        s = tl.load(s_ptr + row + start + cols).to(tl.float32)
        p = tl.exp(s - m_i) / l_i
        tl.store(p_ptr + row + start + cols, p.to(p_ptr.dtype.element_ty))


@triton.jit
def values_kernel(
    p_ptr, v_ptr, o_ptr, M, D: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr
):
    """ROWS of o a program: all of their weights, and all values."""
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    dims = tl.arange(0, D)
    acc = tl.zeros([ROWS, D], tl.float32)
    for start in range(0, M, BLOCK):
        cols = start + tl.arange(0, BLOCK)
        p = tl.load(p_ptr + rows[:, None] * M + cols[None, :])
        v = tl.load(v_ptr + cols[:, None] * D + dims[None, :])
        acc += tl.dot(p, v, input_precision="ieee")
    o_ptrs = o_ptr + rows[:, None] * D + dims[None, :]
    tl.store(o_ptrs, acc.to(o_ptr.dtype.element_ty))


def in_three_kernels(q, k, v, *, rows, online):
    """Attend with S and P in HBM; a program has `rows` rows of a product."""
    (n, d), m = q.shape, len(k)
    s, p = device.empty((n, m), q.dtype), device.empty((n, m), q.dtype)
    o = device.empty((n, d), q.dtype)
    grid = (n // rows, m // TILE)
    scores_kernel[grid](q, k, s, d**-0.5, m, D=d, ROWS=rows, BLOCK=TILE)
    softmax_kernel[(n,)](s, p, m, ONLINE=online, BLOCK=TILE)
    values_kernel[(n // rows,)](p, v, o, m, D=d, ROWS=rows, BLOCK=TILE)
    return o


def inputs(n, m, d):
    """Return float16 q, k, v of one head."""
    rng = np.random.default_rng(9)
    return [rng.standard_normal((rows, d)).astype(np.float16) for rows in (n, m, m)]


def rung(total, operations):
    """Return what a rung moved and computed, and operations for each byte."""
    moved = total.loaded_bytes + total.stored_bytes
    return {
        "loaded": total.loaded_bytes,
        "stored": total.stored_bytes,
        "operations": operations,
        "intensity": operations / moved,
        "busiest": total.busiest_bytes,
    }


@cache
def square():
    """Meter the five rungs of one head; their outputs agree."""
    n, m, d = SQUARE
    q, k, v = inputs(*SQUARE)
    whole = 4 * n * m * d  # two products of 2 N M d
    runs = {
        "naive": lambda: in_three_kernels(q, k, v, rows=1, online=False),
        "tiled": lambda: in_three_kernels(q, k, v, rows=TILE, online=False),
        "online": lambda: in_three_kernels(q, k, v, rows=TILE, online=True),
    }
    found = {}
    want = reference.flash_forward(*(x[None, None] for x in (q, k, v)))[0][0, 0]
    for name, run in runs.items():
        with meter() as total:
            o = run()
        assert np.allclose(o, want, atol=4e-3), name
        found[name] = rung(total, whole)
    return {**found, "fused": fused(TILE, False), "causal": fused(TILE, True)}


@cache
def fused(tile, causal):
    """Meter the kernel of step 7 or step 8, in square tiles."""
    heads = [x[None, None] for x in inputs(*SQUARE)]
    name = "causal_attention" if causal else "flash_attention"
    with meter() as total:
        o, _ = getattr(reference, name)(*heads, block_m=tile, block_n=tile)
    want, _ = reference.flash_forward(*heads, causal=causal)
    assert np.allclose(o, want, atol=4e-3), name
    tiles = (total.load_count - total.programs) // 2  # k and v for each tile
    return rung(total, 4 * tiles * tile * tile * SQUARE[2])


@cache
def decoding(splits):
    """Meter one step of decoding."""
    groups, m, d = DECODE
    q, k, v = inputs(*DECODE)
    heads = q[None, :, None], k[None, None], v[None, None]
    length = np.array([m], np.int32)
    with meter() as total:
        reference.decode_attention(*heads, length, splits=splits, block_n=TILE)
    return rung(total, 4 * groups * m * d)


def ladder():
    """Return every rung by name, in the chapter's order."""
    return {**square(), "one": decoding(1), "split": decoding(SPLITS)}


def text(one, decodes=True):
    """Write one rung as the chapter does: MB, Mflop, flop a byte; and busiest kB."""
    moved = one["loaded"] + one["stored"]
    busiest = {"busiest": f"{one['busiest'] / 1e3:.0f}"}
    return {
        "moved": f"{moved / 1e6:.2f}",
        "operations": f"{one['operations'] / 1e6:.1f}",
        "intensity": f"{one['intensity']:.2g}",
    } | (busiest if decodes else {})


if __name__ == "__main__":
    for name, one in ladder().items():
        print(f"{name:8}", *(f"{value:>10}" for value in text(one).values()))
