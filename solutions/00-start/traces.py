"""The numbers that the chapter claims, and the data behind its figure."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import reference

EIGHT = np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])


def figure() -> dict[str, object]:
    """Return the halvings of the prediction, from the start to the limit."""
    start, limit = 65536.0, 1000.0
    count = reference.halvings(start, limit)
    scales = [start / 2**n for n in range(count + 1)]
    return {"start": start, "limit": limit, "count": count, "scales": scales}


def claims() -> dict[str, str]:
    """Return the text of every measured number in the chapter."""
    wrong = (EIGHT - EIGHT.mean()) / EIGHT.std(ddof=1)
    folder = Path(reference.__file__).resolve().parents[2] / "course" / "00-start"
    contract = tomllib.loads((folder / "lesson.toml").read_text(encoding="utf-8"))
    return {
        "halvings_65536": str(reference.halvings(65536.0, 1000.0)),
        "wrong_last": f"{wrong[7]:.7g}",
        "rounded_mean": repr(float(np.array([0.1, 0.1, 0.1]).mean())),
        "halvings_to_zero": str(_naive(1.0, 0.0)),
        "seconds": f"{contract['task'][2]['seconds']:g}",
    }


def _naive(scale: float, limit: float) -> int:
    """Count as the chapter's first loop does, which asks nothing of its input."""
    count = 0
    while scale > limit:
        scale, count = scale / 2, count + 1
    return count
