"""Compute a number that fills memory, below Python.

task: scale
verdict: timeout | memory
"""


def scale(x, factor):
    return 9 ** (9**9) % 7 * factor * x
