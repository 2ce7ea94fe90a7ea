"""The first half gets the middle number of an odd list.

task: accumulate
look: Chapter, step 3.
"""


def halves(values: list[np.float32], near: Callable[[float], np.float32]) -> np.float32:
    n = len(values)
    if n == 1:
        return values[0]
    return near(
        halves(values[: (n + 1) // 2], near) + halves(values[(n + 1) // 2 :], near)
    )
