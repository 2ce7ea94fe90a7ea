"""On one rank it returns x itself, not a copy.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a ring. Returns an array like x."""
    combiner(op, x.dtype)
    if n == 1:
        return x
    chunk_id, chunk = reduce_scatter(rank, n, x, op, link)
    return all_gather(rank, n, chunk_id, chunk, x.size, link).reshape(x.shape)
