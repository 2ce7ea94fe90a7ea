"""An empty array has the mean 0 instead of a ValueError.

task: mean
look: The docstring of `mean`, section Raises.
"""


def mean(x):
    return float(np.sum(x, dtype=np.float64) / x.size) if x.size else 0.0
