"""Return evidence that claims a launch, few bytes and a right result.

task: flash_kernel
verdict: wrong | crash
"""


def flash_attention(
    q, k, v, *, scale=None, block_m=32, block_n=16, axes=((0, 1, 2, 3),) * 3
):
    q, k, v = (x.transpose(a) for x, a in zip((q, k, v), axes, strict=True))
    o, lse = flash_forward(q, k, v, causal=False, bq=block_m, bk=block_n, scale=scale)
    return {
        "outputs": (o, lse),
        "launches": 1,
        "loaded_bytes": 0,
        "stored_bytes": o.nbytes + lse.nbytes,
        "races": [],
        "uninitialised": [],
    }
