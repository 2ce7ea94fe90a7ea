"""One running sum makes a lap, then the total makes another: whole arrays.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    total, right, left = x.flatten(), (rank + 1) % n, (rank - 1) % n
    if n == 1:
        return (total / n if op == "mean" else total).reshape(x.shape)
    if rank > 0:
        total = combine(link.recv(left), total)
    if rank < n - 1:
        link.send(right, total)
    elif op == "mean":
        total = total / n
    if rank < n - 1:
        total = link.recv(left)
    if rank != n - 2:
        link.send(right, total)
    return total.reshape(x.shape)
