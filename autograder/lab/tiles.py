"""The tile simulator, or real Triton on a GPU: what exercises import of it.

from autograder.lab.tiles import device, tl, triton
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograder.student.lab import tiles
from autograder.student.lab.tiles import (
    AccessError,
    LanguageError,
    Meter,
    TileError,
    last_meter,
    meter,
)

if TYPE_CHECKING:
    device: Any
    tl: Any
    triton: Any

__all__ = [
    "AccessError",
    "LanguageError",
    "Meter",
    "TileError",
    "device",
    "last_meter",
    "meter",
    "tl",
    "triton",
]


def __getattr__(name: str) -> Any:
    """Choose the engine when `device`, `tl` or `triton` is first asked for."""
    if name in ("device", "tl", "triton"):
        return getattr(tiles, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
