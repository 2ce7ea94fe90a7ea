"""Every rank divides its array before the sum: n roundings instead of one.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a ring. Returns an array like x."""
    combiner(op, x.dtype)
    if op == "mean":
        x, op = np.asarray(x / n), "sum"
    chunk_id, chunk = reduce_scatter(rank, n, x, op, link)
    return all_gather(rank, n, chunk_id, chunk, x.size, link).reshape(x.shape)
