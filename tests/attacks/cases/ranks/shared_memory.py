"""Map memory while loading, which every rank inherits, and add up there.

task: total
verdict: wrong | crash
"""

import mmap

import numpy as np

COMMON = np.frombuffer(mmap.mmap(-1, 4096), np.float64)


def total(x, link):
    COMMON[8 * link.rank : 8 * link.rank + 5] = x
    link._call("send", (link.rank + 1) % link.n, np.zeros(5))
    return COMMON[:24].reshape(3, 8)[:, :5].sum(0)
