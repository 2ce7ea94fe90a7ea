"""The network as a pure state machine: operations in, completions out.

It uses neither greenlets nor processes. A driver calls `begin` when a rank asks for
something, hands out what `finished` returns, and calls `end` when a rank has ended.

**Room.** A directed link holds up to `capacity` messages not yet received; a
send blocks until there is room. With capacity 0 a send is synchronous: it ends
when the message is received.

**Time.** A virtual clock a rank; computing takes no time. A message of m bytes leaves
when its sender has reached it and earlier messages of that sender have left, takes
m / bandwidth to pass the sender's way out, `latency_s` to travel and m / bandwidth to
pass the receiver's way in, both at the same time: alone it takes latency_s + m /
bandwidth. A rank sends one message and receives one at a time (full duplex), and
receives in the order of its own `recv` calls. So results and times depend on the
programs alone, not on the order of turns; with a finite capacity and several `isend`s
of one rank in flight, that rank's may leave in the order in which they are taken.

**Steps.** A message's step is one more than its sender's when it is sent; receiving it
raises the receiver's to it.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .outcome import Outcome, Transfer, Way

MOST_MESSAGES = 200_000  # of one rank: no rank may learn how many others have sent
MOST_BYTES = 2**28  # that may wait in the network, an equal share for every rank
MOST_AXES = 4  # of a message: what is not metered must say next to nothing


@dataclass(frozen=True)
class Wire:
    """One directed link: seconds, bytes a second, and whether anything arrives."""

    latency_s: float = 0.0
    bandwidth: float = math.inf
    dead: bool = False  # takes messages while it has room, and never delivers one


@dataclass
class _Message:
    """A message, from the call that sends it until it is received."""

    source: int
    to: int
    number: int  # of the sender's requests
    array: np.ndarray[Any, Any] | None  # None once it is received
    bytes: int
    step: int
    offered_s: float
    taken_s: float | None = None  # when its sender may go on
    sent_s: float = 0.0
    arrived_s: float | None = None


@dataclass
class _Line:
    """The state of one directed link."""

    wire: Wire
    offers: deque[_Message] = field(default_factory=deque)  # not taken yet
    inside: deque[_Message] = field(default_factory=deque)
    entered: int = 0
    left_s: list[float] = field(default_factory=list)  # when each was received


@dataclass(frozen=True)
class _Blocked:
    verb: str  # send, wait or recv
    source: int
    to: int
    number: int = 0

    @property
    def way(self) -> Way:
        return self.source, self.to


def refuse_unmetered(array: np.ndarray[Any, Any]) -> None:
    """Refuse a message that could say much by its shape, which costs no bytes.

    Raises:
        TypeError: it has no elements and is not flat, or has many axes.
    """
    if array.size == 0 and array.shape != (0,):
        shape = f"{array.shape}"[:80]
        raise TypeError(
            f"an array without elements is sent flat, of shape (0,), not {shape}"
        )
    if array.ndim > MOST_AXES:
        raise TypeError(f"a message has at most {MOST_AXES} axes: send the array flat")


class Network:
    """n ranks, a link from each to each other, and the meter."""

    def __init__(
        self,
        n: int,
        *,
        capacity: float = math.inf,
        latency_s: float = 0.0,
        bandwidth: float = math.inf,
        links: Mapping[Way, Wire] | None = None,
    ) -> None:
        """Make a network.

        Args:
            n: ranks, at least 1.
            capacity: messages that a directed link holds: 0, 1, ... or `math.inf`.
            latency_s: seconds that every message takes, however short.
            bandwidth: bytes a second.
            links: wires that differ, by (from, to).
        """
        if n < 1:
            raise ValueError(f"a network has at least one rank, not {n}")
        if capacity < 0 or (capacity != math.inf and capacity != int(capacity)):
            raise ValueError(f"a capacity is 0, 1, 2, ... or inf, not {capacity}")
        if latency_s < 0 or not bandwidth > 0:
            raise ValueError("latency is at least 0 and bandwidth above 0")
        self.n, self.capacity = n, capacity
        self._usual = Wire(latency_s, bandwidth)
        self._wires = dict(links or {})
        self._lines: dict[Way, _Line] = {}
        self._blocked: dict[int, _Blocked] = {}
        self._finished: list[tuple[int, Any]] = []
        self._requests: list[dict[int, _Message]] = [{} for _ in range(n)]
        self._count = [0] * n
        self._step = [0] * n
        self._clock = [0.0] * n
        self._way_out = [0.0] * n  # until when it is busy
        self._way_in = [0.0] * n
        self._ended: dict[int, str] = {}
        self._sent: list[_Message] = []
        self._waiting_bytes = [0] * n  # of each sender

    def begin(self, rank: int, verb: str, *arguments: Any) -> None:
        """A rank asks for something and blocks until `finished` names it.

        Args:
            rank: who asks; it must not be blocked.
            verb: ("send", to, array), ("isend", to, array): a request's number,
                ("wait", number) or ("recv", source): the array.

        Raises:
            ValueError, TypeError: no such rank, request, array or verb; the rank is
                not blocked then.
            RuntimeError: more messages than a run may send.
        """
        if verb == "recv":
            source = self._other(rank, *arguments)
            self._blocked[rank] = _Blocked("recv", source, rank)
            self._settle((source, rank))
        elif verb in ("send", "isend"):
            message = self._offer(rank, *arguments)
            if verb == "isend":
                self._finished.append((rank, message.number))
            else:
                self._block(rank, "send", message)
            self._settle((rank, message.to))
        elif verb == "wait":
            (number,) = arguments
            if type(number) is not int or not 0 < number <= self._count[rank]:
                raise ValueError("wait: no such request")
            request = self._requests[rank].get(number)
            if request is None:  # waited for already
                self._finished.append((rank, None))
            else:
                self._block(rank, "wait", request)
                self._release(request)
        else:
            raise ValueError(f"a link cannot {verb}")

    def finished(self) -> list[tuple[int, Any]]:
        """Return which ranks may go on and with what, since the last call."""
        done, self._finished = self._finished, []
        return done

    def end(self, rank: int, how: str = "has ended") -> None:
        """A rank has ended; what it has sent may still be received."""
        self._ended[rank] = how

    def deadlock(self) -> str | None:
        """Say which rank waits for which; meant for when no rank can go on."""
        if not self._blocked:
            return None
        chain = self._chain()
        rest = len(self._blocked) - len(chain)
        parts = [self._wording(rank) for rank in chain]
        last = self._waits_for(chain[-1])
        if last in self._ended and "dead" not in parts[-1]:
            parts[-1] += f", which {self._ended[last]}"
        if rest:
            parts.append(f"and {rest} more {'wait' if rest > 1 else 'waits'}")
        return ", ".join(parts)

    def outcome(self, results: list[Any], errors: Mapping[int, Any]) -> Outcome:
        """Read the meter.

        Args:
            results: what each rank returned.
            errors: what ranks raised.
        """
        sent, received = [0] * self.n, [0] * self.n
        messages: dict[Way, int] = defaultdict(int)
        by_link: dict[Way, int] = defaultdict(int)
        unreceived: dict[Way, int] = defaultdict(int)
        for message in self._sent:
            way, size = (message.source, message.to), message.bytes
            messages[way] += 1
            by_link[way] += size
            sent[message.source] += size
            if message.arrived_s is None:
                unreceived[way] += 1
            else:
                received[message.to] += size
        timeline = [
            Transfer(m.source, m.to, m.bytes, m.step, m.sent_s, m.arrived_s)
            for m in self._sent
        ]
        return Outcome(
            results,
            dict(errors),
            self.deadlock(),
            sent,
            received,
            dict(sorted(messages.items())),
            dict(sorted(by_link.items())),
            dict(sorted(unreceived.items())),
            [len(r) if i in self._ended else 0 for i, r in enumerate(self._requests)],
            max((message.step for message in self._sent), default=0),
            max(self._clock),
            list(self._clock),
            sorted(timeline, key=lambda t: (t.sent_s, t.step, t.source, t.to)),
        )

    # Sending

    def _offer(self, rank: int, to: Any, array: Any) -> _Message:
        to = self._other(rank, to)
        if type(array) is not np.ndarray or array.dtype.kind not in "biufc":
            raise TypeError("a message is a NumPy array of numbers")
        refuse_unmetered(array)
        if self._count[rank] >= MOST_MESSAGES:
            raise RuntimeError(f"more than {MOST_MESSAGES:,} messages of one rank")
        if self._waiting_bytes[rank] + array.nbytes > MOST_BYTES // self.n:
            raise RuntimeError("more bytes sent and not received than a network holds")
        self._waiting_bytes[rank] += array.nbytes
        self._count[rank] += 1
        message = _Message(
            rank,
            to,
            self._count[rank],
            array.copy(order="C"),
            array.nbytes,
            self._step[rank] + 1,
            self._clock[rank],
        )
        self._requests[rank][message.number] = message
        self._line((rank, to)).offers.append(message)
        return message

    def _take(self, line: _Line, message: _Message, at_s: float) -> None:
        """Put a message on its way."""
        line.offers.popleft()
        line.entered += 1
        message.taken_s = at_s
        message.sent_s = max(at_s, self._way_out[message.source])
        busy = message.bytes / line.wire.bandwidth
        self._way_out[message.source] = message.sent_s + busy
        self._sent.append(message)

    def _settle(self, way: Way) -> None:
        """Let whatever can happen on a link happen."""
        line, to = self._line(way), way[1]
        while True:
            wanted = self._blocked.get(to)
            waits = wanted is not None and wanted.verb == "recv" and wanted.way == way
            if waits and line.inside and not line.wire.dead:
                self._deliver(line, line.inside.popleft())
            elif line.offers and len(line.inside) < self.capacity:
                message, at_s = line.offers[0], line.offers[0].offered_s
                if line.entered >= self.capacity:  # it had to wait for room
                    at_s = max(at_s, line.left_s[line.entered - int(self.capacity)])
                self._take(line, message, at_s)
                line.inside.append(message)
                self._release(message)
            elif waits and line.offers and not self.capacity and not line.wire.dead:
                message = line.offers[0]
                self._take(line, message, max(message.offered_s, self._clock[to]))
                self._deliver(line, message)
                message.taken_s = message.arrived_s
                self._release(message)
            else:
                return

    def _deliver(self, line: _Line, message: _Message) -> None:
        to, wire = message.to, line.wire
        busy = message.bytes / wire.bandwidth
        arrived_s = max(message.sent_s + wire.latency_s, self._way_in[to]) + busy
        self._way_in[to] = message.arrived_s = arrived_s
        self._clock[to] = max(self._clock[to], arrived_s)
        self._step[to] = max(self._step[to], message.step)
        self._waiting_bytes[message.source] -= message.bytes
        line.left_s.append(self._clock[to])
        del self._blocked[to]
        self._finished.append((to, message.array))
        message.array = None

    def _block(self, rank: int, verb: str, message: _Message) -> None:
        self._blocked[rank] = _Blocked(verb, rank, message.to, message.number)

    def _release(self, message: _Message) -> None:
        """Let a sender go on that waits for this message to be taken."""
        blocked = self._blocked.get(message.source)
        if message.taken_s is None or blocked is None:
            return
        if blocked.verb != "recv" and blocked.number == message.number:
            rank = message.source
            del self._blocked[rank]
            del self._requests[rank][message.number]
            self._clock[rank] = max(self._clock[rank], message.taken_s)
            self._finished.append((rank, None))

    def _line(self, way: Way) -> _Line:
        line = self._lines.get(way)
        if line is None:
            line = self._lines[way] = _Line(self._wires.get(way, self._usual))
        return line

    def _other(self, rank: int, other: Any) -> int:
        if type(other) is not int or not 0 <= other < self.n:
            raise ValueError(f"no rank {other!r:.40}, there are 0 to {self.n - 1}")
        if other == rank:
            raise ValueError(f"rank {rank} needs no link to itself")
        return other

    # Words

    def _waits_for(self, rank: int) -> int:
        blocked = self._blocked[rank]
        return blocked.source if blocked.verb == "recv" else blocked.to

    def _chain(self) -> list[int]:
        """Follow which rank waits for which to a cycle, or to one that cannot help."""
        first: list[int] = []
        for start in sorted(self._blocked):
            chain, rank = [], start
            while rank in self._blocked and rank not in chain:
                chain.append(rank)
                rank = self._waits_for(rank)
            if rank in chain:  # a cycle, told from its lowest rank
                chain = chain[chain.index(rank) :]
                low = chain.index(min(chain))
                return chain[low:] + chain[:low]
            if not first or len(chain) < len(first):
                first = chain
        return first

    def _wording(self, rank: int) -> str:
        blocked, other = self._blocked[rank], self._waits_for(rank)
        says = {
            "recv": f"rank {rank} receives from {other}",
            "send": f"rank {rank} sends to {other}",
            "wait": f"rank {rank} waits for its isend to {other}",
        }[blocked.verb]
        dead = self._line(blocked.way).wire.dead
        return says + " over a dead link" if dead else says
