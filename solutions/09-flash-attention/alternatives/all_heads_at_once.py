# %% [markdown]
# # All heads of all batch entries in one array, sums in float64, padded tiles
# Masks are finite numbers, and weights of hidden keys are set to 0 one by one. The
# forward pass reads the keys twice: once for lse, once for the output.

# %% tags=["setup"]
import numpy as np

from autograder.lab.tiles import device, tl, triton

LOW = -1e300


def wide(dtype):
    return np.dtype("f8") if dtype == np.float64 else np.dtype("f4")


# %% tags=["task"] task="safe_softmax"
def safe_softmax(x):
    if x.size == 0:
        return x.copy()
    p, _, _ = online_softmax(x.reshape(-1, x.shape[-1]), x.shape[-1])
    return p.reshape(x.shape)


# %% tags=["task"] task="online_softmax"
def online_softmax(x, block):
    z = np.float64(x)
    tops, sums = [], []
    top = np.full(len(x), -np.inf)
    total = np.zeros(len(x))
    for start in range(0, x.shape[1], block):
        tile = z[:, start : start + block]
        new = np.fmax(top, np.max(tile, axis=1))
        dead = new == -np.inf
        with np.errstate(invalid="ignore"):
            total = total * np.exp(top - new) + np.exp(tile.T - new).sum(axis=0)
        total[dead] = 0
        top = new
        tops += [top]
        sums += [total]
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.exp(z - top[:, None]) / total[:, None]
    p[top == -np.inf] = 0
    history = (len(tops), len(x))
    m, sums = (np.reshape(a, history).astype(wide(x.dtype)) for a in (tops, sums))
    return p.astype(x.dtype), m, sums


# %% tags=["task"] task="merge"
def merge(a, b):
    m = np.stack(np.broadcast_arrays(a[0], b[0]))
    factors = np.exp(m - np.maximum(m.max(axis=0), np.finfo(m.dtype).min))
    total = (factors * np.stack([a[1], b[1]])).sum(axis=0)
    out = np.einsum("s...,s...d->...d", factors, np.stack([a[2], b[2]]))
    return m.max(axis=0), total, out


# %%
class Tiles:
    """Walks over the tiles of all heads together, in float64."""

    def __init__(self, q, k, causal, scale, kv_len):
        self.n, self.d = q.shape[2:]
        self.lengths = np.full(len(q), k.shape[2])
        if kv_len is not None:
            self.lengths = np.asarray(kv_len).astype(int)
        self.lengths = self.lengths[:, None, None, None]
        self.causal = causal
        self.scale = self.d**-0.5 if scale is None else scale
        self.q, self.k = q, k

    def keys(self, array, cols):
        real = cols[:, None] < self.lengths
        return np.where(real, array[:, :, cols].astype("f8"), 0)

    def scores(self, rows, cols):
        q_i = self.q[:, :, rows].astype("f8")
        k_j = self.keys(self.k, cols)
        s = np.einsum("bhic,bhjc->bhij", q_i, k_j) * self.scale
        last = self.lengths - 1
        if self.causal:
            last = np.minimum(last, rows[:, None] + self.lengths - self.n)
        seen = (cols[None, :] <= last) & (s > -np.inf)
        return q_i, k_j, s, seen


def pieces(size, step):
    return [np.arange(i, min(i + step, size)) for i in range(0, size, step)]


# %% tags=["task"] task="flash_forward"
def flash_forward(q, k, v, *, causal=False, bq=32, bk=32, scale=None, kv_len=None):
    tiles = Tiles(q, k, causal, scale, kv_len)
    o = np.zeros(q.shape, q.dtype)
    lse = np.zeros(q.shape[:3], wide(q.dtype))
    for rows in pieces(q.shape[2], bq):
        total = np.full((*q.shape[:2], len(rows)), -np.inf)
        for cols in pieces(k.shape[2], bk):
            _, _, s, seen = tiles.scores(rows, cols)
            for j in range(len(cols)):
                more = np.logaddexp(total, s[..., j])
                total = np.where(seen[..., j], more, total)
        lse[:, :, rows] = total
        acc = np.zeros((*q.shape[:2], len(rows), q.shape[3]))
        for cols in pieces(k.shape[2], bk):
            _, _, s, seen = tiles.scores(rows, cols)
            p = np.where(seen, np.exp(np.where(seen, s - total[..., None], 0)), 0)
            acc += p @ tiles.keys(v, cols)
        o[:, :, rows] = acc
    return o, lse


# %% tags=["task"] task="flash_backward"
def flash_backward(
    q, k, v, o, lse, do, *, causal=False, bq=32, bk=32, scale=None, kv_len=None
):
    tiles = Tiles(q, k, causal, scale, kv_len)
    dq, dk, dv = (np.zeros(x.shape) for x in (q, k, v))
    for rows in pieces(q.shape[2], bq):
        do_i = do[:, :, rows].astype("f8")
        delta = np.einsum("bhic,bhic->bhi", do_i, o[:, :, rows].astype("f8"))
        for cols in pieces(k.shape[2], bk):
            q_i, k_j, s, seen = tiles.scores(rows, cols)
            s = np.where(seen, s - lse[:, :, rows, None], LOW)
            p = np.exp(s)
            dp = np.einsum("bhic,bhjc->bhij", do_i, tiles.keys(v, cols))
            ds = p * (dp - delta[..., None]) * tiles.scale
            dq[:, :, rows] += np.einsum("bhij,bhjc->bhic", ds, k_j)
            dk[:, :, cols] += np.einsum("bhij,bhic->bhjc", ds, q_i)
            dv[:, :, cols] += np.einsum("bhij,bhic->bhjc", p, do_i)
    return dq.astype(q.dtype), dk.astype(k.dtype), dv.astype(v.dtype)


# %% tags=["task"] task="hbm_bytes"
def hbm_bytes(n, m, d, bq, bk, causal=False, itemsize=4):
    ends = np.minimum(np.arange(0, n, bq) + bq, n)
    seen = np.clip(ends + (m - n), 0, m) if causal else np.full(len(ends), m)
    keys = np.minimum(np.ceil(seen / bk).astype(int) * bk, m).sum()
    return int(itemsize * d * (n + 2 * keys)), int(itemsize * n * d + 4 * n)


# %% tags=["task"] task="flash_kernel"
@triton.jit
def flash_kernel(
    q_ptr, k_ptr, v_ptr, o_ptr, lse_ptr,
    stride_qb, stride_qh, stride_qm, stride_qd,
    stride_kb, stride_kh, stride_kn, stride_kd,
    stride_vb, stride_vh, stride_vn, stride_vd,
    H, N, M, D, scale, skip,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """`skip` is M - N where the mask is causal, and M where it is not."""
    head = tl.program_id(0).to(tl.int64)
    start = tl.program_id(1) * BLOCK_M
    q_ptr += head // H * stride_qb + head % H * stride_qh
    k_ptr += head // H * stride_kb + head % H * stride_kh
    v_ptr += head // H * stride_vb + head % H * stride_vh
    offs_m = start + tl.arange(0, BLOCK_M)
    offs_d = tl.arange(0, BLOCK_D)
    ok_m = offs_m < N
    ok_d = offs_d < D
    q_ptrs = q_ptr + (offs_m[:, None] * stride_qm + offs_d[None, :] * stride_qd)
    q = tl.load(q_ptrs, mask=ok_m[:, None] & ok_d[None, :], other=0.0)
    m_i = tl.full([BLOCK_M], -1.0e30, tl.float32)
    l_i = tl.zeros([BLOCK_M], dtype=tl.float32)
    acc = tl.zeros([BLOCK_M, BLOCK_D], dtype=tl.float32)
    last = offs_m + skip  # the last key that each row sees
    end = tl.max(tl.where(ok_m, last, -1), 0) + 1
    end = tl.minimum(end, M)
    start_n = 0
    while start_n < end:
        offs_n = start_n + tl.arange(0, BLOCK_N)
        ok_n = offs_n < M
        at_k = offs_n[None, :] * stride_kn + offs_d[:, None] * stride_kd
        k = tl.load(k_ptr + at_k, mask=ok_d[:, None] & ok_n[None, :], other=0.0)
        s = tl.dot(q, k, input_precision="ieee") * scale
        seen = ok_n[None, :] & (offs_n[None, :] <= last[:, None])
        m_new = tl.maximum(m_i, tl.max(tl.where(seen, s, -1.0e30), axis=1))
        p = tl.where(seen, tl.exp(s - m_new[:, None]), 0.0)
        shrink = tl.exp(m_i - m_new)
        at_v = offs_n[:, None] * stride_vn + offs_d[None, :] * stride_vd
        v = tl.load(v_ptr + at_v, mask=ok_n[:, None] & ok_d[None, :], other=0.0)
        l_i = l_i * shrink + tl.sum(p, axis=1)
        acc *= shrink[:, None]
        acc += tl.dot(p, v.to(tl.float32), input_precision="ieee")
        m_i = m_new
        start_n += BLOCK_N
    empty = l_i == 0.0
    l_i = tl.where(empty, 1.0, l_i)
    rows = head * N + offs_m
    o_ptrs = o_ptr + rows[:, None] * D + offs_d[None, :]
    tl.store(o_ptrs, acc / l_i[:, None], mask=ok_m[:, None] & ok_d[None, :])
    lse = tl.where(empty, float("-inf"), m_i + tl.log(l_i))
    tl.store(lse_ptr + rows, lse, mask=ok_m)


def launch(q, k, v, skip, scale, block_m, block_n):
    batch, heads, n, d = q.shape
    o = device.empty(tuple(q.shape), dtype=q.dtype)
    lse = device.empty((batch, heads, n), dtype=device.float32)
    flash_kernel[lambda meta: (batch * heads, triton.cdiv(n, meta["BLOCK_M"]))](
        q_ptr=q, k_ptr=k, v_ptr=v, o_ptr=o, lse_ptr=lse,
        **dict(zip(("stride_qb", "stride_qh", "stride_qm", "stride_qd"),
                   device.strides(q), strict=True)),
        **dict(zip(("stride_kb", "stride_kh", "stride_kn", "stride_kd"),
                   device.strides(k), strict=True)),
        **dict(zip(("stride_vb", "stride_vh", "stride_vn", "stride_vd"),
                   device.strides(v), strict=True)),
        H=heads, N=n, M=k.shape[2], D=d,
        scale=1 / d**0.5 if scale is None else scale, skip=skip,
        BLOCK_M=block_m, BLOCK_N=block_n,
        BLOCK_D=max(triton.next_power_of_2(d), 16), num_warps=4,
    )  # fmt: skip
    return o, lse


def flash_attention(
    q, k, v, *, scale=None, block_m=32, block_n=16, axes=((0, 1, 2, 3),) * 3
):
    q, k, v = (x.transpose(axes[i]) for i, x in enumerate((q, k, v)))
    return launch(q, k, v, k.shape[2], scale, block_m, block_n)


# %% tags=["task"] task="causal_kernel"
causal_kernel = flash_kernel


def causal_attention(
    q, k, v, *, scale=None, block_m=32, block_n=16, axes=((0, 1, 2, 3),) * 3
):
    q, k, v = (x.transpose(axes[i]) for i, x in enumerate((q, k, v)))
    return launch(q, k, v, k.shape[2] - q.shape[2], scale, block_m, block_n)


# %% tags=["task"] task="flash_backward_kernel"
@triton.jit
def row_sums(a_ptr, b_ptr, out_ptr, D, BLOCK_D: tl.constexpr):
    """One row a program."""
    row = tl.program_id(0)
    offs_d = tl.arange(0, BLOCK_D)
    a = tl.load(a_ptr + row * D + offs_d, mask=offs_d < D, other=0.0)
    b = tl.load(b_ptr + row * D + offs_d, mask=offs_d < D, other=0.0)
    tl.store(out_ptr + row, tl.sum(a.to(tl.float32) * b.to(tl.float32), axis=0))


@triton.jit
def flash_backward_kernel(
    q_ptr, k_ptr, v_ptr, do_ptr, lse_ptr, delta_ptr, dq_ptr, dk_ptr, dv_ptr,
    N, M, D, key_tiles, scale,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """One launch: the first programs of a head own keys, the others queries."""
    head = tl.program_id(0).to(tl.int64)
    tile = tl.program_id(1)
    offs_d = tl.arange(0, BLOCK_D)
    ok_d = offs_d < D
    q_ptr += head * N * D
    do_ptr += head * N * D
    k_ptr += head * M * D
    v_ptr += head * M * D
    lse_ptr += head * N
    delta_ptr += head * N
    keys = tile < key_tiles
    start_m = tl.where(keys, 0, (tile - key_tiles) * BLOCK_M)
    end_m = tl.where(keys, N, start_m + BLOCK_M)
    start_n = tl.where(keys, tile * BLOCK_N, 0)
    end_n = tl.where(keys, start_n + BLOCK_N, M)
    offs_m = start_m + tl.arange(0, BLOCK_M)
    offs_n = start_n + tl.arange(0, BLOCK_N)
    a = tl.zeros([BLOCK_N, BLOCK_D], dtype=tl.float32)
    b = tl.zeros([BLOCK_N, BLOCK_D], dtype=tl.float32)
    c = tl.zeros([BLOCK_M, BLOCK_D], dtype=tl.float32)
    ok_n = (offs_n < M)[:, None] & ok_d[None, :]
    ok_m = (offs_m < N)[:, None] & ok_d[None, :]
    if keys:
        k = tl.load(k_ptr + offs_n[:, None] * D + offs_d[None, :], mask=ok_n, other=0.0)
        v = tl.load(v_ptr + offs_n[:, None] * D + offs_d[None, :], mask=ok_n, other=0.0)
        while start_m < end_m:
            rows = start_m + tl.arange(0, BLOCK_M)
            ok = (rows < N)[:, None] & ok_d[None, :]
            at = rows[:, None] * D + offs_d[None, :]
            q = tl.load(q_ptr + at, mask=ok, other=0.0).to(tl.float32)
            do = tl.load(do_ptr + at, mask=ok, other=0.0).to(tl.float32)
            lse = tl.load(lse_ptr + rows, mask=rows < N, other=0.0)
            delta = tl.load(delta_ptr + rows, mask=rows < N, other=0.0)
            s = tl.dot(q * scale, tl.trans(k.to(tl.float32)), input_precision="ieee")
            both = (rows < N)[:, None] & (offs_n < M)[None, :]
            p = tl.exp(tl.where(both, s - lse[:, None], -1.0e30))
            dp = tl.dot(do, tl.trans(v.to(tl.float32)), input_precision="ieee")
            ds = p * dp - p * delta[:, None]
            a += tl.dot(tl.trans(ds), q * scale, input_precision="ieee")
            b += tl.dot(tl.trans(p), do, input_precision="ieee")
            start_m += BLOCK_M
        out = head * M * D + offs_n[:, None] * D + offs_d[None, :]
        tl.store(dk_ptr + out, a, mask=ok_n)
        tl.store(dv_ptr + out, b, mask=ok_n)
    else:
        at = offs_m[:, None] * D + offs_d[None, :]
        q = tl.load(q_ptr + at, mask=ok_m, other=0.0).to(tl.float32) * scale
        do = tl.load(do_ptr + at, mask=ok_m, other=0.0).to(tl.float32)
        lse = tl.load(lse_ptr + offs_m, mask=offs_m < N, other=0.0)
        delta = tl.load(delta_ptr + offs_m, mask=offs_m < N, other=0.0)
        while start_n < end_n:
            cols = start_n + tl.arange(0, BLOCK_N)
            ok = (cols < M)[:, None] & ok_d[None, :]
            kv = cols[:, None] * D + offs_d[None, :]
            k = tl.load(k_ptr + kv, mask=ok, other=0.0).to(tl.float32)
            v = tl.load(v_ptr + kv, mask=ok, other=0.0).to(tl.float32)
            s = tl.dot(q, tl.trans(k), input_precision="ieee")
            p = tl.exp(tl.where((cols < M)[None, :], s - lse[:, None], -1.0e30))
            dp = tl.dot(do, tl.trans(v), input_precision="ieee")
            ds = p * dp - p * delta[:, None]
            c += tl.dot(ds, k, input_precision="ieee")
            start_n += BLOCK_N
        tl.store(dq_ptr + head * N * D + at, c * scale, mask=ok_m)


def attention_backward(q, k, v, o, lse, do, *, scale=None, block_m=16, block_n=32):
    batch, heads, n, d = q.shape
    m = k.shape[2]
    dq, dk, dv = (device.empty(tuple(x.shape), dtype=x.dtype) for x in (q, k, v))
    delta = device.empty((batch * heads * n,), dtype=device.float32)
    block_d = max(triton.next_power_of_2(d), 16)
    row_sums[(batch * heads * n,)](o, do, delta, d, BLOCK_D=block_d)
    key_tiles, query_tiles = triton.cdiv(m, block_n), triton.cdiv(n, block_m)
    flash_backward_kernel[(batch * heads, key_tiles + query_tiles)](
        q, k, v, do, lse, delta, dq, dk, dv, n, m, d, key_tiles,
        1 / d**0.5 if scale is None else scale,
        BLOCK_M=block_m, BLOCK_N=block_n, BLOCK_D=block_d,
    )  # fmt: skip
    return dq, dk, dv


# %% tags=["task"] task="split_kv"
@triton.jit
def split_kv(
    q_ptr, k_ptr, v_ptr, len_ptr, state_ptr,
    H, R, N, M, D, run, scale,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """A state is D + 2 numbers in a row: acc, m, l."""
    head, split = tl.program_id(0), tl.program_id(1)
    length = tl.load(len_ptr + head // H)
    offs_m = tl.arange(0, BLOCK_M)
    offs_d = tl.arange(0, BLOCK_D)
    ok_m = offs_m < R
    ok_d = offs_d < D
    q_ptrs = q_ptr + (head * R + offs_m)[:, None] * D + offs_d[None, :]
    q = tl.load(q_ptrs, mask=ok_m[:, None] & ok_d[None, :], other=0.0)
    m_i = tl.full([BLOCK_M], -1.0e30, tl.float32)
    l_i = tl.zeros([BLOCK_M], dtype=tl.float32)
    acc = tl.zeros([BLOCK_M, BLOCK_D], dtype=tl.float32)
    start_n = split * run
    end = tl.minimum(start_n + run, length)
    while start_n < end:
        offs_n = start_n + tl.arange(0, BLOCK_N)
        ok_n = offs_n < length
        at = (head * M + offs_n)[None, :] * D + offs_d[:, None]
        k = tl.load(k_ptr + at, mask=ok_d[:, None] & ok_n[None, :], other=0.0)
        v = tl.load(v_ptr + at, mask=ok_d[:, None] & ok_n[None, :], other=0.0)
        s = tl.dot(q, k, input_precision="ieee") * scale
        seen = offs_n[None, :] + N <= (offs_m % N)[:, None] + length
        m_new = tl.maximum(m_i, tl.max(tl.where(seen, s, -1.0e30), axis=1))
        p = tl.where(seen, tl.exp(s - m_new[:, None]), 0.0)
        shrink = tl.exp(m_i - m_new)
        l_i = l_i * shrink + tl.sum(p, axis=1)
        acc *= shrink[:, None]
        acc += tl.dot(p, tl.trans(v).to(tl.float32), input_precision="ieee")
        m_i = m_new
        start_n += BLOCK_N
    at = ((head * R + offs_m) * tl.num_programs(1) + split) * (D + 2)
    ok = ok_m[:, None] & ok_d[None, :]
    tl.store(state_ptr + at[:, None] + offs_d[None, :], acc, mask=ok)
    tl.store(state_ptr + at + D, m_i, mask=ok_m)
    tl.store(state_ptr + at + D + 1, l_i, mask=ok_m)


@triton.jit
def merge_kernel(
    state_ptr, o_ptr, lse_ptr, D, splits, BLOCK_S: tl.constexpr, BLOCK_D: tl.constexpr
):
    row = tl.program_id(0)
    offs_s = tl.arange(0, BLOCK_S)
    offs_d = tl.arange(0, BLOCK_D)
    ok_s = offs_s < splits
    at = (row * splits + offs_s) * (D + 2)
    m_s = tl.load(state_ptr + at + D, mask=ok_s, other=-1.0e30)
    l_s = tl.load(state_ptr + at + D + 1, mask=ok_s, other=0.0)
    m_i = tl.max(m_s, axis=0)
    weights = tl.exp(m_s - m_i)
    l_i = tl.sum(weights * l_s, axis=0)
    ok = ok_s[:, None] & (offs_d < D)[None, :]
    acc = tl.load(state_ptr + at[:, None] + offs_d[None, :], mask=ok, other=0.0)
    o = tl.sum(weights[:, None] * acc, axis=0)
    if l_i > 0.0:
        tl.store(o_ptr + row * D + offs_d, o / l_i, mask=offs_d < D)
        tl.store(lse_ptr + row, m_i + tl.log(l_i))


def decode_attention(q, k, v, kv_len, *, splits, scale=None, block_n=16):
    (batch, heads, n, d), (kv_heads, m) = q.shape, k.shape[1:3]
    rows, block_d = heads * n // kv_heads, max(triton.next_power_of_2(d), 16)
    states = device.empty((batch * heads * n, splits, d + 2), dtype=device.float32)
    o = device.zeros(tuple(q.shape), dtype=q.dtype)
    lse = device.full((batch, heads, n), float("-inf"), dtype=device.float32)
    run = triton.cdiv(triton.cdiv(m, block_n), splits) * block_n
    split_kv[(batch * kv_heads, splits)](
        q, k, v, kv_len, states, kv_heads, rows, n, m, d, run,
        1 / d**0.5 if scale is None else scale,
        BLOCK_M=max(triton.next_power_of_2(rows), 16), BLOCK_N=block_n, BLOCK_D=block_d,
    )  # fmt: skip
    merge_kernel[(batch * heads * n,)](
        states, o, lse, d, splits,
        BLOCK_S=triton.next_power_of_2(splits), BLOCK_D=block_d,
    )  # fmt: skip
    return o, lse
