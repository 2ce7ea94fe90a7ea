"""The mean is divided by the owner and once more at the end.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a ring. Returns an array like x."""
    chunk_id, chunk = reduce_scatter(rank, n, x, op, link)
    if op == "mean":
        chunk = chunk / n
    return all_gather(rank, n, chunk_id, chunk, x.size, link).reshape(x.shape)
