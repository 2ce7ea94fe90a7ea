"""f is asked at x once more than the 2n calls that are needed.

task: gradient
look: Chapter, step 2.
"""


def gradient(f: Function, x: np.ndarray) -> np.ndarray:
    x = point(x)
    number(f(x.copy()))
    return np.array([partial(f, x, i) for i in range(x.size)], dtype=np.float64)
