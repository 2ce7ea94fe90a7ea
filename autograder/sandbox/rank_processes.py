"""Processes for the ranks of one run, each forked from the loaded submission.

The network between them is in the judge, which answers a link's calls when they can be
answered: so a rank runs until its call must wait, and one thread drives all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograder.sandbox.budget import Budget
from autograder.sandbox.peer import Frame, Peer
from autograder.student.proxy import (
    StudentDied,
    StudentError,
    StudentForged,
    StudentTimeout,
)
from autograder.student.report import gettext

MOST_RANKS = 40  # of one run; a jail holds 64 processes
_LOOK = 64  # frames after which to add up what all have used


class Crew:
    """A submission's processes for ranks; they stay for later runs."""

    def __init__(self, fork: Callable[[Budget, int], Peer | None]) -> None:
        """Prepare a crew.

        Args:
            fork: forks the loaded submission with a budget and a seed.
        """
        self._fork = fork
        self._peers: list[Peer] = []
        self._seeds: dict[Peer, int] = {}  # of the test that each has served last

    def muster(self, n: int, budget: Budget, seed: int) -> list[Peer]:
        """Return n processes that can open no file and write to none, by kernel limits.

        Raises:
            StudentError: they cannot be forked.
        """
        if any(peer.memory_mb != budget.memory_mb for peer in self._peers):
            self.dismiss(self._peers)
        old = [peer for peer in self._peers[:n] if self._seeds.get(peer) != seed]
        try:
            for peer in old:  # another test: let them begin anew
                peer.renew(budget, seed)
        except StudentError:
            self.dismiss(old)
        while len(self._peers) < n:
            fresh = self._fork(budget, seed)
            if fresh is None:
                why = gettext("the submission keeps killing its own processes")
                raise StudentDied(why)
            self._peers.append(fresh)
            if not fresh.is_sealed():
                why = gettext("a rank's process keeps a way to reach the others")
                raise StudentForged(why)
        for peer in self._peers[:n]:
            peer.allow(budget)
            self._seeds[peer] = seed
        return self._peers[:n]

    def dismiss(self, peers: Sequence[Peer]) -> None:
        """End some of them."""
        for peer in list(peers):
            peer.kill()
            peer.close()
            self._seeds.pop(peer, None)
        self._peers = [peer for peer in self._peers if peer not in peers]

    def forget(self) -> None:
        """Close the connections to all of them."""
        for peer in self._peers:
            peer.close()
        self._peers, self._seeds = [], {}


class Rank:
    """One rank's process, driven from callback to callback."""

    def __init__(self, party: Party, peer: Peer) -> None:
        self._party, self.peer = party, peer
        self.is_idle = True

    def begin(self, message: bytes) -> Frame:
        """Send a request; return its first callback or its reply."""
        return self._step(self.peer.begin, message)

    def go_on(self, answer: bytes) -> Frame:
        """Answer a callback; return the next one or the reply."""
        return self._step(self.peer.go_on, answer)

    def _step(self, send: Callable[[bytes], Frame], data: bytes) -> Frame:
        self.is_idle = False
        try:
            called, data = send(data)
        except StudentError as error:
            raise self._party.broke(self.peer, error) from None
        self.is_idle = not called
        self._party.count()
        return called, data


class Party:
    """The ranks of one run. They share one budget."""

    def __init__(
        self,
        crew: Crew,
        peers: Sequence[Peer],
        budget: Budget,
        broke: Callable[[Peer, StudentError], StudentError],
    ) -> None:
        """Make a party.

        Args:
            crew: the processes' owner.
            peers: their processes, in the order of their ranks.
            budget: what they may use together.
            broke: called when one dies or exceeds a limit; returns what to raise.
        """
        self._crew, self._budget, self.broke = crew, budget, broke
        self.ranks = [Rank(self, peer) for peer in peers]
        self._limit_s = peers[0].limit_s if peers else 0.0
        #: CPU seconds of all of them, known once closed.
        self.spent_s = 0.0
        self._frames = 0

    def count(self) -> None:
        """Check their use against the budget, every so many frames.

        Raises:
            StudentTimeout: together they have used it up.
        """
        self._frames += 1
        if self._frames % _LOOK == 0 and self._used_s() > self._limit_s:
            limit = self._budget.cpu_s
            text = gettext("no answer within {limit:g} s").format(limit=limit)
            raise self.broke(self.ranks[0].peer, StudentTimeout(text))

    def _used_s(self) -> float:
        return sum(max(rank.peer.used_s(), 0.0) for rank in self.ranks)

    def close(self) -> None:
        """Keep the idle ones for later runs; end the others."""
        self.spent_s = self._used_s()
        busy = [r.peer for r in self.ranks if not (r.is_idle and r.peer.is_alone())]
        self._crew.dismiss(busy)
