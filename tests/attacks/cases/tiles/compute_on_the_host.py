"""Compute the attention in NumPy and launch nothing.

task: flash_kernel
verdict: wrong | crash
"""


def flash_attention(
    q, k, v, *, scale=None, block_m=32, block_n=16, axes=((0, 1, 2, 3),) * 3
):
    q, k, v = (x.transpose(a) for x, a in zip((q, k, v), axes, strict=True))
    return flash_forward(q, k, v, causal=False, bq=block_m, bk=block_n, scale=scale)
