"""The tree grows from the last rank instead of rank 0.

task: tree_allreduce
look: Chapter, step 5.
"""


def tree_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    total, place = x.flatten(), n - 1 - rank
    distances = [2**k for k in range((n - 1).bit_length())]
    for d in distances:
        if place % (2 * d) == d:
            link.send(rank + d, total)
            break
        if place + d < n:
            total = combine(total, link.recv(rank - d))
    if place == 0 and op == "mean":
        total = total / n
    for d in reversed(distances):
        if place % (2 * d) == d:
            total = link.recv(rank + d)
        elif place % (2 * d) == 0 and place + d < n:
            link.send(rank - d, total)
    return total.reshape(x.shape)
