# %% [markdown]
# # By merging: every tile gives a state, and a binary tree merges the states
# The kernels use base-2 exponentials, one grid axis and advancing pointers.

# %% tags=["setup"]
import numpy as np

from autograder.lab.tiles import device, tl, triton

NOTHING = float("-inf")


def acc(x):
    return np.asarray(x, np.promote_types(x.dtype, np.float32))


def finite(m):
    return np.nan_to_num(m, nan=np.nan, neginf=0.0, posinf=np.inf)


# %% tags=["task"] task="safe_softmax"
def safe_softmax(x):
    wide = acc(x)
    if wide.shape[-1] == 0:
        return x.copy()
    shifted = wide - finite(np.sort(wide, axis=-1)[..., -1:])
    p = np.exp2(shifted * wide.dtype.type(1 / np.log(2)))
    total = np.einsum("...i->...", p)[..., None]
    return np.divide(p, total, out=np.zeros_like(p), where=total > 0).astype(x.dtype)


# %% tags=["task"] task="online_softmax"
def online_softmax(x, block):
    wide = acc(x)
    rows, cols = wide.shape
    pieces = [wide[:, j : j + block] for j in range(0, cols, block)]
    tops = np.array([piece.max(axis=1) for piece in pieces]).reshape(-1, rows)
    sums = np.array(
        [
            np.exp(piece - finite(top)[:, None]).sum(axis=1)
            for piece, top in zip(pieces, tops, strict=True)
        ]
    ).reshape(-1, rows)
    m, total = tops.astype(wide.dtype), sums.astype(wide.dtype)
    blank = np.zeros((rows, 0), wide.dtype)
    for t in range(1, len(pieces)):
        m[t], total[t], _ = merge(
            (m[t - 1], total[t - 1], blank), (m[t], total[t], blank)
        )
    if not cols:
        return x.copy(), m, total
    last = np.where(total[-1] == 0, 1, total[-1])
    p = np.exp(wide - finite(m[-1])[:, None]) / last[:, None]
    return p.astype(x.dtype), m, total


# %% tags=["task"] task="merge"
def merge(a, b):
    m = np.where(a[0] > b[0], a[0], b[0])
    first, second = (np.exp(s[0] - finite(m)) for s in (a, b))
    weighted = [np.moveaxis(np.moveaxis(s[2], -1, 0) * f, 0, -1)
                for s, f in ((a, first), (b, second))]  # fmt: skip
    return m, a[1] * first + b[1] * second, weighted[0] + weighted[1]


# %% tags=["task"] task="flash_forward"
def flash_forward(q, k, v, *, causal=False, bq=32, bk=32, scale=None, kv_len=None):
    batch, heads, n, d = q.shape
    scale = d**-0.5 if scale is None else float(scale)
    o = np.zeros_like(q, order="C", subok=False)
    lse = np.full(q.shape[:3], NOTHING, acc(q[:0]).dtype)
    for b in range(batch):
        length = k.shape[2] if kv_len is None else int(kv_len[b])
        for h in range(heads):
            for i in range(0, n, bq):
                q_i = acc(q[b, h, i : i + bq])

                def states(j, end, q_i=q_i, b=b, h=h, i=i, length=length):
                    """Return the state of keys j to end: halves, merged."""
                    if end - j > bk:
                        half = j + -(-(end - j) // bk // 2) * bk
                        return merge(states(j, half), states(half, end))
                    k_j, v_j = acc(k[b, h, j:end]), acc(v[b, h, j:end])
                    s = np.einsum("id,jd->ij", q_i, k_j) * q_i.dtype.type(scale)
                    if causal:
                        ahead = np.arange(end - j) + j - (length - n)
                        s[ahead[None, :] > np.arange(len(q_i))[:, None] + i] = NOTHING
                    m = s.max(axis=1)
                    p = np.exp(s - finite(m)[:, None])
                    return m, p.sum(axis=1), p @ v_j

                if length:
                    m, total, out = states(0, length)
                    hit = total > 0
                    o[b, h, i : i + bq][hit] = out[hit] / total[hit][:, None]
                    lse[b, h, i : i + bq][hit] = m[hit] + np.log(total[hit])
    return o, lse


# %% tags=["task"] task="flash_backward"
def flash_backward(
    q, k, v, o, lse, do, *, causal=False, bq=32, bk=32, scale=None, kv_len=None
):
    """Queries outside, keys inside; the mask as a bound for each row."""
    n, d = q.shape[2:]
    scale = d**-0.5 if scale is None else float(scale)
    dq, dk, dv = (np.zeros(x.shape, acc(x[:0]).dtype) for x in (q, k, v))
    for b in range(q.shape[0]):
        length = k.shape[2] if kv_len is None else int(kv_len[b])
        for h in range(q.shape[1]):
            for i in range(0, n, bq):
                rows = slice(i, min(i + bq, n))
                q_i, o_i, do_i = (acc(x[b, h, rows]) for x in (q, o, do))
                q_i = q_i * q_i.dtype.type(scale)
                bound = np.arange(rows.start, rows.stop) + length - n
                bound = np.minimum(bound, length - 1) if causal else bound * 0 + length
                for j in range(0, length, bk):
                    cols = slice(j, min(j + bk, length))
                    k_j, v_j = acc(k[b, h, cols]), acc(v[b, h, cols])
                    seen = np.arange(cols.start, cols.stop)[None, :] <= bound[:, None]
                    seen &= lse[b, h, rows, None] > -np.inf  # scores may overflow
                    s = np.where(seen, q_i @ k_j.T - lse[b, h, rows, None], 0)
                    p = np.where(seen, np.exp(s), 0)
                    dv[b, h, cols] += np.einsum("ij,ic->jc", p, do_i)
                    dp = np.einsum("ic,jc->ij", do_i, v_j)
                    ds = p * (dp - np.einsum("ic,ic->i", do_i, o_i)[:, None])
                    dq[b, h, rows] += ds @ k_j * q_i.dtype.type(scale)
                    dk[b, h, cols] += ds.T @ q_i
    return dq.astype(q.dtype), dk.astype(k.dtype), dv.astype(v.dtype)


# %% tags=["task"] task="hbm_bytes"
def hbm_bytes(n, m, d, bq, bk, causal=False, itemsize=4):
    """Row by row of the tile map, counting tiles that hold a visible pair."""
    loaded = 0
    for i in range(0, n, bq):
        rows = min(bq, n - i)
        loaded += rows * d
        for j in range(0, m, bk):
            if not causal or j <= i + rows - 1 + m - n:
                loaded += 2 * d * min(bk, m - j)
    return loaded * itemsize, n * (d * itemsize + 4)


# %% tags=["task"] task="flash_kernel"
@triton.jit
def flash_kernel(
    q_ptr, k_ptr, v_ptr, o_ptr, lse_ptr,
    qb, qh, qm, qd, kb, kh, kn, kd, vb, vh, vn, vd,
    H, N, M, D, tiles, scale_log2,
    CAUSAL: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    pid = tl.program_id(0)
    tile = pid % tiles
    head = pid // tiles
    b = head // H
    h = head - b * H
    rows = tile * BLOCK_M + tl.arange(0, BLOCK_M)
    cols = tl.arange(0, BLOCK_N)
    dims = tl.arange(0, BLOCK_D)
    inside = (rows < N)[:, None] & (dims < D)[None, :]
    q = tl.load(
        q_ptr + b * qb + h * qh + rows[:, None] * qm + dims[None, :] * qd,
        mask=inside,
        other=0,
    )
    k_ptrs = k_ptr + b * kb + h * kh + cols[:, None] * kn + dims[None, :] * kd
    v_ptrs = v_ptr + b * vb + h * vh + cols[:, None] * vn + dims[None, :] * vd
    top = tl.zeros([BLOCK_M], tl.float32) - float("inf")
    total = tl.zeros([BLOCK_M], tl.float32)
    acc = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)
    end = M
    if CAUSAL:
        end = tl.minimum(M, (tile + 1) * BLOCK_M + M - N)
    for start in range(0, end, BLOCK_N):
        here = start + cols < M
        mask = here[:, None] & (dims < D)[None, :]
        k = tl.load(k_ptrs, mask=mask, other=0)
        s = tl.dot(q, tl.trans(k), input_precision="ieee") * scale_log2
        if CAUSAL:
            seen = (start + cols)[None, :] - (M - N) <= rows[:, None]
            s = tl.where(here[None, :] & seen, s, float("-inf"))
        else:
            s = tl.where(here[None, :], s, float("-inf"))
        new = tl.maximum(top, tl.max(s, axis=1))
        base = tl.where(new > float("-inf"), new, 0.0)
        p = tl.exp2(s - base[:, None])
        shrink = tl.exp2(top - base)
        total = total * shrink + tl.sum(p, axis=1)
        acc = acc * shrink[:, None]
        v = tl.load(v_ptrs, mask=mask, other=0)
        acc += tl.dot(p.to(v.dtype), v, input_precision="ieee")
        top = new
        k_ptrs += BLOCK_N * kn
        v_ptrs += BLOCK_N * vn
    full = total > 0
    safe = tl.where(full, total, 1.0)
    out = acc / safe[:, None]
    # Outputs are contiguous: (B * H, N, D) and (B * H, N).
    tl.store(
        o_ptr + (head * N + rows)[:, None] * D + dims[None, :],
        out.to(q.dtype),
        mask=inside,
    )
    lse = tl.where(full, (top + tl.log2(safe)) * 0.6931471805599453, float("-inf"))
    tl.store(lse_ptr + head * N + rows, lse, mask=rows < N)


def launch(q, k, v, causal, scale, block_m, block_n):
    batch, heads, n, d = q.shape
    o = device.empty(q.shape, q.dtype)
    lse = device.empty(q.shape[:3], device.float32)
    tiles = triton.cdiv(n, block_m)
    scale = d**-0.5 if scale is None else scale
    flash_kernel[(tiles * batch * heads,)](
        q, k, v, o, lse,
        *device.strides(q), *device.strides(k), *device.strides(v),
        heads, n, k.shape[2], d, tiles, scale * 1.4426950408889634,
        CAUSAL=causal, BLOCK_M=block_m, BLOCK_N=block_n,
        BLOCK_D=triton.next_power_of_2(max(d, 16)),
    )  # fmt: skip
    return o, lse


def flash_attention(
    q, k, v, *, scale=None, block_m=32, block_n=16, axes=((0, 1, 2, 3),) * 3
):
    q, k, v = (x.transpose(a) for x, a in zip((q, k, v), axes, strict=True))
    return launch(q, k, v, False, scale, block_m, block_n)


# %% tags=["task"] task="causal_kernel"
def causal_attention(
    q, k, v, *, scale=None, block_m=32, block_n=16, axes=((0, 1, 2, 3),) * 3
):
    q, k, v = (x.transpose(a) for x, a in zip((q, k, v), axes, strict=True))
    return launch(q, k, v, True, scale, block_m, block_n)


causal_kernel = flash_kernel


# %% tags=["task"] task="flash_backward_kernel"
@triton.jit
def queries_kernel(
    q_ptr, k_ptr, v_ptr, o_ptr, do_ptr, lse_ptr, delta_ptr, dq_ptr,
    N, M, D, tiles, scale,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """dq, and delta for the other kernel, from o and do that lie here anyway."""
    pid = tl.program_id(0)
    head, tile = pid // tiles, pid % tiles
    rows = tile * BLOCK_M + tl.arange(0, BLOCK_M)
    dims = tl.arange(0, BLOCK_D)
    mine = head * N + rows
    at = mine[:, None] * D + dims[None, :]
    inside = (rows < N)[:, None] & (dims < D)[None, :]
    q = tl.load(q_ptr + at, mask=inside, other=0)
    do = tl.load(do_ptr + at, mask=inside, other=0)
    o = tl.load(o_ptr + at, mask=inside, other=0)
    delta = tl.sum(o.to(tl.float32) * do.to(tl.float32), axis=1)
    tl.store(delta_ptr + mine, delta, mask=rows < N)
    lse = tl.load(lse_ptr + mine, mask=rows < N, other=float("inf"))
    dq = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)
    cols = tl.arange(0, BLOCK_N)
    kv = (head * M + cols)[:, None] * D + dims[None, :]
    for start in range(0, M, BLOCK_N):
        here = start + cols < M
        mask = here[:, None] & (dims < D)[None, :]
        k = tl.load(k_ptr + kv, mask=mask, other=0)
        v = tl.load(v_ptr + kv, mask=mask, other=0)
        s = tl.dot(q, tl.trans(k), input_precision="ieee") * scale - lse[:, None]
        p = tl.where(here[None, :], tl.exp2(s * 1.4426950408889634), 0.0)
        ds = p * (tl.dot(do, tl.trans(v), input_precision="ieee") - delta[:, None])
        dq = tl.dot((ds * scale).to(k.dtype), k, dq, input_precision="ieee")
        kv += BLOCK_N * D
    tl.store(dq_ptr + at, dq, mask=inside)


@triton.jit
def flash_backward_kernel(
    q_ptr, k_ptr, v_ptr, do_ptr, lse_ptr, delta_ptr, dk_ptr, dv_ptr,
    N, M, D, tiles, scale,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """dk and dv, with every tile of scores transposed: keys by queries."""
    pid = tl.program_id(0)
    head, tile = pid // tiles, pid % tiles
    cols = tile * BLOCK_N + tl.arange(0, BLOCK_N)
    dims = tl.arange(0, BLOCK_D)
    at = (head * M + cols)[:, None] * D + dims[None, :]
    inside = (cols < M)[:, None] & (dims < D)[None, :]
    k = tl.load(k_ptr + at, mask=inside, other=0)
    v = tl.load(v_ptr + at, mask=inside, other=0)
    dk = tl.zeros([BLOCK_N, BLOCK_D], tl.float32)
    dv = tl.zeros([BLOCK_N, BLOCK_D], tl.float32)
    for start in range(0, N, BLOCK_M):
        rows = start + tl.arange(0, BLOCK_M)
        here = rows < N
        mine = head * N + rows
        mask = here[:, None] & (dims < D)[None, :]
        q = tl.load(q_ptr + mine[:, None] * D + dims[None, :], mask=mask, other=0)
        do = tl.load(do_ptr + mine[:, None] * D + dims[None, :], mask=mask, other=0)
        lse = tl.load(lse_ptr + mine, mask=here, other=float("inf"))
        delta = tl.load(delta_ptr + mine, mask=here, other=0)
        s = tl.dot(k, tl.trans(q), input_precision="ieee") * scale - lse[None, :]
        p = tl.exp2(tl.where(inside_keys(cols, M), s, -1.0e30) * 1.4426950408889634)
        dv = tl.dot(p.to(do.dtype), do, dv, input_precision="ieee")
        dp = tl.dot(v, tl.trans(do), input_precision="ieee")
        ds = p * (dp - delta[None, :]) * scale
        dk = tl.dot(ds.to(q.dtype), q, dk, input_precision="ieee")
    tl.store(dk_ptr + at, dk, mask=inside)
    tl.store(dv_ptr + at, dv, mask=inside)


@triton.jit
def inside_keys(cols, M):
    return (cols < M)[:, None]


def attention_backward(q, k, v, o, lse, do, *, scale=None, block_m=16, block_n=32):
    (batch, heads, n, d), m = q.shape, k.shape[2]
    scale = float(d**-0.5 if scale is None else scale)
    dq, dk, dv = (
        device.empty(q.shape, q.dtype),
        *(device.empty(k.shape, k.dtype) for _ in range(2)),
    )
    delta = device.empty((batch * heads, n), device.float32)
    blocks = {
        "BLOCK_M": block_m,
        "BLOCK_N": block_n,
        "BLOCK_D": triton.next_power_of_2(max(d, 16)),
    }
    tiles = triton.cdiv(n, block_m)
    queries_kernel[(tiles * batch * heads,)](
        q, k, v, o, do, lse, delta, dq, n, m, d, tiles, scale, **blocks
    )
    tiles = triton.cdiv(m, block_n)
    flash_backward_kernel[(tiles * batch * heads,)](
        q, k, v, do, lse, delta, dk, dv, n, m, d, tiles, scale, **blocks
    )
    return dq, dk, dv


# %% tags=["task"] task="split_kv"
@triton.jit
def split_kv(
    q_ptr, k_ptr, v_ptr, len_ptr, o_ptr, lse_ptr,
    H, R, N, M, D, splits, scale_log2,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    """Cuts the keys that exist, not M; a state is a divided output and its lse."""
    pid = tl.program_id(0)
    head, split = pid // splits, pid % splits
    length = tl.load(len_ptr + head // H)
    share = tl.cdiv(tl.cdiv(length, BLOCK_N), splits) * BLOCK_N
    rows = tl.arange(0, BLOCK_M)
    cols = tl.arange(0, BLOCK_N)
    dims = tl.arange(0, BLOCK_D)
    mine = head * R + rows
    inside = (rows < R)[:, None] & (dims < D)[None, :]
    top = tl.zeros([BLOCK_M], tl.float32) - float("inf")
    total = tl.zeros([BLOCK_M], tl.float32)
    acc = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)
    if split * share < length:
        at = mine[:, None] * D + dims[None, :]
        q = tl.load(q_ptr + at, mask=inside, other=0)
        stop = tl.minimum(split * share + share, length)
        for start in range(split * share, stop, BLOCK_N):
            here = start + cols < stop
            mask = here[:, None] & (dims < D)[None, :]
            kv = (head * M + start + cols)[:, None] * D + dims[None, :]
            k = tl.load(k_ptr + kv, mask=mask, other=0)
            s = tl.dot(q, tl.trans(k), input_precision="ieee") * scale_log2
            seen = (start + cols)[None, :] + N - length <= (rows % N)[:, None]
            s = tl.where(seen & here[None, :], s, float("-inf"))
            new = tl.maximum(top, tl.max(s, axis=1))
            base = tl.where(new > float("-inf"), new, 0.0)
            p = tl.exp2(s - base[:, None])
            shrink = tl.exp2(top - base)
            total = total * shrink + tl.sum(p, axis=1)
            v = tl.load(v_ptr + kv, mask=mask, other=0)
            acc = acc * shrink[:, None]
            acc += tl.dot(p.to(v.dtype), v, input_precision="ieee")
            top = new
    safe = tl.where(total > 0, total, 1.0)
    at = split * R * tl.num_programs(0) // splits + mine
    tl.store(o_ptr + at[:, None] * D + dims[None, :], acc / safe[:, None], mask=inside)
    lse = tl.where(total > 0, top + tl.log2(safe), float("-inf"))
    tl.store(lse_ptr + at, lse, mask=rows < R)


@triton.jit
def merge_kernel(
    part_ptr, part_lse_ptr, o_ptr, lse_ptr, rows, D, splits, BLOCK_D: tl.constexpr
):
    """One state after another."""
    row = tl.program_id(0)
    dims = tl.arange(0, BLOCK_D)
    top = tl.full([], float("-inf"), tl.float32)
    total = tl.full([], 0.0, tl.float32)
    acc = tl.zeros([BLOCK_D], tl.float32)
    for split in range(0, splits):
        at = split * rows + row
        lse = tl.load(part_lse_ptr + at)
        o = tl.load(part_ptr + at * D + dims, mask=dims < D, other=0)
        new = tl.maximum(top, lse)
        base = tl.where(new > float("-inf"), new, 0.0)
        old, fresh = tl.exp2(top - base), tl.exp2(lse - base)
        total = total * old + fresh
        acc = acc * old + o * fresh
        top = new
    safe = tl.where(total > 0, total, 1.0)
    tl.store(o_ptr + row * D + dims, acc / safe, mask=dims < D)
    tl.store(lse_ptr + row, (top + tl.log2(total)) * 0.6931471805599453)


def decode_attention(q, k, v, kv_len, *, splits, scale=None, block_n=16):
    (batch, heads, n, d), (_, kv_heads, m, _) = q.shape, k.shape
    rows = batch * heads * n
    group = heads // kv_heads * n
    scale = d**-0.5 if scale is None else scale
    block_d = triton.next_power_of_2(max(d, 16))
    part = device.empty((splits, rows, d), device.float32)
    part_lse = device.empty((splits, rows), device.float32)
    o, lse = device.empty(q.shape, q.dtype), device.empty(q.shape[:3], device.float32)
    split_kv[(splits * batch * kv_heads,)](
        q, k, v, kv_len, part, part_lse, kv_heads, group, n, m, d, splits,
        scale * 1.4426950408889634,
        BLOCK_M=triton.next_power_of_2(max(group, 16)), BLOCK_N=block_n,
        BLOCK_D=block_d,
    )  # fmt: skip
    merge_kernel[(rows,)](part, part_lse, o, lse, rows, d, splits, BLOCK_D=block_d)
    return o, lse
