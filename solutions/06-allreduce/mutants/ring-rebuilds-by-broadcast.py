"""After the first half every owner sends its chunk straight to everyone.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a ring. Returns an array like x."""
    _, chunk = reduce_scatter(rank, n, x, op, link)
    bounds = chunk_bounds(x.size, n)
    whole = np.empty(x.size, chunk.dtype)
    requests = [link.isend(r, chunk) for r in range(n) if r != rank]
    for r in range(n):
        lo, hi = bounds[(r + 1) % n]
        whole[lo:hi] = chunk if r == rank else link.recv(r)
    for request in requests:
        request.wait()
    return whole.reshape(x.shape)
