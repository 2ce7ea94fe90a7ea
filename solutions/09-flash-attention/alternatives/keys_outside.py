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


# %% tags=["task"] task="flash_backward_kernel"
@triton.jit
def flash_backward_kernel(
    q_ptr, k_ptr, v_ptr, o_ptr, do_ptr, lse_ptr, delta_ptr, dq_ptr, dk_ptr, dv_ptr,
    N, M, D, scale,
    STAGE: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """0: delta. 1: dk, dv, and dq by atomic additions. 2: dq in its dtype."""
    tile, head = tl.program_id(0), tl.program_id(2) * tl.num_programs(1)
    head += tl.program_id(1)
    dims = tl.arange(0, BLOCK_D)
    if STAGE == 1:
        cols = tile * BLOCK_N + tl.arange(0, BLOCK_N)
        at = (head * M + cols)[:, None] * D + dims[None, :]
        mask = (cols < M)[:, None] & (dims < D)[None, :]
        k = tl.load(k_ptr + at, mask=mask, other=0.0)
        v = tl.load(v_ptr + at, mask=mask, other=0.0)
        dk = tl.full((BLOCK_N, BLOCK_D), 0.0, tl.float32)
        dv = tl.full((BLOCK_N, BLOCK_D), 0.0, tl.float32)
        for first in range(0, N, BLOCK_M):
            rows = first + tl.arange(0, BLOCK_M)
            inside = (rows < N)[:, None] & (dims < D)[None, :]
            at_q = (head * N + rows)[:, None] * D + dims[None, :]
            q = tl.load(q_ptr + at_q, mask=inside, other=0.0)
            do = tl.load(do_ptr + at_q, mask=inside, other=0.0)
            lse = tl.load(lse_ptr + head * N + rows, mask=rows < N, other=0.0)
            delta = tl.load(delta_ptr + head * N + rows, mask=rows < N, other=0.0)
            s = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            real = (rows < N)[:, None] & (cols < M)[None, :]
            p = tl.exp(tl.where(real, s - lse[:, None], float("-inf")))
            dp = tl.dot(do, tl.trans(v), input_precision="ieee")
            ds = scale * p * (dp - delta[:, None])
            wide = do.to(tl.float32)
            dv = tl.dot(tl.trans(p), wide, dv, input_precision="ieee")
            wide = q.to(tl.float32)
            dk = tl.dot(tl.trans(ds), wide, dk, input_precision="ieee")
            dq = tl.dot(ds, k.to(tl.float32), input_precision="ieee")
            tl.atomic_add(dq_ptr + at_q, dq, mask=inside)
        tl.store(dk_ptr + at, dk, mask=mask)
        tl.store(dv_ptr + at, dv, mask=mask)
    else:
        rows = tile * BLOCK_M + tl.arange(0, BLOCK_M)
        at = (head * N + rows)[:, None] * D + dims[None, :]
        mask = (rows < N)[:, None] & (dims < D)[None, :]
        if STAGE == 0:
            o = tl.load(o_ptr + at, mask=mask, other=0.0).to(tl.float32)
            do = tl.load(do_ptr + at, mask=mask, other=0.0).to(tl.float32)
            tl.store(delta_ptr + head * N + rows, tl.sum(o * do, 1), mask=rows < N)
        else:
            dq = tl.load(dq_ptr + at, mask=mask, other=0.0)
            tl.store(q_ptr + at, dq, mask=mask)


def attention_backward(q, k, v, o, lse, do, *, scale=None, block_m=16, block_n=32):
    batch, heads, n, d = q.shape
    m = k.shape[2]
    delta = device.zeros(lse.shape, "float32")
    dq = device.zeros(q.shape, "float32")
    dk, dv = device.zeros(k.shape, k.dtype), device.zeros(v.shape, v.dtype)
    arrays = [q, k, v, o, do, lse, delta, dq, dk, dv]
    numbers = [n, m, d, d**-0.5 if scale is None else float(scale)]
    blocks = {
        "BLOCK_M": block_m,
        "BLOCK_N": block_n,
        "BLOCK_D": max(16, triton.next_power_of_2(d)),
    }
    queries = (triton.cdiv(n, block_m), heads, batch)
    keys = (triton.cdiv(m, block_n), heads, batch)
    flash_backward_kernel[queries](*arrays, *numbers, STAGE=0, **blocks)
    flash_backward_kernel[keys](*arrays, *numbers, STAGE=1, **blocks)
    if q.dtype == dq.dtype:
        return [dq, dk, dv]
    arrays[0] = device.empty(q.shape, q.dtype)
    flash_backward_kernel[queries](*arrays, *numbers, STAGE=2, **blocks)
    return [arrays[0], dk, dv]


# %% tags=["task"] task="split_kv"
@triton.jit
def split_kv(
    q_ptr, k_ptr, v_ptr, len_ptr, m_ptr, l_ptr, acc_ptr,
    N, M, D, G, per_split, scale,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """A split of one head of keys of one batch entry."""
    split, h, b = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    heads = tl.num_programs(1)
    group = b * heads + h
    length = tl.load(len_ptr + b)
    rows = tl.arange(0, BLOCK_M)
    cols = tl.arange(0, BLOCK_N)
    dims = tl.arange(0, BLOCK_D)
    mask_o = (rows < G * N)[:, None] & (dims < D)[None, :]
    q_ptrs = q_ptr + (group * G * N + rows)[:, None] * D + dims[None, :]
    q = tl.load(q_ptrs, mask=mask_o, other=0.0)
    query = rows - rows // N * N
    m_i = tl.full((BLOCK_M,), float("-inf"), tl.float32)
    l_i = tl.full((BLOCK_M,), 0.0, tl.float32)
    acc = tl.full((BLOCK_M, BLOCK_D), 0.0, tl.float32)
    for tile in range(split * per_split, split * per_split + per_split):
        first = tile * BLOCK_N
        if first < length:
            inside = (first + cols < length)[:, None] & (dims < D)[None, :]
            at = (group * M + first + cols)[:, None] * D + dims[None, :]
            k = tl.load(k_ptr + at, mask=inside, other=0.0)
            v = tl.load(v_ptr + at, mask=inside, other=0.0)
            s = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
            ahead = (first + cols)[None, :] - query[:, None]
            hidden = ahead > length - N
            s = tl.where(hidden, float("-inf"), s)
            m_new = tl.maximum(m_i, tl.max(s, 1))
            p = tl.where(hidden, 0.0, tl.exp(s - m_new[:, None]))
            alpha = tl.where(m_i == float("-inf"), 0.0, tl.exp(m_i - m_new))
            acc = acc * alpha[:, None]
            acc = tl.dot(p, v.to(tl.float32), acc, input_precision="ieee")
            l_i = l_i * alpha + tl.sum(p, 1)
            m_i = m_new
    at = (group * tl.num_programs(0) + split) * G * N + rows
    tl.store(m_ptr + at, m_i, mask=rows < G * N)
    tl.store(l_ptr + at, l_i, mask=rows < G * N)
    tl.store(acc_ptr + at[:, None] * D + dims[None, :], acc, mask=mask_o)


@triton.jit
def merge_kernel(
    m_ptr, l_ptr, acc_ptr, o_ptr, lse_ptr, R, D,
    SPLITS: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """All rows of a group at once, one split after another."""
    group = tl.program_id(0)
    rows = tl.arange(0, BLOCK_M)
    dims = tl.arange(0, BLOCK_D)
    mask_o = (rows < R)[:, None] & (dims < D)[None, :]
    top = tl.full((BLOCK_M,), float("-inf"), tl.float32)
    total = tl.full((BLOCK_M,), 0.0, tl.float32)
    out = tl.full((BLOCK_M, BLOCK_D), 0.0, tl.float32)
    for split in range(SPLITS):
        at = (group * SPLITS + split) * R + rows
        m = tl.load(m_ptr + at, mask=rows < R, other=float("-inf"))
        new = tl.maximum(top, m)
        base = tl.where(new == float("-inf"), 0.0, new)
        keep, factor = tl.exp(top - base), tl.exp(m - base)
        loaded = tl.load(l_ptr + at, mask=rows < R, other=0.0)
        total = keep * total + factor * loaded
        acc_ptrs = acc_ptr + at[:, None] * D + dims[None, :]
        acc = tl.load(acc_ptrs, mask=mask_o, other=0.0)
        out = keep[:, None] * out + factor[:, None] * acc
        top = new
    o_ptrs = o_ptr + (group * R + rows)[:, None] * D + dims[None, :]
    finish(o_ptrs, lse_ptr + group * R + rows, out, top, total, mask_o, rows < R)


def decode_attention(q, k, v, kv_len, *, splits, scale=None, block_n=16):
    (batch, heads, n, d), kv_heads, m = q.shape, k.shape[1], k.shape[2]
    group = heads // kv_heads
    block_m = max(16, triton.next_power_of_2(group * n))
    block_d = max(16, triton.next_power_of_2(d))
    states = (batch, kv_heads, splits, group * n)
    m_s, l_s = device.zeros(states, "float32"), device.zeros(states, "float32")
    acc = device.zeros((*states, d), "float32")
    o, lse = device.zeros(q.shape, q.dtype), device.zeros(q.shape[:3], "float32")
    split_kv[(splits, kv_heads, batch)](
        q, k, v, kv_len, m_s, l_s, acc, n, m, d, group,
        triton.cdiv(triton.cdiv(m, block_n), splits),
        d**-0.5 if scale is None else float(scale),
        BLOCK_M=block_m, BLOCK_N=block_n, BLOCK_D=block_d,
    )  # fmt: skip
    merge_kernel[(batch * kv_heads,)](
        m_s, l_s, acc, o, lse, group * n, d,
        SPLITS=splits, BLOCK_M=block_m, BLOCK_D=block_d,
    )  # fmt: skip
    return [o, lse]
