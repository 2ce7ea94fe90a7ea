"""A loop that carries a Python float."""

# Template: right by another road, better several, written from the contract alone.

import numpy as np


def template_task(x: np.ndarray) -> np.ndarray:
    total, sums = 0.0, []
    for value in x:
        total += float(value)
        sums.append(total)
    return np.array(sums)
