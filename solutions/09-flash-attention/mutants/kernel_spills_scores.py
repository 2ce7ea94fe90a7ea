"""The scores are written to HBM and read back; they fit on the chip.

task: flash_kernel
look: Chapter, step 7.
"""


@triton.jit
def flash_kernel(
    s_ptr, q_ptr, k_ptr, v_ptr, o_ptr, lse_ptr,
    stride_qb, stride_qh, stride_qm, stride_qd,
    stride_kb, stride_kh, stride_kn, stride_kd,
    stride_vb, stride_vh, stride_vn, stride_vd,
    stride_ob, stride_oh, stride_om, stride_od,
    stride_lb, stride_lh, stride_lm,
    H, N, M, D, scale,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
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
        place = (tl.program_id(1) * N + offs_m[:, None]) * M + cols[None, :]
        mask_s = mask_m[:, None] & mask_n[None, :]
        tl.store(s_ptr + place, s, mask=mask_s)
        s = tl.load(s_ptr + place, mask=mask_s, other=float("-inf"))
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
    q, k, v = (device.put(x.transpose(a)) for x, a in zip((q, k, v), axes, strict=True))
    batch, heads, n, d = q.shape
    o = device.empty((batch, heads, n, d), q.dtype)
    lse = device.empty((batch, heads, n), "float32")
    grid = (triton.cdiv(n, block_m), batch * heads)
    scores = device.empty((batch * heads, n, k.shape[2]))
    flash_kernel[grid](
        scores,
        q, k, v, o, lse,
        *device.strides(q), *device.strides(k), *device.strides(v),
        *device.strides(o), *device.strides(lse),
        heads, n, k.shape[2], d, d**-0.5 if scale is None else scale,
        BLOCK_M=block_m, BLOCK_N=block_n,
        BLOCK_D=max(16, triton.next_power_of_2(d)),
    )  # fmt: skip
    return o, lse
