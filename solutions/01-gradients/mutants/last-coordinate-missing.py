"""The last coordinate is left out: its slope stays 0.

task: gradient
look: Chapter, step 2.
"""


def gradient(f: Function, x: np.ndarray) -> np.ndarray:
    x = point(x)
    return np.array(
        [partial(f, x, i) if i < max(1, x.size - 1) else 0.0 for i in range(x.size)],
        dtype=np.float64,
    )
