"""The gradient is made of forward differences, whose error is a thousand times larger.

task: gradient
look: Chapter, step 2.
"""


def gradient(f: Function, x: np.ndarray) -> np.ndarray:
    x = point(x)
    return np.array(
        [partial(f, x, i, scheme="forward") for i in range(x.size)], dtype=np.float64
    )
