"""Runs a program on simulated ranks, one greenlet each, deterministically."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

from .driver import Ask, Done, drive
from .link import Link
from .network import Network, Wire
from .outcome import Outcome, Way

Program = Callable[..., Any]
Arguments = Callable[[int], Sequence[Any]]


def run(
    program: Program,
    n: int,
    args: Arguments = lambda rank: (),
    *,
    capacity: float = math.inf,
    latency_s: float = 0.0,
    bandwidth: float = math.inf,
    links: Mapping[Way, Wire] | None = None,
    seed: int = 0,
    check: bool = True,
) -> Outcome:
    """Run `program(link, *args(rank))` on n ranks over a metered network.

    Ranks run one at a time: each goes on until it must wait. The outcome says what
    each returned, what was sent, and which rank waits for which if none could go on.

    Args:
        program: what every rank runs; its first parameter is its `Link`.
        n: how many ranks, at least 1.
        args: gives a rank's other arguments.
        capacity: messages that a directed link holds: 0 (a send waits for its
            receiver), 1, ... or `math.inf`.
        latency_s: seconds that a message takes on the virtual clock, however short.
        bandwidth: bytes a second, of a rank's way out and of its way in.
        links: wires that differ, by (from rank, to rank).
        seed: decides which rank begins.
        check: whether what a rank raised is raised here; else see `Outcome.errors`.

    Raises:
        Exception: what the lowest failing rank raised, with a note that names it.
    """
    network = Network(
        n, capacity=capacity, latency_s=latency_s, bandwidth=bandwidth, links=links
    )
    turns = [ProgramTurn(program, rank, n, args(rank)) for rank in range(n)]
    try:
        outcome = drive(network, turns, seed)
    finally:
        for turn in turns:
            turn.stop()
    for rank, error in sorted(outcome.errors.items()):
        if check:
            error.add_note(f"in rank {rank} of {n}")
            raise error
    return outcome


class ProgramTurn:
    """One rank's program in a greenlet of its own."""

    def __init__(
        self, program: Program, rank: int, n: int, arguments: Sequence[Any]
    ) -> None:
        self._link = Link(rank, n, self._ask)
        self._program, self._arguments = program, arguments
        self._hub = getcurrent()
        self._greenlet = greenlet(self._live)

    def start(self) -> Ask | Done:
        """Begin, and run to the first question or the end."""
        self._hub = getcurrent()
        return self._greenlet.switch()  # type: ignore[no-any-return]

    def go_on(self, answer: Any) -> Ask | Done:
        """Answer its question and run on."""
        self._hub = getcurrent()
        return self._greenlet.switch(answer)  # type: ignore[no-any-return]

    def refuse(self, error: Exception) -> Ask | Done:
        """Raise an error where it asked, and run on."""
        self._hub = getcurrent()
        return self._greenlet.throw(error)  # type: ignore[no-any-return]

    def stop(self) -> None:
        """End it where it waits."""
        self._hub = getcurrent()
        for _ in range(100):  # it may catch even this
            if self._greenlet.dead or not self._greenlet:
                return
            self._greenlet.throw(GreenletExit)

    def _ask(self, verb: str, *arguments: Any) -> Any:
        return self._hub.switch(Ask(verb, arguments))

    def _live(self) -> Done:
        try:
            value = self._program(self._link, *self._arguments)
            self._link._look()
        except GreenletExit:
            return Done()
        except Exception as error:
            return Done(error=error)
        return Done(value)
