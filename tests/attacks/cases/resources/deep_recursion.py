"""Lift the recursion limit and recurse through C until the stack is gone.

task: scale
verdict: crash
"""

import sys


def scale(x, factor):
    sys.setrecursionlimit(10**9)
    return list(map(scale, [x], [factor]))
