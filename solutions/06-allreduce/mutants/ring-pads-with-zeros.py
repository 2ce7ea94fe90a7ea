"""x is padded to a multiple of n, and the zeros travel along.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a ring. Returns an array like x."""
    flat = np.concatenate([x.ravel(), np.zeros(-x.size % n, x.dtype)])
    chunk_id, chunk = reduce_scatter(rank, n, flat, op, link)
    whole = all_gather(rank, n, chunk_id, chunk, flat.size, link)
    return whole[: x.size].reshape(x.shape)
