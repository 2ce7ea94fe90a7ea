"""Whole arrays go round, and each rank adds from itself on: ranks disagree.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    total = part = x.flatten()
    for _ in range(n - 1):
        request = link.isend((rank + 1) % n, part)
        part = link.recv((rank - 1) % n)
        total = combine(total, part)
        request.wait()
    return (total / n if op == "mean" else total).reshape(x.shape)
