"""float16 is summed in float32: twice the bytes, and other bits.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a ring. Returns an array like x."""
    kind = x.dtype
    wide = np.float32 if kind == np.float16 else kind
    chunk_id, chunk = reduce_scatter(rank, n, x.astype(wide), op, link)
    return (
        all_gather(rank, n, chunk_id, chunk, x.size, link).reshape(x.shape).astype(kind)
    )
