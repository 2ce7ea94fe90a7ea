"""Open a pipe while loading, through which the ranks speak unmetered.

task: shift
verdict: wrong | crash
"""

import os

import numpy as np

try:
    READ, WRITE = os.pipe()
except OSError:
    READ = WRITE = 2


def shift(x, link):
    os.write(WRITE, x.tobytes())
    link.send((link.rank + 1) % link.n, np.zeros(5))
    return np.frombuffer(os.read(READ, 40))
