"""A float32 x is widened to float64, so f is not asked in its own precision.

task: partial
look: The contract in the docstring.
"""


def point(x: np.ndarray) -> np.ndarray:
    x = np.array(x)
    if x.ndim != 1:
        raise ValueError(f"x must be one-dimensional, not {x.ndim}-dimensional")
    return x.astype(np.float64)
