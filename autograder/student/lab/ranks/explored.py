"""Ranks under the schedule explorer: every order in which a network may act.

    result = explore_ranks(program, 2, lambda rank: (x[rank],), capacity=0)
    print("\\n".join(result.story))

Ranks are threads of the explorer, and so is the network: each `isend` starts a daemon
thread that copies the array, at once, late, or only when `wait()` blocks. So an array
that changes in between arrives changed in some schedules and not in others, and the
difference is found (`run` and grading refuse such a change in every case). A send that
waits for its receiver, on a link without room, is a step like any other, and a cycle of
them is reported as a deadlock with the lines where the ranks stand.
"""

from __future__ import annotations

import copy
import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.student.lab.schedule import Result, explore
from autograder.student.lab.schedule.execution.run_context import Context
from autograder.student.lab.schedule.fakes.threads import Thread

from .link import Link

Program = Callable[..., Any]
Array = np.ndarray[Any, Any]


def explore_ranks(
    program: Program,
    n: int,
    args: Callable[[int], Sequence[Any]] = lambda rank: (),
    *,
    capacity: float = math.inf,
    bound: int = 2,
    schedules: int = 20_000,
    random_schedules: int = 200,
    seed: int = 0,
) -> Result:
    """Run `program(link, *args(rank))` on n ranks under many schedules.

    It fails where ranks deadlock, where one raises, and where what the ranks return
    differs, in a single bit, from what they return under another schedule.

    Args:
        program: what every rank runs.
        n: how many ranks; two to four are enough to find what can be found.
        args: gives a rank's other arguments, which are copied for every schedule.
        capacity: messages that a directed link holds.
        bound: preemptions of the exhaustive part of the search.
        schedules: runs of that part, at most.
        random_schedules: random runs after it.
        seed: of the random ones.
    """
    given = [tuple(args(rank)) for rank in range(n)]
    first: list[list[Any]] = []

    def body() -> None:
        found = play(program, n, lambda rank: copy.deepcopy(given[rank]), capacity)
        if not first:
            first.append(found)
        for rank, (got, before) in enumerate(zip(found, first[0], strict=True)):
            if not _alike(got, before):
                raise AssertionError(
                    f"rank {rank} returns something else than under another schedule"
                )

    return explore(
        body,
        bound=bound,
        schedules=schedules,
        random_schedules=random_schedules,
        seed=seed,
        races=False,
    )


def play(
    program: Program,
    n: int,
    args: Callable[[int], Sequence[Any]] = lambda rank: (),
    capacity: float = math.inf,
) -> list[Any]:
    """Run ranks as threads of the exploration that is running; return their results.

    For the body of an exploration that compares the results itself.
    """
    results: list[Any] = [None] * n
    lines: dict[tuple[int, int], _Line] = {}

    def live(rank: int) -> None:
        link = _OpenLink(rank, n, _Wire(rank, capacity, lines, threads).call)
        results[rank] = program(link, *args(rank))

    threads = [
        Thread(target=live, args=(rank,), name=f"rank {rank}") for rank in range(n)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class _OpenLink(Link):
    """A link that lets an array change before `wait()`: the explorer finds it."""

    def _look(self) -> None:
        self._lent.clear()


class _Ticket:
    """One message, from the call that sends it until the network has taken it."""

    def __init__(self, array: Array) -> None:
        self.array, self.taken = array, False


class _Line:
    """One directed link."""

    def __init__(self) -> None:
        self.offers: deque[_Ticket] = deque()
        self.inside: deque[Array] = deque()
        self.wanted = False  # its receiver waits


class _Towards:
    """The other end of a link, as the explorer names it when no rank can go on."""

    def __init__(self, label: str, task: Any) -> None:
        self._lab_label, self._lab_task = label, task


class _Wire:
    """Answers one rank's link, a step of the exploration a call."""

    def __init__(
        self,
        rank: int,
        capacity: float,
        lines: dict[tuple[int, int], _Line],
        threads: list[Thread],
    ) -> None:
        self._rank, self._capacity, self._lines = rank, capacity, lines
        self._threads = threads
        self._requests: list[tuple[int, _Ticket]] = []

    def call(self, verb: str, *arguments: Any) -> Any:
        """Do what a rank asks of its link."""
        answer: Any = getattr(self, f"_{verb}")(*arguments)
        return answer

    def _send(self, to: int, array: Array) -> None:
        line, ticket = self._line(self._rank, to), _Ticket(array)
        line.offers.append(ticket)
        self._take(line, ticket, "send to", to)

    def _isend(self, to: int, array: Array) -> int:
        line, ticket = self._line(self._rank, to), _Ticket(array)
        line.offers.append(ticket)
        self._requests.append((to, ticket))
        Context.run.tell("isend to", self._towards(to))
        name = f"network {self._rank} to {to}"
        Thread(
            target=lambda: self._take(line, ticket, "take the array for", to),
            name=name,
            daemon=True,
        ).start()
        return len(self._requests)

    def _wait(self, number: int) -> None:
        to, ticket = self._requests[number - 1]
        Context.run.step(
            lambda: ticket.taken, "wait for the isend to", self._towards(to)
        )

    def _recv(self, source: int) -> Array:
        line = self._line(source, self._rank)
        line.wanted = True
        Context.run.step(
            lambda: bool(line.inside), "receive from", self._towards(source)
        )
        line.wanted = False
        return line.inside.popleft()

    def _take(self, line: _Line, ticket: _Ticket, op: str, to: int) -> None:
        """Wait for room and put the message inside, with the bytes that it has now."""

        def room() -> bool:
            if line.offers[0] is not ticket:
                return False
            if self._capacity == 0:
                return line.wanted and not line.inside
            return len(line.inside) < self._capacity

        Context.run.step(room, op, self._towards(to))
        line.offers.popleft()
        line.inside.append(ticket.array.copy(order="C"))
        ticket.taken = True

    def _line(self, source: int, to: int) -> _Line:
        return self._lines.setdefault((source, to), _Line())

    def _towards(self, rank: int) -> _Towards:
        return _Towards(f"rank {rank}", self._threads[rank]._lab_task)


def _alike(one: Any, other: Any) -> bool:
    """Tell whether two results are the same, bit for bit."""
    if isinstance(one, np.ndarray):
        return (
            isinstance(other, np.ndarray)
            and one.dtype == other.dtype
            and one.shape == other.shape
            and one.tobytes() == other.tobytes()
        )
    if isinstance(one, (list, tuple)):
        same = type(one) is type(other) and len(one) == len(other)
        return same and all(map(_alike, one, other))
    return type(one) is type(other) and bool(one == other)
