"""Short lists are summed naively, as NumPy does: the halving stops at eight.

task: accumulate
look: Chapter, step 3.
"""


def halves(values: list[np.float32], near: Callable[[float], np.float32]) -> np.float32:
    n = len(values)
    if n <= 8:
        total = np.float32(0)
        for x in values:
            total = near(total + x)
        return total
    return near(halves(values[: n // 2], near) + halves(values[n // 2 :], near))
