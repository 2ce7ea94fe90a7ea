"""The numbers that the chapter claims, and the data behind its figure."""

# Template: figure() gives trace.json, claims() the texts of <span data-claim="...">.
# Both are computed by the reference, and compared by the audit.

from __future__ import annotations

import numpy as np
import reference

NUMBERS = np.array([3.0, 1.0, 4.0, 1.0, 5.0])


def figure() -> dict[str, list[float]]:
    """Return the numbers of the figure and their running sums."""
    sums = reference.medusa(NUMBERS)
    return {"x": NUMBERS.tolist(), "sums": sums.tolist()}


def claims() -> dict[str, str]:
    """Return the text of every measured number in the chapter."""
    last_sum = reference.medusa(NUMBERS)[-1]
    additions = reference.medusa(np.arange(100))[-1]
    return {"last_sum": f"{last_sum:g}", "slow_additions": f"{additions:,.0f}"}
