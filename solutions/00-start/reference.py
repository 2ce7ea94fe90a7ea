# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% tags=["setup"]
import math

import numpy as np


# %% tags=["task"] task="mean"
def mean(x: np.ndarray) -> float:
    """Return the arithmetic mean."""
    if x.size == 0:
        raise ValueError("the mean of no numbers is not defined")
    return float(np.sum(x, dtype=np.float64) / x.size)


# %% tags=["task"] task="normalise"
def normalise(x: np.ndarray) -> np.ndarray:
    """Return x with mean 0 and population standard deviation 1."""
    x = np.asarray(x, dtype=np.float64)
    if x.max() == x.min():
        return np.zeros_like(x)
    centred = x - x.mean()
    return centred / np.sqrt(np.mean(centred**2))


# %% tags=["task"] task="halvings"
def halvings(scale: float, limit: float) -> int:
    """Return how many halvings bring scale down to limit or below."""
    for value in (scale, limit):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"needs a positive, finite number, got {value}")
    count = 0
    while scale > limit:
        scale /= 2
        count += 1
    return count
