"""The gradient is divided by its length: its size is lost.

task: gradient
look: Chapter, step 3: the length is the largest slope.
"""


def gradient(f: Function, x: np.ndarray) -> np.ndarray:
    x = point(x)
    slopes = np.array([partial(f, x, i) for i in range(x.size)])
    return slopes / np.sqrt(slopes @ slopes)
