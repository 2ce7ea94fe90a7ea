"""All values travel chunk by chunk, but each rank adds in its own order.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    bounds, flat = chunk_bounds(x.size, n), x.flatten()
    total = flat.copy()
    for lo, hi in bounds:
        part = flat[lo:hi]
        for _ in range(n - 1):
            request = link.isend((rank + 1) % n, part)
            part = link.recv((rank - 1) % n)
            total[lo:hi] = combine(total[lo:hi], part)
            request.wait()
    return (total / n if op == "mean" else total).reshape(x.shape)
