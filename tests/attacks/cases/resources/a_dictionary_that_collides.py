"""Return a dictionary whose keys all have the same hash.

task: scale
verdict: output | wrong | timeout
"""


def scale(x, factor):
    return {(2**61 - 1) * n: n for n in range(1, 20_000)}
