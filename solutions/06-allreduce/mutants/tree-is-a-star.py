"""Every rank sends straight to rank 0, which answers all of them.

task: tree_allreduce
severity: idea
look: Chapter, step 5.
"""


def tree_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    total = x.flatten()
    if rank > 0:
        link.send(0, total)
        return link.recv(0).reshape(x.shape)
    for r in range(1, n):
        total = combine(total, link.recv(r))
    if op == "mean":
        total = total / n
    for r in range(1, n):
        link.send(r, total)
    return total.reshape(x.shape)
