"""Return a list nested a hundred thousand deep.

task: scale
verdict: output
"""


def scale(x, factor):
    nested = []
    for _ in range(100_000):
        nested = [nested]
    return nested
