"""Pairs exchange whole arrays at every level, which needs a power of two.

task: tree_allreduce
severity: idea
look: Chapter, step 5.
"""


def tree_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    total = x.flatten()
    for d in [2**k for k in range((n - 1).bit_length())]:
        if rank ^ d < n:
            request = link.isend(rank ^ d, total)
            total = combine(total, link.recv(rank ^ d))
            request.wait()
    return (total / n if op == "mean" else total).reshape(x.shape)
