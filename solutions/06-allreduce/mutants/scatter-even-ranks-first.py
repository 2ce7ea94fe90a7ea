"""Even ranks send while odd ones receive, then they change over: twice the steps.

task: reduce_scatter
look: Chapter, step 2.
"""


def reduce_scatter(rank, n, x, op, link):
    """Leave chunk (rank + 1) % n reduced on this rank. Returns (chunk_id, chunk)."""
    combine = combiner(op, x.dtype)
    flat = x.flatten()
    chunks = [flat[lo:hi] for lo, hi in chunk_bounds(flat.size, n)]
    right, left = (rank + 1) % n, (rank - 1) % n
    for i in range(n - 1):
        c = (rank - i - 1) % n
        came = None
        if rank % 2 or rank == n - 1:
            came = link.recv(left)
        link.send(right, chunks[(rank - i) % n])
        if came is None:
            came = link.recv(left)
        c = (rank - i - 1) % n
        chunks[c] = combine(came, chunks[c])
    c = (rank + 1) % n
    return c, chunks[c] / n if op == "mean" else chunks[c]
