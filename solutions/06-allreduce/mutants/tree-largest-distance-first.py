"""Ranks join across the largest distance first: another tree, another order.

task: tree_allreduce
look: Chapter, step 5.
"""


def tree_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    total = x.flatten()
    distances = [2**k for k in range((n - 1).bit_length())]
    for d in reversed(distances):
        if d <= rank < 2 * d:
            link.send(rank - d, total)
        elif rank < d and rank + d < n:
            total = combine(total, link.recv(rank + d))
    if rank == 0 and op == "mean":
        total = total / n
    for d in distances:
        if d <= rank < 2 * d:
            total = link.recv(rank - d)
        elif rank < d and rank + d < n:
            link.send(rank + d, total)
    return total.reshape(x.shape)
