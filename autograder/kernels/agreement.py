"""How far Triton's results are from the simulator's, in tolerances."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from autograder.kernels.calls import Recorded
from autograder.kernels.on_triton import OnTriton, arrays

#: A GPU fuses products with sums and approximates divisions and functions.
FUSED = 1e-5


def difference(one: Any, other: Any, tolerance: float) -> float:
    """Return the largest difference of two arrays, in tolerances.

    The tolerance is relative and absolute: |one - other| <= tolerance (1 + |other|). A
    tolerance of zero asks for equal values; NaN equals NaN; no shape equals another.
    """
    a, b = np.asarray(one), np.asarray(other)
    if a.shape != b.shape:
        return float("inf")
    same = (a == b) | ((a != a) & (b != b))
    if same.all():
        return 0.0
    if tolerance == 0:
        return float("inf")
    a, b = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(all="ignore"):
        far = np.abs(a - b) / (tolerance * (1 + np.abs(b)))
    return float(np.max(np.where(same, 0, np.where(np.isfinite(far), far, np.inf))))


def on_this_machine(
    recorded: Recorded, tolerance: float, folder: Path, where: str
) -> float:
    """Run a recorded call on the simulator and on Triton; return their difference.

    Args:
        recorded: the call.
        tolerance: of the call; on a GPU one that is not zero is `FUSED` at least.
        folder: where to keep the kernels' source.
        where: the torch device.
    """
    ours = recorded.on_simulator(shuffle=1)
    triton = OnTriton(recorded.evidence, folder, where)
    memory = triton.memory(recorded.inputs)
    triton.run(memory)
    allowed = max(tolerance, FUSED) if tolerance and where != "cpu" else tolerance
    pairs = zip(arrays(ours["outputs"]), triton.outputs(memory), strict=True)
    return max(
        (difference(one, other.cpu().numpy(), allowed) for one, other in pairs),
        default=0.0,
    )
