"""Whole arrays go up and down a tree.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    return tree_allreduce(rank, n, x, op, link)
