"""What a run over the network found: plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Way = tuple[int, int]  # from rank, to rank


@dataclass(frozen=True)
class Transfer:
    """One message: who sent how much to whom, and when, on the virtual clock."""

    source: int
    to: int
    bytes: int
    step: int  # messages in the longest chain that ends with this one
    sent_s: float  # its first byte leaves
    arrived_s: float | None  # its last byte is there and received; None if it never was


@dataclass
class Outcome:
    """Results and meter readings of one run.

    Attributes:
        results: what each rank returned; None where it did not end.
        errors: what a rank raised.
        deadlock: None, or who waits for whom when nobody could go on.
        sent_bytes: per rank, in messages that the network took.
        received_bytes: per rank.
        messages: messages per directed pair of ranks, where there were any.
        bytes_by_link: bytes per directed pair of ranks.
        unreceived: messages that nobody received, per directed pair.
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
