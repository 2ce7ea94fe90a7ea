"""The tree writes its sums into the array of the caller.

task: tree_allreduce
look: Chapter, step 5.
"""


def tree_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a binomial tree. Returns an array like x."""
    combine = combiner(op, x.dtype)
    total = x.reshape(-1)
    distances = [2**k for k in range((n - 1).bit_length())]
    for d in distances:
        if rank % (2 * d) == d:
            link.send(rank - d, total)
            break
        if rank + d < n:
            total[...] = combine(total, link.recv(rank + d))
    if rank == 0 and op == "mean":
        total = total / n
    for d in reversed(distances):
        if rank % (2 * d) == d:
            total = link.recv(rank - d)
        elif rank % (2 * d) == 0 and rank + d < n:
            link.send(rank + d, total)
    return total.reshape(x.shape)
