"""Lift the recursion limit and recurse in Python, whose frames take memory.

task: scale
verdict: memory
"""

# Python has no memory left for a frame: now MemoryError, now SystemError.

import sys


def scale(x, factor):
    sys.setrecursionlimit(10**9)
    mine = bytearray(2**16)
    return [mine, scale(x, factor)]
