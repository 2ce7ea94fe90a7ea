"""Compute for ever.

task: scale
verdict: timeout
"""


def scale(x, factor):
    while True:
        pass
