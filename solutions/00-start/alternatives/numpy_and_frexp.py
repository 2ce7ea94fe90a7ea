"""NumPy's own mean and deviation, and exponents instead of a loop."""

import math

import numpy as np


def mean(x: np.ndarray) -> float:
    if len(x) == 0:
        raise ValueError("empty")
    return float(np.mean(x))


def normalise(x: np.ndarray) -> np.ndarray:
    x = x.astype(np.float64)
    if np.ptp(x) == 0:
        return np.zeros(x.shape)
    return (x - np.mean(x)) / np.std(x)


def halvings(scale: float, limit: float) -> int:
    if not (0 < scale < math.inf and 0 < limit < math.inf):
        raise ValueError("needs positive, finite numbers")
    (a, p), (b, q) = math.frexp(scale), math.frexp(limit)
    return max(0, p - q + (a > b))
