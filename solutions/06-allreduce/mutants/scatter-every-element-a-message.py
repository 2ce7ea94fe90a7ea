"""Chunks travel element by element: many messages, each with its latency.

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
        requests = [
            link.isend(right, chunks[(rank - i) % n][k : k + 1])
            for k in range(chunks[(rank - i) % n].size)
        ]
        c = (rank - i - 1) % n
        chunks[c] = combine(
            np.array([link.recv(left)[0] for _ in range(chunks[c].size)], x.dtype),
            chunks[c],
        )
        for request in requests:
            request.wait()
    c = (rank + 1) % n
    return c, chunks[c] / n if op == "mean" else chunks[c]
