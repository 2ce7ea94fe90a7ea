"""Neighbours are paired from the left, not halves of the list.

task: accumulate
severity: idea
look: Chapter, step 3.
"""


def halves(values: list[np.float32], near: Callable[[float], np.float32]) -> np.float32:
    while len(values) > 1:
        end = len(values) // 2 * 2
        pairs = [near(values[i] + values[i + 1]) for i in range(0, end, 2)]
        values = pairs + values[end:]
    return values[0]
