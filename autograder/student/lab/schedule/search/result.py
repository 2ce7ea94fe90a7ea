"""What an exploration found."""

from __future__ import annotations

from dataclasses import dataclass

from ..execution.task import Plan


@dataclass(frozen=True)
class Result:
    """What an exploration found; plain data."""

    kind: str  # ok, or what went wrong
    message: str
    story: tuple[str, ...]
    # (step, thread that goes instead); ~thread wakes for no reason; (0, flags) first
    # where releases (1) or attribute accesses (2) were steps.
    schedule: Plan
    preemptions: int
    length: int  # steps of the failing run
    schedules: int  # runs made by the search
    steps: int  # steps made by the search
    seconds: float
    complete: bool  # every schedule up to the bound was run
    # Preemptions up to which every schedule was run; -1: not even without any.
    completed: int = -1
    at_random: int = 0  # runs whose threads were chosen at random

    @property
    def failed(self) -> bool:
        """Whether some schedule went wrong."""
        return self.kind != "ok"
