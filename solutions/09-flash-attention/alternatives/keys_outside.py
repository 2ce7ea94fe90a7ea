# %% [markdown]
# # The first paper's order: keys outside, queries inside, outputs kept divided
# The backward pass has queries outside. The causal kernel runs the tiles that nothing
# hides without a mask, then those on the diagonal, and the grid has three axes.

# %% tags=["setup"]
import numpy as np

from autograder.lab.tiles import device, tl, triton


# %% tags=["task"] task="safe_softmax"
def safe_softmax(x):
    out = np.zeros(x.shape, x.dtype)
    dtype = np.result_type(x.dtype, np.float32)
    for index in np.ndindex(x.shape[:-1]):
        row = x[index].astype(dtype)
        if row.size and row.max() > -np.inf:
            weights = np.exp(row - row.max())
            out[index] = weights / weights.sum()
    return out


# %% tags=["task"] task="online_softmax"
def online_softmax(x, block):
    dtype = np.result_type(x.dtype, np.float32)
    rows, cols = x.shape
    tiles = -(-cols // block)
    m = np.full((tiles + 1, rows), -np.inf, dtype)
    total = np.zeros((tiles + 1, rows), dtype)
    for t in range(tiles):
        tile = x[:, t * block : (t + 1) * block].astype(dtype)
        m[t + 1] = np.maximum(m[t], tile.max(axis=1))
        live = m[t + 1] > -np.inf
        top = m[t + 1][live]
        total[t + 1][live] = total[t][live] * np.exp(m[t][live] - top)
        total[t + 1][live] += np.exp(tile[live] - top[:, None]).sum(axis=1)
    p = np.zeros((rows, cols), dtype)
    live = m[-1] > -np.inf
    p[live] = np.exp(x[live].astype(dtype) - m[-1][live, None])
    p[live] /= total[-1][live, None]
    return p.astype(x.dtype), m[1:], total[1:]


# %% tags=["task"] task="merge"
def merge(a, b):
    (m_a, l_a, o_a), (m_b, l_b, o_b) = a, b
    gap = np.asarray(m_a) - np.where(np.isneginf(m_a), 0, m_b)  # never -inf minus -inf
    a_wins = gap >= 0
    with np.errstate(over="ignore"):
        small = np.exp(-np.abs(np.where(np.isneginf(gap), -np.inf, gap)))
    small = small.astype(gap.dtype)
    alpha = np.where(a_wins, gap.dtype.type(1), small)
    beta = np.where(a_wins, small, gap.dtype.type(1))
    return (
        np.maximum(m_a, m_b),
        l_a * alpha + l_b * beta,
        o_a * np.expand_dims(alpha, -1) + o_b * np.expand_dims(beta, -1),
    )


# %%
def spans(size, step):
    return [slice(i, min(i + step, size)) for i in range(0, size, step)]


def scores(q, k, rows, cols, shift, causal, scale):
    s = (q * scale) @ k.T
    if causal:
        i = np.arange(rows.start, rows.stop)[:, None]
        s[i + shift < np.arange(cols.start, cols.stop)] = -np.inf
    return s


def keys_of(k, kv_len, b):
    return k.shape[2] if kv_len is None else int(kv_len[b])


# %% tags=["task"] task="flash_forward"
def flash_forward(q, k, v, *, causal=False, bq=32, bk=32, scale=None, kv_len=None):
    n = q.shape[2]
    dtype = np.result_type(q.dtype, np.float32)
    scale = dtype.type(q.shape[3] ** -0.5 if scale is None else scale)
    o = np.zeros(q.shape, dtype)
    m, total = np.full(q.shape[:3], -np.inf, dtype), np.zeros(q.shape[:3], dtype)
    for b, h in np.ndindex(*q.shape[:2]):
        length = keys_of(k, kv_len, b)
        for cols in spans(length, bk):
            k_j, v_j = k[b, h, cols].astype(dtype), v[b, h, cols].astype(dtype)
            for rows in spans(n, bq):
                q_i = q[b, h, rows].astype(dtype)
                s = scores(q_i, k_j, rows, cols, length - n, causal, scale)
                tile_max = s.max(axis=1)
                live = tile_max > -np.inf
                if not live.any():
                    continue
                p = np.exp(s[live] - tile_max[live, None])
                old = m[b, h, rows][live], total[b, h, rows][live]
                new = np.maximum(old[0], tile_max[live])
                keep = np.exp(old[0] - new) * old[1]
                add = np.exp(tile_max[live] - new)
                both = keep + add * p.sum(axis=1)
                o[b, h, rows][live] = (
                    keep[:, None] * o[b, h, rows][live] + add[:, None] * (p @ v_j)
                ) / both[:, None]
                m[b, h, rows][live], total[b, h, rows][live] = new, both
    lse = np.full_like(m, -np.inf)
    np.log(total, out=lse, where=total > 0)
    return o.astype(q.dtype), m + lse


# %% tags=["task"] task="flash_backward"
def flash_backward(
    q, k, v, o, lse, do, *, causal=False, bq=32, bk=32, scale=None, kv_len=None
):
    n = q.shape[2]
    dtype = np.result_type(q.dtype, np.float32)
    scale = dtype.type(q.shape[3] ** -0.5 if scale is None else scale)
    dq, dk, dv = (np.zeros(x.shape, dtype) for x in (q, k, v))
    for b, h in np.ndindex(*q.shape[:2]):
        length = keys_of(k, kv_len, b)
        for rows in spans(n, bq):
            q_i, do_i = q[b, h, rows].astype(dtype), do[b, h, rows].astype(dtype)
            delta = np.einsum("ic,ic->i", do_i, o[b, h, rows].astype(dtype))
            shift = np.nan_to_num(lse[b, h, rows], neginf=0.0)
            for cols in spans(length, bk):
                k_j, v_j = k[b, h, cols].astype(dtype), v[b, h, cols].astype(dtype)
                s = scores(q_i, k_j, rows, cols, length - n, causal, scale)
                p = np.exp(s - shift[:, None])
                ds = p * (do_i @ v_j.T - delta[:, None]) * scale
                dv[b, h, cols] += p.T @ do_i
                dk[b, h, cols] += ds.T @ q_i
                dq[b, h, rows] += ds @ k_j
    return dq.astype(q.dtype), dk.astype(k.dtype), dv.astype(v.dtype)


# %% tags=["task"] task="hbm_bytes"
def hbm_bytes(n, m, d, bq, bk, causal=False, itemsize=4):
    full, ragged = divmod(m, bk)
    keys = 0
    for i in range(-(-n // bq)):
        tiles = full + (ragged > 0)
        if causal:
            last = min(n - 1, i * bq + bq - 1) + m - n
            tiles = last // bk + 1 if last >= 0 else 0
        keys += min(tiles, full) * bk + (ragged if tiles > full else 0)
    return (n * d + 2 * keys * d) * itemsize, n * d * itemsize + n * 4


# %% tags=["task"] task="flash_kernel"
@triton.jit
def step(
    q, acc, m_i, l_i, k_ptrs, v_ptrs, rows, first, M, D, shift, scale,
    stride_kn, stride_vn,
    MASKED: tl.constexpr, CAUSAL: tl.constexpr,
    BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """One tile of keys: returns the new state of the rows."""
    cols = first + tl.arange(0, BLOCK_N)
    dims = tl.arange(0, BLOCK_D)
    inside = (cols < M)[:, None] & (dims < D)[None, :]
    k = tl.load(k_ptrs + first * stride_kn, mask=inside, other=0.0)
    s = tl.dot(q, tl.trans(k), input_precision="ieee")
    s = s * scale
    if MASKED:
        s = tl.where((cols < M)[None, :], s, float("-inf"))
    if CAUSAL:
        s = tl.where(cols[None, :] <= (rows + shift)[:, None], s, float("-inf"))
    m_new = tl.maximum(m_i, tl.max(s, 1))
    top = tl.where(m_new == float("-inf"), 0.0, m_new)
    p = tl.exp(s - top[:, None])
    alpha = tl.exp(m_i - top)
    v = tl.load(v_ptrs + first * stride_vn, mask=inside, other=0.0)
    acc = tl.dot(p, v.to(tl.float32), acc * alpha[:, None], input_precision="ieee")
    return acc, m_new, l_i * alpha + tl.sum(p, 1)


@triton.jit
def finish(o_ptrs, lse_ptrs, acc, m_i, l_i, mask_o, mask_l):
    """Divide once and store."""
    some = l_i > 0.0
    o = tl.where(some[:, None], acc / tl.where(some, l_i, 1.0)[:, None], 0.0)
    tl.store(o_ptrs, o, mask=mask_o)
    lse = tl.where(some, m_i + tl.log(tl.where(some, l_i, 1.0)), float("-inf"))
    tl.store(lse_ptrs, lse, mask=mask_l)


@triton.jit
def flash_kernel(
    q_ptr, k_ptr, v_ptr, o_ptr, lse_ptr,
    stride_qb, stride_qh, stride_qm, stride_qd,
    stride_kb, stride_kh, stride_kn, stride_kd,
    stride_vb, stride_vh, stride_vn, stride_vd,
    stride_ob, stride_oh, stride_om, stride_od,
    N, M, D, scale,
    CAUSAL: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    tile, h, b = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    rows = tile * BLOCK_M + tl.arange(0, BLOCK_M)
    cols = tl.arange(0, BLOCK_N)
    dims = tl.arange(0, BLOCK_D)
    mask_o = (rows < N)[:, None] & (dims < D)[None, :]
    q = tl.load(
        q_ptr + b * stride_qb + h * stride_qh
        + rows[:, None] * stride_qm + dims[None, :] * stride_qd,
        mask=mask_o, other=0.0,
    )  # fmt: skip
    k_ptrs = k_ptr + b * stride_kb + h * stride_kh
    k_ptrs = k_ptrs + cols[:, None] * stride_kn + dims[None, :] * stride_kd
    v_ptrs = v_ptr + b * stride_vb + h * stride_vh
    v_ptrs = v_ptrs + cols[:, None] * stride_vn + dims[None, :] * stride_vd
    m_i = tl.full((BLOCK_M,), float("-inf"), tl.float32)
    l_i = tl.full((BLOCK_M,), 0.0, tl.float32)
    acc = tl.full((BLOCK_M, BLOCK_D), 0.0, tl.float32)
    shift = M - N
    whole = M // BLOCK_N * BLOCK_N  # tiles in which nothing is hidden
    end = M
    if CAUSAL:
        first_row_sees = tl.maximum(tl.minimum(tile * BLOCK_M + 1 + shift, M), 0)
        whole = first_row_sees // BLOCK_N * BLOCK_N
        end = tl.maximum(tl.minimum((tile + 1) * BLOCK_M + shift, M), 0)
    for first in range(0, whole, BLOCK_N):
        acc, m_i, l_i = step(
            q, acc, m_i, l_i, k_ptrs, v_ptrs, rows, first, M, D, shift, scale,
            stride_kn, stride_vn, False, False, BLOCK_N, BLOCK_D,
        )  # fmt: skip
    for first in range(whole, end, BLOCK_N):
        acc, m_i, l_i = step(
            q, acc, m_i, l_i, k_ptrs, v_ptrs, rows, first, M, D, shift, scale,
            stride_kn, stride_vn, True, CAUSAL, BLOCK_N, BLOCK_D,
        )  # fmt: skip
    o_ptrs = o_ptr + b * stride_ob + h * stride_oh
    o_ptrs = o_ptrs + rows[:, None] * stride_om + dims[None, :] * stride_od
    lse_ptrs = lse_ptr + (b * tl.num_programs(1) + h) * N + rows
    finish(o_ptrs, lse_ptrs, acc, m_i, l_i, mask_o, rows < N)


def launch(q, k, v, causal, scale, block_m, block_n):
    batch, heads, n, d = q.shape
    o = device.zeros(q.shape, q.dtype)
    lse = device.full((batch, heads, n), float("-inf"))
    flash_kernel[(triton.cdiv(n, block_m), heads, batch)](
        q, k, v, o, lse,
        *device.strides(q), *device.strides(k), *device.strides(v), *device.strides(o),
        n, k.shape[2], d, d**-0.5 if scale is None else float(scale),
        CAUSAL=causal, BLOCK_M=block_m, BLOCK_N=block_n,
        BLOCK_D=max(16, triton.next_power_of_2(d)),
    )  # fmt: skip
    return [o, lse]


def flash_attention(
    q, k, v, *, scale=None, block_m=32, block_n=16, axes=((0, 1, 2, 3),) * 3
):
    views = map(np.transpose, (q, k, v), axes)
    return launch(*views, False, scale, block_m, block_n)


# %% tags=["task"] task="causal_kernel"
causal_kernel = flash_kernel


def causal_attention(
    q, k, v, *, scale=None, block_m=32, block_n=16, axes=((0, 1, 2, 3),) * 3
):
    return launch(*map(np.transpose, (q, k, v), axes), True, scale, block_m, block_n)
