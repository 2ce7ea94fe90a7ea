# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---
# %% [markdown]
# # FlashAttention: exact attention without the matrix
# Read the [chapter](index.md) first; each task names its step there. `check("merge")`
# runs the public tests of one task. The grader runs more tests, on other inputs: large,
# tiny, ragged, masked. Cells marked *explore* are yours and are never graded.

# %% tags=["setup"]
import numpy as np

from autograder.lab.tiles import device, meter, tl, triton
from autograder.student import attempt, check


# %%
def accumulator(dtype):
    """Return the dtype that carries sums: float64 for float64, else float32."""
    return np.float64 if np.dtype(dtype) == np.float64 else np.float32


# --8<-- [start:slow]
def naive_attention(q, k, v):
    """Attend with one head: q (N, d), k, v (M, d) -> (N, d)."""
    s = q @ k.T / np.sqrt(q.shape[1])  # N x M scores
    p = np.exp(s - s.max(axis=1, keepdims=True))  # N x M
    p = p / p.sum(axis=1, keepdims=True)  # N x M again
    return p @ v


# --8<-- [end:slow]


# %% [markdown]
# ## 1. `safe_softmax`
# Chapter, step 1. Softmax along the last axis of an array of any number of axes.
#
# - float16, float32 or float64 in, the same dtype and shape out; sums are carried in
#   `accumulator(x.dtype)`; `x` is left as it was.
# - Entries may be as large as ±1e4 (float16: ±6e4) or `-inf`. A row that is all `-inf`
#   becomes all zeros. The last axis may be empty.


# %% tags=["task"] task="safe_softmax"
def safe_softmax(x):
    """Softmax along the last axis; a row that is all -inf becomes all zeros."""
    raise NotImplementedError("safe_softmax: chapter, step 1")


# %% tags=["explore"]
with attempt():
    print(safe_softmax(np.array([[1.0, 2.0, 3.0], [1e4, 1e4, -np.inf]])))

# %% tags=["check"]
check("safe_softmax")

# %% [markdown]
# ## 2. `online_softmax`
# Chapter, step 2. The same for `x` (rows, cols), but `m` and `l` come from one pass
# over tiles of `block` columns; the last tile may be narrower.
#
# - Returns `(p, m, l)`: `p` as in task 1; `m` and `l` (tiles, rows) in
#   `accumulator(x.dtype)`: the running maximum and the running sum of `exp(x - m)`
#   *after* each tile.
# - A row that has seen only `-inf` so far has `m = -inf`, `l = 0`.
# - No columns: `p` (rows, 0), `m` and `l` (0, rows).


# %% tags=["task"] task="online_softmax"
def online_softmax(x, block):
    """Softmax of each row from one pass for (m, l). Returns (p, m, l)."""
    raise NotImplementedError("online_softmax: chapter, step 2")


# %% tags=["explore"]
with attempt():
    p, m, total = online_softmax(np.array([[1.0, 3.0, 2.0, 5.0]]), 2)
    print("after each tile: m", m.ravel(), "l", total.ravel())

# %% tags=["check"]
check("online_softmax")

# %% [markdown]
# ## 3. `merge`
# Chapter, step 3. A state is a tuple `(m, l, o)` of float arrays: `m` and `l` of one
# shape `(...)`, which may be `()`; `o` of shape `(..., d)`. `m` is the largest score,
# `l` the sum of `exp(s - m)`, `o` the sum of `exp(s - m) v`, *not* divided by `l`.
#
# - Returns the state of both sets of keys together, as a tuple of three arrays of the
#   same dtype; the arguments stay as they were.
# - `(-inf, 0, 0)` is the state of no keys: merging it changes nothing.


# %% tags=["task"] task="merge"
def merge(a, b):
    """Combine the states (m, l, o) of two disjoint sets of keys."""
    raise NotImplementedError("merge: chapter, step 3")


# %% tags=["explore"]
with attempt():
    left = (np.array(3.0), np.array(1.135335), np.array([1.135335]))
    right = (np.array(5.0), np.array(1.049787), np.array([2.099574]))
    print(merge(left, right))

# %% tags=["check"]
check("merge")

# %% [markdown]
# ## 4. `flash_forward`
# Chapter, step 4. `q` (B, H, N, d), `k` and `v` (B, H, M, d), one float dtype, perhaps
# strided. Returns `o`, shape and dtype of `q`, and `lse` (B, H, N), the log of the sum
# of `exp(s)`, in `accumulator(q.dtype)`, which also carries all sums.
#
# - `bq` queries and `bk` keys a tile; both may exceed N and M. M may be 0.
# - `kv_len`: one number per batch entry, 0 to M. Later keys do not exist and may hold
#   NaN. With L = M or that number, `causal` lets query i see the keys j <= i + L - N.
# - `scale` is 1/sqrt(d) unless given, and may be 0 or negative.
# - A score that overflows to -inf counts as hidden. A query that sees nothing gets
#   `o` = 0 and `lse` = -inf.
# - Never hold an array of N x M elements or more, of whatever dtype (a mask is one),
#   also where one tile covers all queries or all keys. One that covers both may.


# %% tags=["task"] task="flash_forward"
def flash_forward(q, k, v, *, causal=False, bq=32, bk=32, scale=None, kv_len=None):
    """Exact attention without the N x M matrix. Returns (o, lse)."""
    raise NotImplementedError("flash_forward: chapter, step 4")


# %% tags=["explore"]
with attempt():
    rng = np.random.default_rng(0)
    q, k, v = (rng.standard_normal((1, 1, 50, 8)) for _ in range(3))
    error = flash_forward(q, k, v)[0][0, 0] - naive_attention(q[0, 0], k[0, 0], v[0, 0])
    print("largest difference from naive_attention:", abs(error).max())

# %% tags=["check"]
check("flash_forward")

# %% [markdown]
# ## 5. `flash_backward`
# Chapter, step 5. The gradients `(dq, dk, dv)` of `sum(o * do)`, given what the forward
# pass returned. Options, dtypes and the limit on memory are those of task 4; each
# gradient has the dtype and shape of its array.
#
# - Keys beyond `kv_len` and queries that see nothing get gradient 0.


# %% tags=["task"] task="flash_backward"
def flash_backward(
    q, k, v, o, lse, do, *, causal=False, bq=32, bk=32, scale=None, kv_len=None
):
    """Gradients of sum(o * do), with the scores computed again tile by tile."""
    raise NotImplementedError("flash_backward: chapter, step 5")


# %% tags=["explore"]
with attempt():
    o, lse = flash_forward(q, k, v)
    dq, dk, dv = flash_backward(q, k, v, o, lse, np.ones_like(o))
    print("each column of P sums to dv:", dv[0, 0, :3, 0])

# %% tags=["check"]
check("flash_backward")

# %% [markdown]
# ## 6. `hbm_bytes`
# Chapter, step 6. What one head of the kernels below moves: `(loaded, stored)` in
# bytes, as two ints. `n` queries, `m` keys, tiles of `bq` and `bk`; `q, k, v, o` take
# `itemsize` bytes an element, `lse` always 4.
#
# - `causal`: aligned at the bottom right, as in task 4; key tiles that no query of the
#   tile sees are not loaded, the others are loaded whole.
# - A ragged last tile counts only the rows that exist. Queries are always loaded.


# %% tags=["task"] task="hbm_bytes"
def hbm_bytes(n, m, d, bq, bk, causal=False, itemsize=4):
    """Bytes that one head of the kernel moves. Returns (loaded, stored)."""
    raise NotImplementedError("hbm_bytes: chapter, step 6")


# %% tags=["explore"]
with attempt():
    for tile in (16, 32, 64, 128):
        print(tile, hbm_bytes(512, 512, 64, tile, tile))

# %% tags=["check"]
check("hbm_bytes")

# %% [markdown]
# ## 7. `flash_kernel`
# Chapter, step 7. The kernel, and `flash_attention`, which launches it and returns
# `(o, lse)` as in task 4. float16 or float32; `lse` and all sums float32. N, M and d
# need not be multiples or powers of anything; N and M are 1 at least, scores finite.
# In tasks 7 to 10 you may change the parameters of kernels, and add kernels.
#
# - Tiles of `block_m` queries and `block_n` keys, powers of two, 16 or more each.
# - Bytes: at most 1.02 times `hbm_bytes`, each output element stored once.
# - No block larger than one tile: block_m by d, block_n by d or block_m by block_n,
#   where d is rounded up to a power of two, 16 at least. Nothing is accessed outside
#   an array, nothing uninitialised is read.
# - `q.transpose(axes[0])` is (B, H, N, d), likewise `k`, `v` with `axes[1]`, `axes[2]`:
#   views, each with strides of its own.
# - `device.empty(shape, dtype)` makes outputs, `device.strides(x)` counts in elements.
# - `flash_attention` may use shapes and strides, not what the arrays hold: graded, it
#   sees other values than its kernel.


# %% tags=["task"] task="flash_kernel"
@triton.jit
def flash_kernel(
    q_ptr, k_ptr, v_ptr, o_ptr, lse_ptr,
    stride_qb, stride_qh, stride_qm, stride_qd,
    stride_kb, stride_kh, stride_kn, stride_kd,
    stride_vb, stride_vh, stride_vn, stride_vd,
    stride_ob, stride_oh, stride_om, stride_od,
    stride_lb, stride_lh, stride_lm,
    H, N, M, D, scale,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """One program: BLOCK_M queries of one head against all M keys."""
    raise NotImplementedError("flash_kernel: chapter, step 7")


def flash_attention(
    q, k, v, *, scale=None, block_m=32, block_n=16, axes=((0, 1, 2, 3),) * 3
):
    """Launch flash_kernel over all query tiles and heads. Returns (o, lse)."""
    q, k, v = (device.put(x.transpose(a)) for x, a in zip((q, k, v), axes, strict=True))
    raise NotImplementedError("flash_kernel: chapter, step 7")


# %% tags=["explore"]
with attempt():
    q, k, v = (rng.standard_normal((1, 1, 50, 8)).astype("float32") for _ in range(3))
    o, lse = flash_attention(q, k, v)
    print("first row:", o[0, 0, 0])

# %% tags=["check"]
check("flash_kernel")

# %% [markdown]
# ## 8. `causal_kernel`
# Chapter, step 8. The same with the causal mask of task 4 (no `kv_len`), launched by
# `causal_attention`. Start from a copy of your kernel: four things change.
#
# - Bytes: at most 1.02 times `hbm_bytes(..., causal=True)`: skip what nobody sees.
# - A query that sees nothing gets `o` = 0 and `lse` = -inf.


# %% tags=["task"] task="causal_kernel"
@triton.jit
def causal_kernel(
    q_ptr, k_ptr, v_ptr, o_ptr, lse_ptr,
    stride_qb, stride_qh, stride_qm, stride_qd,
    stride_kb, stride_kh, stride_kn, stride_kd,
    stride_vb, stride_vh, stride_vn, stride_vd,
    stride_ob, stride_oh, stride_om, stride_od,
    stride_lb, stride_lh, stride_lm,
    H, N, M, D, scale,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """As flash_kernel, but query i sees the keys j <= i + M - N only."""
    raise NotImplementedError("causal_kernel: chapter, step 8")


def causal_attention(
    q, k, v, *, scale=None, block_m=32, block_n=16, axes=((0, 1, 2, 3),) * 3
):
    """Launch causal_kernel over all query tiles and heads. Returns (o, lse)."""
    raise NotImplementedError("causal_kernel: chapter, step 8")


# %% tags=["explore"]
with attempt():
    o, lse = causal_attention(q, k, v)
    print(
        "the first query sees only the first key:", np.asarray(o)[0, 0, 0], v[0, 0, 0]
    )

# %% tags=["check"]
check("causal_kernel")

# %% [markdown]
# ## 9. `flash_backward_kernel`
# Chapter, step 9. The gradients of task 5 by kernels, launched by `attention_backward`,
# which returns `(dq, dk, dv)`. No mask, no `kv_len`; N and M at least 1. float16 or
# float32; each gradient has the dtype and shape of its array, sums are float32.
#
# - `q`, `o`, `do` (B, H, N, d), `k`, `v` (B, H, M, d), `lse` (B, H, N), float32 and
#   finite. All are packed: element (b, h, n, c) lies at ((b * H + h) * N + n) * d + c.
# - Tiles of `block_m` queries and `block_n` keys, powers of two, 16 or more each. Cut
#   the work into as many kernels as you like.
# - Bytes are judged for float32 where block_m <= block_n. A head has Tq tiles of
#   queries and Tk of keys. Its loads and stores together are at most 1.05 times
#   4 (d (5N + 4M + 2 M Tq + 2 N Tk) + N (3 + 2 Tk)). `tl.atomic_add` is one of each.
# - Blocks, accesses and what the host function may use: as in task 7. No races.


# %% tags=["task"] task="flash_backward_kernel"
@triton.jit
def flash_backward_kernel(
    q_ptr, k_ptr, v_ptr, do_ptr, lse_ptr, delta_ptr, dk_ptr, dv_ptr,
    N, M, D, scale,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """One program: dk and dv of BLOCK_N keys of one head, from all N queries."""
    raise NotImplementedError("flash_backward_kernel: chapter, step 9")


def attention_backward(q, k, v, o, lse, do, *, scale=None, block_m=16, block_n=32):
    """Launch the kernels of the backward pass. Returns (dq, dk, dv)."""
    q, k, v, o, lse, do = map(device.put, (q, k, v, o, lse, do))
    raise NotImplementedError("flash_backward_kernel: chapter, step 9")


# %% tags=["explore"]
with attempt():
    o, lse = flash_forward(q, k, v)
    do = np.ones_like(o)
    found = attention_backward(q, k, v, o, lse, do)
    for name, x, y in zip(
        ("dq", "dk", "dv"), found, flash_backward(q, k, v, o, lse, do), strict=True
    ):
        print(name, "differs from task 5 by", abs(np.asarray(x) - y).max())

# %% tags=["check"]
check("flash_backward_kernel")

# %% [markdown]
# ## 10. `split_kv`
# Chapter, step 10. Decoding: the N newest tokens ask, a long cache answers. Launched by
# `decode_attention`, which returns `(o, lse)`: shape and dtype of `q`, and float32.
#
# - `q` (B, Hq, N, d), `k`, `v` (B, Hkv, M, d), packed as in task 9; `kv_len` (B),
#   int32, 0 to M each; N and M are 1 at least, scores finite. Later keys do not exist
#   and may hold NaN. float16 or float32; sums and states are float32.
# - Hq is a multiple of Hkv. With G = Hq / Hkv, query head h asks key head h // G.
# - Query i of batch entry b sees the keys j <= i + kv_len[b] - N. One that sees nothing
#   gets `o` = 0 and `lse` = -inf.
# - `splits` programs, 1 to 64, share the keys of a head. M keys are Tk tiles of
#   block_n; no program loads more than cdiv(Tk, splits) of them. Some may find no key.
# - Bytes, with R = G N and L = kv_len[b]: a head of the keys loads at most 1.05 times
#   E d (splits R + 2 L) + 4 splits R (d + 2) + 4 splits, and stores at most
#   4 splits R (d + 2) + R (E d + 4). An element of q, k, v and o takes E bytes.
# - No block larger than the largest of R by d, R by block_n, block_n by d and splits by
#   d. R, d and splits are rounded up to powers of two, R and d to 16 at least. The rest
#   is as in task 9.


# %% tags=["task"] task="split_kv"
@triton.jit
def split_kv(
    q_ptr, k_ptr, v_ptr, len_ptr, m_ptr, l_ptr, acc_ptr,
    H, R, N, M, D, run, scale,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """One program: the R queries of one of H key heads against `run` of its keys."""
    raise NotImplementedError("split_kv: chapter, step 10")


@triton.jit
def merge_kernel(
    m_ptr, l_ptr, acc_ptr, o_ptr, lse_ptr, SPLITS, D,
    BLOCK_S: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """One program: the SPLITS states of one query, which lie side by side, merged."""
    raise NotImplementedError("split_kv: chapter, step 10")


def decode_attention(q, k, v, kv_len, *, splits, scale=None, block_n=16):
    """Launch split_kv and merge its states. Returns (o, lse)."""
    q, k, v, kv_len = map(device.put, (q, k, v, kv_len))
    raise NotImplementedError("split_kv: chapter, step 10")


# %% tags=["explore"]
with attempt():
    q = rng.standard_normal((1, 4, 1, 8)).astype("float32")  # four heads share keys
    k, v = (rng.standard_normal((1, 1, 200, 8)).astype("float32") for _ in range(2))
    for splits in (1, 5):
        with meter() as moved:  # by both kernels
            o, lse = decode_attention(q, k, v, np.array([150], "int32"), splits=splits)
        print(o)
        print(moved)

# %% tags=["check"]
check("split_kv")

# %% [markdown]
# ## On a GPU
# Your kernels against PyTorch's own attention. No grade depends on it.

# %% tags=["explore"]
from autograder.lab.timing import against_torch

with attempt():
    print(against_torch(flash_attention))
    print(against_torch(causal_attention, causal=True))
