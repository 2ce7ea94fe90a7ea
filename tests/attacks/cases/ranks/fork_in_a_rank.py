"""A rank forks: two processes answer on one channel.

task: shift
verdict: crash
"""

import os


def shift(x, link):
    os.fork()
    link.send((link.rank + 1) % link.n, x)
    return link.recv((link.rank - 1) % link.n)
