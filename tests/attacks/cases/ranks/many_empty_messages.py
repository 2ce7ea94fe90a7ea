"""Carry the data in the number of messages without elements.

task: shift
verdict: wrong
"""

import numpy as np


def shift(x, link):
    n, r = link.n, link.rank
    for _ in range(2):  # what it counts to would be the data
        request = link.isend((r + 1) % n, np.empty(0))
        link.recv((r - 1) % n)
        request.wait()
    request = link.isend((r + 1) % n, x)
    got = link.recv((r - 1) % n)
    request.wait()
    return got
