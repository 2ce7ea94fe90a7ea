"""What a student is told after a launch without asking: races, and unwritten memory."""

from __future__ import annotations

from .meter import Meter

_RACE = (
    "On a GPU the result depends on timing: let each program, and each lane of a store,"
    " write elements of its own, or use tl.atomic_add."
)
_UNWRITTEN = (
    "On a GPU it holds anything: store to each element before it is loaded, or start"
    " from device.zeros or device.full."
)


def remarks(meter: Meter) -> str:
    """Return what went wrong in a launch and what helps; empty where nothing did.

    Args:
        meter: of the launch, which has run to its end.
    """
    lines = []
    for sentences, name, fix in (
        (meter.races, "race", _RACE),
        (meter.uninitialised, "unwritten memory", _UNWRITTEN),
    ):
        if sentences:
            more = f" (and {len(sentences) - 1} more)" if len(sentences) > 1 else ""
            lines.append(f"{name}: {sentences[0]}{more}\n  {fix}")
    return "\n".join(lines)
