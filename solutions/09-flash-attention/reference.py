# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---
# %% [markdown]
# # FlashAttention: the reference solution

# %% tags=["setup"]
import numpy as np

from autograder.lab.tiles import device, tl, triton


# %%
def accumulator(dtype):
    """Return the dtype that carries sums: float64 for float64, else float32."""
    return np.float64 if np.dtype(dtype) == np.float64 else np.float32


# %% [markdown]
# ## 1. `safe_softmax`


# %% tags=["task"] task="safe_softmax"
def safe_softmax(x):
    """Softmax along the last axis; a row that is all -inf becomes all zeros."""
    z = x.astype(accumulator(x.dtype))
    m_i = z.max(axis=-1, keepdims=True, initial=-np.inf)  # (1)
    p = np.exp(z - np.where(np.isneginf(m_i), 0, m_i))  # (2)
    l_i = p.sum(axis=-1, keepdims=True)  # (3)
    return (p / np.where(l_i == 0, 1, l_i)).astype(x.dtype)  # (4)


# %% [markdown]
# ## 2. `online_softmax`


# %% tags=["task"] task="online_softmax"
def online_softmax(x, block):
    """Softmax of each row from one pass for (m, l), tile by tile.

    Returns:
        p: (rows, cols), dtype of x.
        m: (tiles, rows), the running maximum after each tile.
        l: (tiles, rows), the running sum of exp(x - m) after each tile.
    """
    z = x.astype(accumulator(x.dtype))
    rows, cols = z.shape
    m_i = np.full(rows, -np.inf, z.dtype)
    l_i = np.zeros(rows, z.dtype)
    m_after, l_after = [], []
    for start in range(0, cols, block):
        tile = z[:, start : start + block]
        m_new = np.maximum(m_i, tile.max(axis=1))  # (1)
        m_safe = np.where(np.isneginf(m_new), 0, m_new)
        alpha = np.exp(m_i - m_safe)  # (2)
        l_i = alpha * l_i + np.exp(tile - m_safe[:, None]).sum(axis=1)  # (3)
        m_i = m_new
        m_after.append(m_i)
        l_after.append(l_i)
    m_safe = np.where(np.isneginf(m_i), 0, m_i)
    l_safe = np.where(l_i == 0, 1, l_i)
    p = np.exp(z - m_safe[:, None]) / l_safe[:, None]  # (4)
    shape = (len(m_after), rows)
    return (
        p.astype(x.dtype),
        np.array(m_after, z.dtype).reshape(shape),
        np.array(l_after, z.dtype).reshape(shape),
    )


# %% [markdown]
# ## 3. `merge`


# %% tags=["task"] task="merge"
def merge(a, b):
    """Combine the states (m, l, o) of two disjoint sets of keys."""
    m_a, l_a, o_a = a
    m_b, l_b, o_b = b
    m = np.maximum(m_a, m_b)  # (1)
    m_safe = np.where(np.isneginf(m), 0, m)
    alpha = np.asarray(np.exp(m_a - m_safe))  # (2)
    beta = np.asarray(np.exp(m_b - m_safe))
    return (
        m,
        alpha * l_a + beta * l_b,  # (3)
        alpha[..., None] * o_a + beta[..., None] * o_b,
    )


# %% [markdown]
# ## 4. `flash_forward`


# %%
def visible(rows, cols, n, length, causal):
    """Return the mask of one tile: which keys `cols` each query of `rows` may see.

    The mask is aligned at the bottom right: the last query sees the last key.
    """
    seen = (cols < length)[None, :] & np.ones(len(rows), bool)[:, None]
    if causal:
        seen &= cols[None, :] <= rows[:, None] + (length - n)
    return seen


# %% tags=["task"] task="flash_forward"
def flash_forward(q, k, v, *, causal=False, bq=32, bk=32, scale=None, kv_len=None):
    """Exact attention without the N x M matrix. Returns (o, lse)."""
    batch, heads, n, d = q.shape
    m = k.shape[2]
    acc_dtype = accumulator(q.dtype)
    scale = 1 / np.sqrt(d) if scale is None else scale
    lengths = [m] * batch if kv_len is None else [int(length) for length in kv_len]
    o = np.zeros((batch, heads, n, v.shape[3]), q.dtype)
    lse = np.full((batch, heads, n), -np.inf, acc_dtype)
    for b, h in np.ndindex(batch, heads):
        for start_m in range(0, n, bq):  # (1)
            rows = np.arange(start_m, min(start_m + bq, n))
            q_i = q[b, h, rows].astype(acc_dtype)
            m_i = np.full(len(rows), -np.inf, acc_dtype)
            l_i = np.zeros(len(rows), acc_dtype)
            acc = np.zeros((len(rows), v.shape[3]), acc_dtype)
            for start_n in range(0, lengths[b], bk):  # (2)
                cols = np.arange(start_n, min(start_n + bk, lengths[b]))
                k_j = k[b, h, cols].astype(acc_dtype)
                v_j = v[b, h, cols].astype(acc_dtype)
                s = q_i @ k_j.T * acc_dtype(scale)  # (3)
                s = np.where(visible(rows, cols, n, lengths[b], causal), s, -np.inf)
                m_new = np.maximum(m_i, s.max(axis=1))  # (4)
                m_safe = np.where(np.isneginf(m_new), 0, m_new)
                alpha = np.exp(m_i - m_safe)
                p = np.exp(s - m_safe[:, None])
                l_i = alpha * l_i + p.sum(axis=1)  # (5)
                acc = alpha[:, None] * acc + p @ v_j  # (6)
                m_i = m_new
            some = l_i > 0
            l_safe = np.where(some, l_i, 1)
            o[b, h, rows] = acc / l_safe[:, None]  # (7)
            lse[b, h, rows] = np.where(some, m_i + np.log(l_safe), -np.inf)
    return o, lse


# %% [markdown]
# ## 5. `flash_backward`


# %% tags=["task"] task="flash_backward"
def flash_backward(
    q, k, v, o, lse, do, *, causal=False, bq=32, bk=32, scale=None, kv_len=None
):
    """Gradients of sum(o * do), with the scores computed again tile by tile."""
    batch, heads, n, d = q.shape
    m = k.shape[2]
    acc_dtype = accumulator(q.dtype)
    scale = 1 / np.sqrt(d) if scale is None else scale
    lengths = [m] * batch if kv_len is None else [int(length) for length in kv_len]
    dq = np.zeros(q.shape, acc_dtype)
    dk = np.zeros(k.shape, acc_dtype)
    dv = np.zeros(v.shape, acc_dtype)
    delta = (do.astype(acc_dtype) * o.astype(acc_dtype)).sum(axis=-1)  # (1)
    for b, h in np.ndindex(batch, heads):
        for start_n in range(0, lengths[b], bk):
            cols = np.arange(start_n, min(start_n + bk, lengths[b]))
            k_j = k[b, h, cols].astype(acc_dtype)
            v_j = v[b, h, cols].astype(acc_dtype)
            for start_m in range(0, n, bq):
                rows = np.arange(start_m, min(start_m + bq, n))
                q_i = q[b, h, rows].astype(acc_dtype)
                do_i = do[b, h, rows].astype(acc_dtype)
                seen = visible(rows, cols, n, lengths[b], causal)
                s = np.where(seen, q_i @ k_j.T * acc_dtype(scale), -np.inf)
                lse_i = lse[b, h, rows]
                lse_i = np.where(np.isneginf(lse_i), 0, lse_i)
                p = np.exp(s - lse_i[:, None])  # (2)
                dv[b, h, cols] += p.T @ do_i  # (3)
                dp = do_i @ v_j.T  # (4)
                ds = p * (dp - delta[b, h, rows, None])  # (5)
                dq[b, h, rows] += ds @ k_j * acc_dtype(scale)  # (6)
                dk[b, h, cols] += ds.T @ q_i * acc_dtype(scale)
    return dq.astype(q.dtype), dk.astype(k.dtype), dv.astype(v.dtype)


# %% [markdown]
# ## 6. `hbm_bytes`


# %% tags=["task"] task="hbm_bytes"
def hbm_bytes(n, m, d, bq, bk, causal=False, itemsize=4):
    """Bytes that one head of the kernel moves. Returns (loaded, stored)."""
    keys = 0
    for end in range(bq, n + bq, bq):  # (1) each query tile ends before this row
        seen = m
        if causal:
            seen = max(min(end, n) + m - n, 0)  # (2)
        tiles = -(-seen // bk)
        keys += min(tiles * bk, m)  # (3)
    return itemsize * d * (n + 2 * keys), itemsize * n * d + 4 * n  # (4)


# %% [markdown]
# ## 7. `flash_kernel`


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
    start_m = tl.program_id(0) * BLOCK_M  # (1)
    b = tl.program_id(1) // H
    h = tl.program_id(1) % H
    offs_m = start_m + tl.arange(0, BLOCK_M)
    offs_n = tl.arange(0, BLOCK_N)
    offs_d = tl.arange(0, BLOCK_D)
    mask_d = offs_d < D
    mask_m = offs_m < N
    q_tile = offs_m[:, None] * stride_qm + offs_d[None, :] * stride_qd
    mask_q = mask_m[:, None] & mask_d[None, :]
    q = tl.load(  # [BLOCK_M, BLOCK_D]
        q_ptr + b * stride_qb + h * stride_qh + q_tile, mask=mask_q, other=0.0
    )
    m_i = tl.full([BLOCK_M], float("-inf"), tl.float32)  # (2)
    l_i = tl.zeros([BLOCK_M], tl.float32)
    acc = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)
    for start_n in range(0, M, BLOCK_N):  # (3)
        cols = start_n + offs_n
        mask_n = cols < M
        k_tile = cols[None, :] * stride_kn + offs_d[:, None] * stride_kd
        k = tl.load(  # [BLOCK_D, BLOCK_N]
            k_ptr + b * stride_kb + h * stride_kh + k_tile,
            mask=mask_d[:, None] & mask_n[None, :],
            other=0.0,
        )
        s = tl.dot(q, k, input_precision="ieee") * scale  # [BLOCK_M, BLOCK_N]
        s = tl.where(mask_n[None, :], s, float("-inf"))
        m_new = tl.maximum(m_i, tl.max(s, 1))  # (4)
        alpha = tl.exp(m_i - m_new)
        p = tl.exp(s - m_new[:, None])
        l_i = alpha * l_i + tl.sum(p, 1)  # (5)
        v_tile = cols[:, None] * stride_vn + offs_d[None, :] * stride_vd
        v = tl.load(  # [BLOCK_N, BLOCK_D]
            v_ptr + b * stride_vb + h * stride_vh + v_tile,
            mask=mask_n[:, None] & mask_d[None, :],
            other=0.0,
        )
        pv = tl.dot(p, v.to(tl.float32), input_precision="ieee")
        acc = alpha[:, None] * acc + pv  # (6)
        m_i = m_new
    o = acc / tl.where(l_i == 0.0, 1.0, l_i)[:, None]  # (7)
    o_tile = offs_m[:, None] * stride_om + offs_d[None, :] * stride_od
    tl.store(
        o_ptr + b * stride_ob + h * stride_oh + o_tile,
        o.to(o_ptr.dtype.element_ty),
        mask=mask_q,
    )
    tl.store(
        lse_ptr + b * stride_lb + h * stride_lh + offs_m * stride_lm,
        m_i + tl.log(l_i),
        mask=mask_m,
    )


def flash_attention(
    q, k, v, *, scale=None, block_m=32, block_n=16, axes=((0, 1, 2, 3),) * 3
):
    """Launch flash_kernel over all query tiles and heads. Returns (o, lse)."""
    q, k, v = (device.put(x.transpose(a)) for x, a in zip((q, k, v), axes, strict=True))
    batch, heads, n, d = q.shape
    o = device.empty((batch, heads, n, d), q.dtype)
    lse = device.empty((batch, heads, n), "float32")
    grid = (triton.cdiv(n, block_m), batch * heads)
    flash_kernel[grid](
        q, k, v, o, lse,
        *device.strides(q), *device.strides(k), *device.strides(v),
        *device.strides(o), *device.strides(lse),
        heads, n, k.shape[2], d, d**-0.5 if scale is None else scale,
        BLOCK_M=block_m, BLOCK_N=block_n,
        BLOCK_D=max(16, triton.next_power_of_2(d)),
    )  # fmt: skip
    return o, lse


# %% [markdown]
# ## 8. `causal_kernel`


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
    start_m = tl.program_id(0) * BLOCK_M
    b = tl.program_id(1) // H
    h = tl.program_id(1) % H
    offs_m = start_m + tl.arange(0, BLOCK_M)
    offs_n = tl.arange(0, BLOCK_N)
    offs_d = tl.arange(0, BLOCK_D)
    mask_d = offs_d < D
    mask_m = offs_m < N
    q_tile = offs_m[:, None] * stride_qm + offs_d[None, :] * stride_qd
    mask_q = mask_m[:, None] & mask_d[None, :]
    q = tl.load(  # [BLOCK_M, BLOCK_D]
        q_ptr + b * stride_qb + h * stride_qh + q_tile, mask=mask_q, other=0.0
    )
    m_i = tl.full([BLOCK_M], float("-inf"), tl.float32)
    l_i = tl.zeros([BLOCK_M], tl.float32)
    acc = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)
    end = tl.minimum(start_m + BLOCK_M, N) + M - N  # (1) keys the last row sees
    for start_n in range(0, end, BLOCK_N):  # (2)
        cols = start_n + offs_n
        mask_n = cols < M
        k_tile = cols[None, :] * stride_kn + offs_d[:, None] * stride_kd
        k = tl.load(  # [BLOCK_D, BLOCK_N]
            k_ptr + b * stride_kb + h * stride_kh + k_tile,
            mask=mask_d[:, None] & mask_n[None, :],
            other=0.0,
        )
        s = tl.dot(q, k, input_precision="ieee") * scale  # [BLOCK_M, BLOCK_N]
        seen = mask_n[None, :] & (cols[None, :] <= offs_m[:, None] + M - N)  # (3)
        s = tl.where(seen, s, float("-inf"))
        m_new = tl.maximum(m_i, tl.max(s, 1))
        m_safe = tl.where(m_new == float("-inf"), 0.0, m_new)  # (4)
        alpha = tl.exp(m_i - m_safe)
        p = tl.exp(s - m_safe[:, None])
        l_i = alpha * l_i + tl.sum(p, 1)
        v_tile = cols[:, None] * stride_vn + offs_d[None, :] * stride_vd
        v = tl.load(  # [BLOCK_N, BLOCK_D]
            v_ptr + b * stride_vb + h * stride_vh + v_tile,
            mask=mask_n[:, None] & mask_d[None, :],
            other=0.0,
        )
        pv = tl.dot(p, v.to(tl.float32), input_precision="ieee")
        acc = alpha[:, None] * acc + pv
        m_i = m_new
    o = acc / tl.where(l_i == 0.0, 1.0, l_i)[:, None]  # (5)
    o_tile = offs_m[:, None] * stride_om + offs_d[None, :] * stride_od
    tl.store(
        o_ptr + b * stride_ob + h * stride_oh + o_tile,
        o.to(o_ptr.dtype.element_ty),
        mask=mask_q,
    )
    tl.store(
        lse_ptr + b * stride_lb + h * stride_lh + offs_m * stride_lm,
        m_i + tl.log(l_i),
        mask=mask_m,
    )


def causal_attention(
    q, k, v, *, scale=None, block_m=32, block_n=16, axes=((0, 1, 2, 3),) * 3
):
    """Launch causal_kernel over all query tiles and heads. Returns (o, lse)."""
    q, k, v = (device.put(x.transpose(a)) for x, a in zip((q, k, v), axes, strict=True))
    batch, heads, n, d = q.shape
    o = device.empty((batch, heads, n, d), q.dtype)
    lse = device.empty((batch, heads, n), "float32")
    grid = (triton.cdiv(n, block_m), batch * heads)
    causal_kernel[grid](
        q, k, v, o, lse,
        *device.strides(q), *device.strides(k), *device.strides(v),
        *device.strides(o), *device.strides(lse),
        heads, n, k.shape[2], d, d**-0.5 if scale is None else scale,
        BLOCK_M=block_m, BLOCK_N=block_n,
        BLOCK_D=max(16, triton.next_power_of_2(d)),
    )  # fmt: skip
    return o, lse


# %% [markdown]
# ## 9. `flash_backward_kernel`


# %% tags=["task"] task="flash_backward_kernel"
@triton.jit
def delta_kernel(
    o_ptr, do_ptr, delta_ptr, R, D, BLOCK_M: tl.constexpr, BLOCK_D: tl.constexpr
):
    """One program: delta of BLOCK_M rows, of whatever heads."""
    rows = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    offs_d = tl.arange(0, BLOCK_D)
    tile = rows[:, None] * D + offs_d[None, :]
    mask = (rows < R)[:, None] & (offs_d < D)[None, :]
    o = tl.load(o_ptr + tile, mask=mask, other=0.0).to(tl.float32)
    do = tl.load(do_ptr + tile, mask=mask, other=0.0).to(tl.float32)
    tl.store(delta_ptr + rows, tl.sum(o * do, 1), mask=rows < R)  # (1)


@triton.jit
def weights(q, k, v, do, lse, delta, mask_n, scale):
    """Make p and ds of one tile again, both [BLOCK_M, BLOCK_N]."""
    s = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
    s = tl.where(mask_n[None, :], s, float("-inf"))
    p = tl.exp(s - lse[:, None])  # (2)
    dp = tl.dot(do, tl.trans(v), input_precision="ieee")  # (3)
    ds = p * (dp - delta[:, None])  # (4)
    return p, ds


@triton.jit
def flash_backward_kernel(
    q_ptr, k_ptr, v_ptr, do_ptr, lse_ptr, delta_ptr, dk_ptr, dv_ptr,
    N, M, D, scale,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """One program: dk and dv of BLOCK_N keys of one head, from all N queries."""
    head = tl.program_id(1)
    cols = tl.program_id(0) * BLOCK_N + tl.arange(0, BLOCK_N)
    offs_d = tl.arange(0, BLOCK_D)
    mask_d = offs_d < D
    mask_n = cols < M
    k_tile = (head * M + cols)[:, None] * D + offs_d[None, :]
    mask_k = mask_n[:, None] & mask_d[None, :]
    k = tl.load(k_ptr + k_tile, mask=mask_k, other=0.0)  # [BLOCK_N, BLOCK_D]
    v = tl.load(v_ptr + k_tile, mask=mask_k, other=0.0)
    dk = tl.zeros([BLOCK_N, BLOCK_D], tl.float32)
    dv = tl.zeros([BLOCK_N, BLOCK_D], tl.float32)
    for start_m in range(0, N, BLOCK_M):
        rows = start_m + tl.arange(0, BLOCK_M)
        mask_m = rows < N
        q_tile = (head * N + rows)[:, None] * D + offs_d[None, :]
        mask_q = mask_m[:, None] & mask_d[None, :]
        q = tl.load(q_ptr + q_tile, mask=mask_q, other=0.0)  # [BLOCK_M, BLOCK_D]
        do = tl.load(do_ptr + q_tile, mask=mask_q, other=0.0)
        lse = tl.load(lse_ptr + head * N + rows, mask=mask_m, other=0.0)
        delta = tl.load(delta_ptr + head * N + rows, mask=mask_m, other=0.0)
        p, ds = weights(q, k, v, do, lse, delta, mask_n, scale)
        dv += tl.dot(tl.trans(p), do.to(tl.float32), input_precision="ieee")  # (5)
        dk += tl.dot(tl.trans(ds), q.to(tl.float32), input_precision="ieee")  # (6)
    dk = dk * scale
    tl.store(dk_ptr + k_tile, dk.to(dk_ptr.dtype.element_ty), mask=mask_k)
    tl.store(dv_ptr + k_tile, dv.to(dv_ptr.dtype.element_ty), mask=mask_k)


@triton.jit
def queries_kernel(
    q_ptr, k_ptr, v_ptr, do_ptr, lse_ptr, delta_ptr, dq_ptr,
    N, M, D, scale,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """One program: dq of BLOCK_M queries of one head, from all M keys."""
    head = tl.program_id(1)
    rows = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    offs_d = tl.arange(0, BLOCK_D)
    mask_d = offs_d < D
    mask_m = rows < N
    q_tile = (head * N + rows)[:, None] * D + offs_d[None, :]
    mask_q = mask_m[:, None] & mask_d[None, :]
    q = tl.load(q_ptr + q_tile, mask=mask_q, other=0.0)  # [BLOCK_M, BLOCK_D]
    do = tl.load(do_ptr + q_tile, mask=mask_q, other=0.0)
    lse = tl.load(lse_ptr + head * N + rows, mask=mask_m, other=0.0)
    delta = tl.load(delta_ptr + head * N + rows, mask=mask_m, other=0.0)
    dq = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)
    for start_n in range(0, M, BLOCK_N):
        cols = start_n + tl.arange(0, BLOCK_N)
        mask_n = cols < M
        k_tile = (head * M + cols)[:, None] * D + offs_d[None, :]
        mask_k = mask_n[:, None] & mask_d[None, :]
        k = tl.load(k_ptr + k_tile, mask=mask_k, other=0.0)  # [BLOCK_N, BLOCK_D]
        v = tl.load(v_ptr + k_tile, mask=mask_k, other=0.0)
        _, ds = weights(q, k, v, do, lse, delta, mask_n, scale)
        dq += tl.dot(ds, k.to(tl.float32), input_precision="ieee")  # (7)
    dq = dq * scale
    tl.store(dq_ptr + q_tile, dq.to(dq_ptr.dtype.element_ty), mask=mask_q)


def attention_backward(q, k, v, o, lse, do, *, scale=None, block_m=16, block_n=32):
    """Launch the kernels of the backward pass. Returns (dq, dk, dv)."""
    q, k, v, o, lse, do = map(device.put, (q, k, v, o, lse, do))
    (batch, heads, n, d), m = q.shape, k.shape[2]
    scale = d**-0.5 if scale is None else scale
    block_d = max(16, triton.next_power_of_2(d))
    delta = device.empty(lse.shape, "float32")
    dq, dk, dv = (device.empty(x.shape, x.dtype) for x in (q, k, v))
    rows = batch * heads * n
    delta_kernel[(triton.cdiv(rows, block_m),)](
        o, do, delta, rows, d, BLOCK_M=block_m, BLOCK_D=block_d
    )
    flash_backward_kernel[(triton.cdiv(m, block_n), batch * heads)](
        q, k, v, do, lse, delta, dk, dv, n, m, d, scale,
        BLOCK_M=block_m, BLOCK_N=block_n, BLOCK_D=block_d,
    )  # fmt: skip
    queries_kernel[(triton.cdiv(n, block_m), batch * heads)](
        q, k, v, do, lse, delta, dq, n, m, d, scale,
        BLOCK_M=block_m, BLOCK_N=block_n, BLOCK_D=block_d,
    )  # fmt: skip
    return dq, dk, dv


# %% [markdown]
# ## 10. `split_kv`


# %% tags=["task"] task="split_kv"
@triton.jit
def split_kv(
    q_ptr, k_ptr, v_ptr, len_ptr, m_ptr, l_ptr, acc_ptr,
    H, R, N, M, D, run, scale,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """One program: the R queries of one key head against one run of its keys."""
    split = tl.program_id(0)
    splits = tl.num_programs(0)
    head = tl.program_id(1)  # (1) of the keys; its queries lie one after another
    length = tl.load(len_ptr + head // H)
    rows = tl.arange(0, BLOCK_M)  # row g * N + i: query i of head g of the group
    offs_d = tl.arange(0, BLOCK_D)
    mask_d = offs_d < D
    mask_m = rows < R
    q_tile = (head * R + rows)[:, None] * D + offs_d[None, :]
    mask_q = mask_m[:, None] & mask_d[None, :]
    q = tl.load(q_ptr + q_tile, mask=mask_q, other=0.0)  # [BLOCK_M, BLOCK_D]
    last = rows % N + length - N  # (2) the last key that each row sees
    m_i = tl.full([BLOCK_M], float("-inf"), tl.float32)
    l_i = tl.zeros([BLOCK_M], tl.float32)
    acc = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)
    end = tl.minimum((split + 1) * run, length)
    for start_n in range(split * run, end, BLOCK_N):  # (3) empty where no key is left
        cols = start_n + tl.arange(0, BLOCK_N)
        mask_n = cols < length
        k_tile = (head * M + cols)[:, None] * D + offs_d[None, :]
        mask_k = mask_n[:, None] & mask_d[None, :]
        k = tl.load(k_ptr + k_tile, mask=mask_k, other=0.0)  # [BLOCK_N, BLOCK_D]
        s = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
        s = tl.where(cols[None, :] <= last[:, None], s, float("-inf"))
        m_new = tl.maximum(m_i, tl.max(s, 1))
        m_safe = tl.where(m_new == float("-inf"), 0.0, m_new)
        alpha = tl.exp(m_i - m_safe)
        p = tl.exp(s - m_safe[:, None])
        l_i = alpha * l_i + tl.sum(p, 1)
        v = tl.load(v_ptr + k_tile, mask=mask_k, other=0.0).to(tl.float32)
        acc = alpha[:, None] * acc + tl.dot(p, v, input_precision="ieee")
        m_i = m_new
    state = (head * R + rows) * splits + split  # (4) not divided
    tl.store(m_ptr + state, m_i, mask=mask_m)
    tl.store(l_ptr + state, l_i, mask=mask_m)
    tl.store(acc_ptr + state[:, None] * D + offs_d[None, :], acc, mask=mask_q)


@triton.jit
def merge_kernel(
    m_ptr, l_ptr, acc_ptr, o_ptr, lse_ptr, SPLITS, D,
    BLOCK_S: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """One program: the states of one query, merged."""
    row = tl.program_id(0)
    splits = tl.arange(0, BLOCK_S)
    offs_d = tl.arange(0, BLOCK_D)
    mask_s = splits < SPLITS
    mask_d = offs_d < D
    state = row * SPLITS + splits
    m_s = tl.load(m_ptr + state, mask=mask_s, other=float("-inf"))
    l_s = tl.load(l_ptr + state, mask=mask_s, other=0.0)
    acc = tl.load(  # [BLOCK_S, BLOCK_D]
        acc_ptr + state[:, None] * D + offs_d[None, :],
        mask=mask_s[:, None] & mask_d[None, :],
        other=0.0,
    )
    m = tl.max(m_s, 0)  # (5)
    alpha = tl.exp(m_s - tl.where(m == float("-inf"), 0.0, m))
    total = tl.sum(alpha * l_s, 0)
    o = tl.sum(alpha[:, None] * acc, 0) / tl.where(total == 0.0, 1.0, total)
    tl.store(o_ptr + row * D + offs_d, o.to(o_ptr.dtype.element_ty), mask=mask_d)
    tl.store(lse_ptr + row, m + tl.log(total))


def decode_attention(q, k, v, kv_len, *, splits, scale=None, block_n=16):
    """Launch split_kv and merge its states. Returns (o, lse)."""
    q, k, v, kv_len = map(device.put, (q, k, v, kv_len))
    (batch, heads, n, d), kv_heads, m = q.shape, k.shape[1], k.shape[2]
    rows = heads // kv_heads * n
    states = (batch * heads * n, splits)
    block_d = max(16, triton.next_power_of_2(d))
    m_s, l_s = (device.empty(states, "float32") for _ in range(2))
    acc = device.empty((*states, d), "float32")
    o = device.empty(q.shape, q.dtype)
    lse = device.empty(q.shape[:3], "float32")
    tiles = triton.cdiv(m, block_n)
    split_kv[(splits, batch * kv_heads)](
        q, k, v, kv_len, m_s, l_s, acc,
        kv_heads, rows, n, m, d, triton.cdiv(tiles, splits) * block_n,
        d**-0.5 if scale is None else scale,
        BLOCK_M=max(16, triton.next_power_of_2(rows)), BLOCK_N=block_n,
        BLOCK_D=block_d,
    )  # fmt: skip
    merge_kernel[(states[0],)](
        m_s, l_s, acc, o, lse, splits, d,
        BLOCK_S=triton.next_power_of_2(splits), BLOCK_D=block_d,
    )  # fmt: skip
    return o, lse
