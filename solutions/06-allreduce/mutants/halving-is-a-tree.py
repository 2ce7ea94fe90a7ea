"""It is the tree: whole arrays up and down.

task: halving_doubling
look: Chapter, step 6.
"""


def halving_doubling(rank, n, x, op, link):
    return tree_allreduce(rank, n, x, op, link)
