"""Return an integer of a million digits, slow to print and to compare.

task: scale
verdict: output
"""


def scale(x, factor):
    return 1 << 4_000_000
