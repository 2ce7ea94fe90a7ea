"""The output is float32 whatever the dtype of q.

task: flash_kernel
look: Chapter, step 7.
"""


def flash_attention(
    q, k, v, *, scale=None, block_m=32, block_n=16, axes=((0, 1, 2, 3),) * 3
):
    q, k, v = (device.put(x.transpose(a)) for x, a in zip((q, k, v), axes, strict=True))
    batch, heads, n, d = q.shape
    o = device.empty((batch, heads, n, d), "float32")
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
