"""Each half is summed naively: the halving is not repeated.

task: accumulate
look: Chapter, step 3.
"""


def halves(values: list[np.float32], near: Callable[[float], np.float32]) -> np.float32:
    n = len(values)
    if n == 1:
        return values[0]
    left = right = np.float32(0)
    for x in values[: n // 2]:
        left = near(left + x)
    for x in values[n // 2 :]:
        right = near(right + x)
    return near(left + right)
