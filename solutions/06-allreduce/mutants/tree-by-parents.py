"""The tree of a heap, with parent (r - 1) / 2: another tree, another order.

task: tree_allreduce
look: Chapter, step 5.
"""


def tree_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    total = x.flatten()
    children = [c for c in (2 * rank + 1, 2 * rank + 2) if c < n]
    for child in children:
        total = combine(total, link.recv(child))
    if rank:
        link.send((rank - 1) // 2, total)
        total = link.recv((rank - 1) // 2)
    elif op == "mean":
        total = total / n
    for child in children:
        link.send(child, total)
    return total.reshape(x.shape)
