"""Return numbers that are all the same to a set, a thousand bytes each or less.

task: scale
verdict: output | wrong
"""


def scale(x, factor):
    return [k * (2**61 - 1) for k in range(130_000)]
