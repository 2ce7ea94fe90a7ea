"""The second half sends whole arrays round instead of chunks.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a ring. Returns an array like x."""
    chunk_id, chunk = reduce_scatter(rank, n, x, op, link)
    whole = np.zeros(x.size, chunk.dtype)
    bounds = chunk_bounds(x.size, n)
    lo, hi = bounds[chunk_id]
    whole[lo:hi] = chunk
    for i in range(n - 1):
        request = link.isend((rank + 1) % n, whole)
        came = link.recv((rank - 1) % n)
        lo, hi = bounds[(chunk_id - i - 1) % n]
        whole[lo:hi] = came[lo:hi]
        request.wait()
    return whole.reshape(x.shape)
