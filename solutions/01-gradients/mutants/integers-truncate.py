"""x keeps its integer dtype, so x + h is rounded back to x.

task: partial
look: Chapter, step 2: a fresh vector of floats.
"""


def point(x: np.ndarray) -> np.ndarray:
    x = np.array(x)
    if x.ndim != 1:
        raise ValueError(f"x must be one-dimensional, not {x.ndim}-dimensional")
    return x
