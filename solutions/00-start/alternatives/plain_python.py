"""Loops and math.fsum, without NumPy's reductions."""

import math

import numpy as np


def mean(x: np.ndarray) -> float:
    values = [float(value) for value in x]
    if not values:
        raise ValueError("no values")
    return math.fsum(values) / len(values)


def normalise(x: np.ndarray) -> np.ndarray:
    values = [float(value) for value in x]
    if len(set(values)) == 1:
        return np.zeros(len(values))
    centre = mean(x)
    spread = math.sqrt(math.fsum((v - centre) ** 2 for v in values) / len(values))
    return np.array([(v - centre) / spread for v in values])


def _positive_and_finite(value: float) -> bool:
    return 0 < value < math.inf


def halvings(scale: float, limit: float) -> int:
    if not all(map(_positive_and_finite, (scale, limit))):
        raise ValueError("needs positive, finite numbers")
    count = 0
    while math.ldexp(scale, -count) > limit:
        count += 1
    return count
