"""One rank leaves its process.

task: shift
verdict: crash
"""

import os


def shift(x, link):
    if link.rank == 2:
        os._exit(0)
    return link.recv((link.rank - 1) % link.n)
