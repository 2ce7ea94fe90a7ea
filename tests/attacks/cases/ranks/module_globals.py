"""Meet in a global variable, as threads would.

task: total
verdict: wrong
"""

import numpy as np

SEEN = {}


def total(x, link):
    SEEN[link.rank] = x
    if link.rank:
        link.send(0, np.zeros(5))
        return None
    for source in (1, 2):
        link.recv(source)
    return sum(SEEN.values())
