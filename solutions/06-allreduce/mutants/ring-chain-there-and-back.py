"""A running sum goes from rank 0 to the last, and the total back: whole arrays.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    total = x.flatten()
    if rank > 0:
        total = combine(link.recv(rank - 1), total)
    if rank < n - 1:
        link.send(rank + 1, total)
        total = link.recv(rank + 1)
    elif op == "mean":
        total = total / n
    if rank > 0:
        link.send(rank - 1, total)
    return total.reshape(x.shape)
