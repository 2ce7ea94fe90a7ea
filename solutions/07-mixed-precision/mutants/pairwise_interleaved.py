"""Even and odd places are summed apart, not the two halves.

task: accumulate
look: Chapter, step 3.
"""


def halves(values: list[np.float32], near: Callable[[float], np.float32]) -> np.float32:
    n = len(values)
    if n == 1:
        return values[0]
    return near(halves(values[::2], near) + halves(values[1::2], near))
