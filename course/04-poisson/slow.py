"""The slow way of chapter 04, included there."""

import numpy as np


# --8<-- [start:slow]
def slots(rng: np.random.Generator, rate: float, horizon: float, per_unit: int) -> int:
    """Count events by asking every slot: one draw for each."""
    count = 0
    for _ in range(round(horizon * per_unit)):
        if rng.random() < rate / per_unit:
            count += 1
    return count


# --8<-- [end:slow]
