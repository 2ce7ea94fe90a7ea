"""The sum goes from the last rank down to 0, and the total back up again.

task: tree_allreduce
look: Chapter, step 5.
"""


def tree_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    total = x.flatten()
    if rank < n - 1:
        total = combine(total, link.recv(rank + 1))
    if rank > 0:
        link.send(rank - 1, total)
        total = link.recv(rank - 1)
    elif op == "mean":
        total = total / n
    if rank < n - 1:
        link.send(rank + 1, total)
    return total.reshape(x.shape)
