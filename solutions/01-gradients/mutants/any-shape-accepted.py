"""An x that is not one-dimensional is flattened instead of being refused.

task: partial
look: The contract in the docstring.
"""


def point(x: np.ndarray) -> np.ndarray:
    x = np.array(x)
    x = x.reshape(-1)
    return x if x.dtype == np.float32 else x.astype(np.float64)
