"""Send more than a message may hold.

task: total
verdict: output
"""

import numpy as np


def total(x, link):
    if link.rank:
        link.isend(0, np.broadcast_to(np.zeros(1), 10**9))
        return None
    return link.recv(1)
