# %% tags=["setup"]
import numpy as np


# %% tags=["task"] task="scale"
def scale(x: np.ndarray, factor: float) -> np.ndarray:
    """Return ``factor * x`` as a new array."""
    raise NotImplementedError("scale")


# %% tags=["task"] task="root"
def root(f, low: float, high: float) -> float:
    """Return a root of ``f`` between ``low`` and ``high`` by bisection."""
    raise NotImplementedError("root")


# %% tags=["task"] task="Tally"
class Tally:
    """A sum that grows."""

    def __init__(self, start: float = 0.0) -> None:
        raise NotImplementedError("Tally")

    def add(self, value: float) -> None:
        """Add a value."""
        raise NotImplementedError("Tally")

    def total(self) -> float:
        """Return the sum."""
        raise NotImplementedError("Tally")
