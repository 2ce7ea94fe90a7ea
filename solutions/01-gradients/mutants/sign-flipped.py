"""The gradient points downhill: its sign is flipped.

task: gradient
look: Chapter, step 2.
"""


def gradient(f: Function, x: np.ndarray) -> np.ndarray:
    x = point(x)
    return np.array([-partial(f, x, i) for i in range(x.size)], dtype=np.float64)
