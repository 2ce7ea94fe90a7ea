"""Two ranks swap whole arrays instead of halves.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a ring. Returns an array like x."""
    combine = combiner(op, x.dtype)
    if n == 2:
        request = link.isend(1 - rank, x)
        total = combine(x, link.recv(1 - rank))
        request.wait()
        return np.asarray(total / n if op == "mean" else total).reshape(x.shape)
    chunk_id, chunk = reduce_scatter(rank, n, x, op, link)
    return all_gather(rank, n, chunk_id, chunk, x.size, link).reshape(x.shape)
