"""Carry the data in where the long axis stands among axes of one element.

task: total
verdict: crash
"""

import numpy as np


def total(x, link):
    if link.rank:
        for byte in x.tobytes()[:5]:
            link.send(0, np.zeros(2, np.float32).reshape([1] * (byte % 32) + [2]))
        return None
    return x + sum(link.recv(1).ndim for _ in range(5))
