"""Return four million empty lists, a byte each on the wire.

task: scale
verdict: output | wrong | timeout | memory
"""


def scale(x, factor):
    return [[] for _ in range(4_000_000)]
