"""Only rank 0 receives before it sends: the others wait for one another in turn.

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
        came = link.recv(left) if rank == 0 else None
        link.send(right, chunks[(rank - i) % n])
        if came is None:
            came = link.recv(left)
        c = (rank - i - 1) % n
        chunks[c] = combine(came, chunks[c])
    c = (rank + 1) % n
    return c, chunks[c] / n if op == "mean" else chunks[c]
