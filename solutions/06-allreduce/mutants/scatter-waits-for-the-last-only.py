"""Only the last isend is waited for.

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
        request = link.isend(right, chunks[(rank - i) % n])
        c = (rank - i - 1) % n
        chunks[c] = combine(link.recv(left), chunks[c])
        if i == n - 2:
            request.wait()
    c = (rank + 1) % n
    return c, chunks[c] / n if op == "mean" else chunks[c]
