"""The tile simulator: the Triton language on NumPy, with a meter.

    from autograder.student.lab.tiles import triton, tl, device

gives real Triton on a machine with a CUDA GPU and the simulator elsewhere; the
environment variable TILES (`simulator` or `triton`) decides where it is set. The same
kernels run on both. See CONFORMANCE.md for where they differ.
"""

from __future__ import annotations

from typing import Any

from .arguments import arrays_in, stand_ins
from .errors import AccessError, LanguageError, TileError
from .meter import Meter
from .record import record
from .replay import replay
from .session import last_meter, meter

__all__ = [
    "AccessError",
    "LanguageError",
    "Meter",
    "TileError",
    "arrays_in",
    "device",
    "last_meter",
    "meter",
    "record",
    "replay",
    "stand_ins",
    "tl",
    "triton",
]


def __getattr__(name: str) -> Any:
    """Choose the engine when `triton`, `tl` or `device` is first asked for."""
    if name in ("triton", "tl", "device"):
        from .engine import choose

        globals().update(choose())
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
