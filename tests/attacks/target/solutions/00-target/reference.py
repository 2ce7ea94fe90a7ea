# %% tags=["setup"]
import numpy as np

_SECRET = "amaranth"  # nothing that a student reads may hold this word


# %% tags=["task"] task="scale"
def scale(x: np.ndarray, factor: float) -> np.ndarray:
    """Return ``factor * x`` as a new array."""
    return factor * x


# %% tags=["task"] task="root"
def root(f, low: float, high: float) -> float:
    """Return a root of ``f`` between ``low`` and ``high`` by bisection."""
    left = f(low)
    for _ in range(60):
        middle = (low + high) / 2
        value = f(middle)
        if (value > 0) == (left > 0):
            low = middle
        else:
            high = middle
    return (low + high) / 2


# %% tags=["task"] task="Tally"
class Tally:
    """A sum that grows."""

    def __init__(self, start: float = 0.0) -> None:
        self.sum = start

    def add(self, value: float) -> None:
        """Add a value."""
        self.sum += value

    def total(self) -> float:
        """Return the sum."""
        return self.sum
