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
        seen = np.broadcast_to(cols[None, :] <= last, s.shape)
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
