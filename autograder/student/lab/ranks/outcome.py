"""What a run over the network found: plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Way = tuple[int, int]  # from rank, to rank


@dataclass(frozen=True)
class Transfer:
    """One message: between which ranks, how large, and when on the virtual clock."""

    source: int
    to: int
    bytes: int
    step: int  # messages in the longest chain that ends with this one
    sent_s: float  # its first byte leaves
    arrived_s: float | None  # its last byte is there and received; None if it never was


def _digit(rank: int) -> str:
    return "0123456789abcdefghijklmnopqrstuvwxyz"[rank] if rank < 36 else "+"


@dataclass
class Outcome:
    """Results and meter readings of one run.

    Attributes:
        results: what each rank returned; None where it did not end.
        errors: what a rank raised.
        deadlock: None, or which rank waits for which when none could go on.
        sent_bytes: per rank, in messages that the network took.
        received_bytes: per rank.
        messages: messages per directed pair of ranks, where there were any.
        bytes_by_link: bytes per directed pair of ranks.
        unreceived: messages that were never received, per directed pair.
        unwaited: requests of isend that a rank had not waited for when it ended.
        steps: messages in the longest chain of which each waits for the one before.
        seconds: when the last rank ended, on the virtual clock.
        clocks: when each rank ended or got stuck.
        timeline: every message that the network took, by the time it was sent.
    """

    results: list[Any]
    errors: dict[int, Any]
    deadlock: str | None
    sent_bytes: list[int]
    received_bytes: list[int]
    messages: dict[Way, int]
    bytes_by_link: dict[Way, int]
    unreceived: dict[Way, int]
    unwaited: list[int]
    steps: int
    seconds: float
    clocks: list[float]
    timeline: list[Transfer] = field(repr=False)

    @property
    def total_bytes(self) -> int:
        """Bytes that all ranks sent together."""
        return sum(self.sent_bytes)

    @property
    def total_messages(self) -> int:
        """Messages that all ranks sent together."""
        return sum(self.messages.values())

    def chart(self, width: int = 64) -> str:
        """Draw all messages over time: a line a rank, a digit for the receiver.

        Time runs to the right on the virtual clock, or by steps where nothing takes
        time. A capital X is a message that never arrived; from rank 36 on, a plus.

        Args:
            width: characters for the whole run.
        """
        end, n = self.seconds, len(self.results)
        rows = [["."] * width for _ in range(n)]
        for one in self.timeline:
            if end > 0:
                until = end if one.arrived_s is None else one.arrived_s
                span = (one.sent_s / end, until / end)
            else:
                span = ((one.step - 1) / self.steps, one.step / self.steps)
            first = min(int(span[0] * width), width - 1)
            mark = "X" if one.arrived_s is None else _digit(one.to)
            for column in range(first, max(int(span[1] * width), first + 1)):
                rows[one.source][column] = mark
        unit = f"{end:g} s" if end > 0 else f"{self.steps} steps"
        lines = [f"rank {r:<2} {''.join(row)}" for r, row in enumerate(rows)]
        return "\n".join([*lines, f"        0{unit:>{width - 1}}"])
