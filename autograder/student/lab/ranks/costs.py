"""What an all-reduce costs on ten thousand ranks: the clock of `network`, vectorised.

No program runs and no byte moves: an algorithm is a list of rounds, a round says which
rank sends which share of the array to which, and every rank's clock advances as it
would in `run` (which the tests compare, rank by rank).

    rack = Cluster(10_000, (Level(1, 300e9, 1e-6), Level(8, 25e9, 5e-6)))
    simulate("ring", rack, 1e9).seconds

**Levels.** Level 0 are the ranks themselves, each with its own way out and way in. A
higher level gathers `size` neighbouring ranks into a group (a machine, a rack) with
one way up and one way down, shared by all of them. A message from one group to another
crosses both; its latency is that of the highest level it crosses. Where several
messages of a round cross one link, each gets an equal part of its bandwidth.

**Rounds.** Bytes are counted in shares of the array, as if n divided it. Ranks do not
wait for each other between rounds, only for the messages they receive.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .network import Wire
from .outcome import Way

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Level:
    """Groups of `size` neighbouring ranks and the link that each group shares."""

    size: int  # ranks in a group; 1 on the lowest level
    bandwidth: float  # bytes a second upwards, and as many downwards
    latency_s: float  # of a message that crosses this level and none above


@dataclass(frozen=True)
class Cluster:
    """n ranks, numbered machine by machine and rack by rack.

    Attributes:
        n: how many ranks.
        levels: the lowest, of single ranks, first; each divides the next.
    """

    n: int
    levels: tuple[Level, ...]

    def __post_init__(self) -> None:
        """Refuse what is no cluster."""
        sizes = [level.size for level in self.levels]
        if self.n < 1 or not sizes or sizes[0] != 1:
            raise ValueError("a cluster has ranks, and a lowest level of size 1")
        for small, large in itertools.pairwise(sizes):
            if large <= small or large % small:
                raise ValueError(
                    f"groups of {large} do not consist of groups of {small}"
                )

    @classmethod
    def flat(cls, n: int, latency_s: float, bandwidth: float) -> Cluster:
        """Make the network of `run`: each rank its own way out and in, all alike."""
        return cls(n, (Level(1, bandwidth, latency_s),))

    @property
    def period(self) -> int:
        """Ranks after which the cluster looks the same, n where it never does."""
        size = self.levels[-1].size
        return size if self.n % size == 0 else self.n

    def wires(self) -> dict[Way, Wire]:
        """Return links for `run`, as each pair has them when no other rank sends."""
        ranks = range(self.n)
        return {(a, b): self._wire(a, b) for a in ranks for b in ranks if a != b}

    def _wire(self, a: int, b: int) -> Wire:
        crossed = [level for level in self.levels if a // level.size != b // level.size]
        return Wire(crossed[-1].latency_s, min(level.bandwidth for level in crossed))


@dataclass(frozen=True)
class Cost:
    """What one algorithm costs on one cluster, for every size asked for."""

    algorithm: str
    sizes: Floats  # bytes of the array to be reduced
    seconds: Floats  # until the last rank has the result
    rounds: int  # of messages, one after another
    #: Per level, bytes over all links of that level upwards, as multiples of the array.
    share_by_level: tuple[float, ...]
    #: Per level, bytes over the busiest one of its links, likewise.
    busiest_share: tuple[float, ...]

    def bytes_by_level(self, level: int) -> Floats:
        """Return the bytes that cross a level upwards, of all groups together."""
        return self.share_by_level[level] * self.sizes

    def busiest_bytes(self, level: int) -> Floats:
        """Return the bytes over the busiest link of a level, in one direction."""
        return self.busiest_share[level] * self.sizes


@dataclass(frozen=True)
class _Round:
    """Every rank in `source` sends a share of the array to the same place of `to`."""

    source: Ints
    to: Ints
    share: float
    times: int = 1


#: What `simulate` knows, roughly from slow to fast.
ALGORITHMS = (
    *("naive", "root", "tree", "ring", "halving_doubling"),
    *("two_level", "two_level_halving"),
)


def simulate(algorithm: str, cluster: Cluster, sizes: float | Sequence[float]) -> Cost:
    """Let the clocks of all ranks run through an all-reduce.

    Args:
        algorithm: one of `ALGORITHMS`. "naive": every rank sends all to every other;
            "root": one rank receives all arrays, one after another, and sends out the
            result; "tree", "ring" and "halving_doubling" as in lesson 6; "two_level":
            reduce-scatter by a ring inside each group of level 1 (a machine), an
            all-reduce by a ring among those that hold the same chunk, all-gather by a
            ring inside; "two_level_halving": the same, but halving and doubling
            between the machines.
        cluster: the ranks and their links.
        sizes: bytes of the array; several are computed together.

    Returns:
        The cost. About n * 2n / 10^8 seconds for the rings where the cluster has no
        `period` below n, far less where it has.

    Raises:
        ValueError: no such algorithm, or no machines for "two_level".
    """
    if algorithm not in _ROUNDS:
        raise ValueError(
            f"no algorithm {algorithm!r}; there are {', '.join(ALGORITHMS)}"
        )
    lanes = cluster.period if algorithm in ("naive", "ring", "two_level") else cluster.n
    clocks = _Clocks(cluster, lanes, np.atleast_1d(np.asarray(sizes, np.float64)))
    for entry in _ROUNDS[algorithm](cluster, lanes):
        clocks.advance(entry)
    return Cost(
        algorithm,
        clocks.sizes,
        clocks.clock.max(axis=1),
        clocks.rounds,
        tuple(float(load.sum()) * cluster.n / lanes for load in clocks.up),
        tuple(
            float(max(up.max(), down.max()))
            for up, down in zip(clocks.up, clocks.down, strict=True)
        ),
    )


def winners(
    cluster: Cluster, sizes: Sequence[float], algorithms: Sequence[str]
) -> list[str]:
    """Return the fastest algorithm for every size."""
    costs = [simulate(name, cluster, sizes) for name in algorithms]
    best = np.argmin([cost.seconds for cost in costs], axis=0)
    return [algorithms[index] for index in best]


class _Clocks:
    """The clocks of all lanes: ranks, or those of one period of the cluster."""

    def __init__(self, cluster: Cluster, lanes: int, sizes: Floats) -> None:
        self.cluster, self.lanes, self.sizes = cluster, lanes, sizes
        shape = (len(sizes), lanes)
        self.clock, self.way_out, self.way_in = (np.zeros(shape) for _ in range(3))
        self.rounds = 0
        counts = [-(-lanes // level.size) for level in cluster.levels]
        self.up = [np.zeros(count) for count in counts]
        self.down = [np.zeros(count) for count in counts]

    def advance(self, entry: _Round) -> None:
        """Run one round, or a repeated one."""
        latency_s, per_byte = self._prices(entry)
        busy = self.sizes[:, None] * (per_byte * entry.share)
        here, there = entry.source % self.lanes, entry.to % self.lanes
        whole = len(here) == self.lanes and bool((here == np.arange(self.lanes)).all())
        back = np.argsort(there) if whole else None  # the lane that each receives from
        for _ in range(entry.times):
            if back is not None:
                sent = np.maximum(self.clock, self.way_out)
                self.way_out = sent + busy
                head = np.take(sent + latency_s, back, axis=1)
                self.way_in = np.maximum(head, self.way_in) + np.take(
                    busy, back, axis=1
                )
                self.clock = np.maximum(self.clock, self.way_in)
            else:
                sent = np.maximum(self.clock[:, here], self.way_out[:, here])
                self.way_out[:, here] = sent + busy
                arrived = np.maximum(sent + latency_s, self.way_in[:, there]) + busy
                self.way_in[:, there] = arrived
                self.clock[:, there] = np.maximum(self.clock[:, there], arrived)
        self.rounds += entry.times

    def _prices(self, entry: _Round) -> tuple[Floats, Floats]:
        """Return every message's latency and its seconds a byte."""
        latency_s = np.zeros(len(entry.source))
        per_byte = np.zeros(len(entry.source))
        for number, level in enumerate(self.cluster.levels):
            crosses = entry.source // level.size != entry.to // level.size
            latency_s[crosses] = level.latency_s
            for ends, total in ((entry.source, self.up), (entry.to, self.down)):
                group = (ends % self.lanes) // level.size
                part = entry.share * entry.times
                if len(group) == 1:  # no other message shares the link
                    total[number][group] += part * crosses
                    shared = crosses / level.bandwidth
                else:
                    load = np.bincount(group[crosses], minlength=len(total[number]))
                    total[number] += load * part
                    shared = load[group] / level.bandwidth
                per_byte = np.where(crosses, np.maximum(per_byte, shared), per_byte)
        return latency_s, per_byte


# The algorithms. Targets may lie beyond the lanes, wherever the real rank would be.


def _ring(cluster: Cluster, lanes: int) -> Iterator[_Round]:
    ranks, n = np.arange(lanes), cluster.n
    if n > 1:
        yield _Round(ranks, (ranks + 1) % n, 1 / n, 2 * (n - 1))


def _naive(cluster: Cluster, lanes: int) -> Iterator[_Round]:
    ranks, n = np.arange(lanes), cluster.n
    for distance in range(1, n):
        yield _Round(ranks, (ranks + distance) % n, 1.0)


def _root(cluster: Cluster, lanes: int) -> Iterator[_Round]:
    root = np.zeros(1, np.int64)
    for rank in range(1, cluster.n):
        yield _Round(root + rank, root, 1.0)
    for rank in range(1, cluster.n):
        yield _Round(root, root + rank, 1.0)


def _tree(cluster: Cluster, lanes: int) -> Iterator[_Round]:
    n = cluster.n
    distances = [1 << k for k in range((n - 1).bit_length())]
    for d in distances:
        children = np.arange(d, n, 2 * d)
        yield _Round(children, children - d, 1.0)
    for d in reversed(distances):
        children = np.arange(d, n, 2 * d)
        yield _Round(children - d, children, 1.0)


def _halving_doubling(cluster: Cluster, lanes: int) -> Iterator[_Round]:
    yield from _halving(cluster.n, 1)


def _halving(n: int, stride: int) -> Iterator[_Round]:
    """Halve and double among n places of `stride` ranks, each with its own chunk."""
    p = 1 << (n.bit_length() - 1)
    ranks = np.arange(p * stride)
    extra = np.arange(p * stride, n * stride)
    distances = [1 << k for k in range(p.bit_length() - 1)]
    whole = 1 / stride
    if len(extra):
        yield _Round(extra, extra - p * stride, whole)
    for d in (*reversed(distances), *distances):
        other = (ranks // stride ^ d) * stride + ranks % stride
        yield _Round(ranks, other, whole * d / p)
    if len(extra):
        yield _Round(extra - p * stride, extra, whole)


def _two_level(cluster: Cluster, lanes: int) -> Iterator[_Round]:
    inside = _inside(cluster, lanes)
    n, g = cluster.n, cluster.levels[1].size
    yield inside
    if n > g:
        yield _Round(
            np.arange(lanes), (np.arange(lanes) + g) % n, 1 / n, 2 * (n // g - 1)
        )
    yield inside


def _two_level_halving(cluster: Cluster, lanes: int) -> Iterator[_Round]:
    inside = _inside(cluster, lanes)
    g = cluster.levels[1].size
    yield inside
    yield from _halving(cluster.n // g, g)
    yield inside


def _inside(cluster: Cluster, lanes: int) -> _Round:
    """Return half a ring in every machine: reduce-scatter, or all-gather."""
    if len(cluster.levels) < 2 or cluster.n % cluster.levels[1].size:
        raise ValueError("two levels need machines, all of the same size: a level 1")
    ranks, g = np.arange(lanes), cluster.levels[1].size
    return _Round(ranks, ranks // g * g + (ranks + 1) % g, 1 / g, g - 1)


_ROUNDS: dict[str, Callable[[Cluster, int], Iterator[_Round]]] = {
    "naive": _naive,
    "root": _root,
    "tree": _tree,
    "ring": _ring,
    "halving_doubling": _halving_doubling,
    "two_level": _two_level,
    "two_level_halving": _two_level_halving,
}
