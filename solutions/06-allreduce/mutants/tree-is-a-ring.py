"""It is the ring: few bytes, but 2 (n - 1) steps.

task: tree_allreduce
look: Chapter, step 5.
"""


def tree_allreduce(rank, n, x, op, link):
    return ring_allreduce(rank, n, x, op, link)
