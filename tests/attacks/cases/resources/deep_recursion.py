"""Lift the recursion limit and recurse until the stack is gone.

task: scale
verdict: crash | memory | timeout
"""

import sys


def scale(x, factor):
    sys.setrecursionlimit(10**9)
    return [scale(x, factor)]
