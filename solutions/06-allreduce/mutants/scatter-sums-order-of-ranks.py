"""Every chunk goes straight to its owner: other links, and the order of ranks.

task: reduce_scatter
severity: idea
look: Chapter, step 2.
"""


def reduce_scatter(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    flat = x.flatten()
    chunks = [flat[lo:hi] for lo, hi in chunk_bounds(flat.size, n)]
    own = (rank + 1) % n
    requests = [link.isend(r, chunks[(r + 1) % n]) for r in range(n) if r != rank]
    total = None
    for r in range(n):
        part = chunks[own] if r == rank else link.recv(r)
        total = part if total is None else combine(total, part)
    for request in requests:
        request.wait()
    return own, total / n if op == "mean" else total
