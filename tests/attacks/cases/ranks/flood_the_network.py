"""Send without end to a rank that never listens.

task: total
verdict: crash
"""

import numpy as np


def total(x, link):
    while link.rank == 0:
        link.isend(1, np.zeros(10**6))
    return x
