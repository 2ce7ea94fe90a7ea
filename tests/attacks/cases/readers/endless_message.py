"""Bury the reader under an endless message.

task: scale
verdict: crash
"""


def scale(x, factor):
    raise ValueError("passed " * 10**6)
