"""It halves and doubles: as few bytes, but over other links.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    return halving_doubling(rank, n, x, op, link)
