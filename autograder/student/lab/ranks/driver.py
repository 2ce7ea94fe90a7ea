"""Ranks take turns: each runs until it asks the network for something."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .network import Network
from .outcome import Outcome


@dataclass(frozen=True)
class Ask:
    """A rank asks the network for something and is held until it is answered."""

    verb: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Done:
    """A rank has ended, with what it returned or raised."""

    value: Any = None
    error: BaseException | None = None


class Turn(Protocol):
    """A rank that can be run until it asks or ends."""

    def start(self) -> Ask | Done:
        """Begin, and run to the first question or the end."""

    def go_on(self, answer: Any) -> Ask | Done:
        """Answer its question and run on."""

    def refuse(self, error: Exception) -> Ask | Done:
        """Raise an error where it asked, and run on."""


def drive(network: Network, ranks: Sequence[Turn], seed: int = 0) -> Outcome:
    """Run ranks over a network until all have ended or none can go on.

    Args:
        network: a fresh one.
        ranks: one for each rank of the network.
        seed: decides which rank begins; all else is determined.
    """
    order = list(range(network.n))
    random.Random(seed).shuffle(order)
    results: list[Any] = [None] * network.n
    errors: dict[int, BaseException] = {}
    # Last in, first out: the rank that was answered last runs first.
    ready: list[tuple[int, Any]] = [(rank, _START) for rank in reversed(order)]
    while ready:
        rank, answer = ready.pop()
        turn = ranks[rank]
        event = turn.start() if answer is _START else turn.go_on(answer)
        while isinstance(event, Ask):
            try:
                network.begin(rank, event.verb, *event.arguments)
                break
            except (ValueError, TypeError, RuntimeError) as error:
                event = turn.refuse(error)
        if isinstance(event, Done):
            results[rank] = event.value
            if event.error is not None:
                errors[rank] = event.error
            network.end(rank, "failed" if event.error is not None else "has ended")
        ready += network.finished()
    return network.outcome(results, errors)


_START = object()
