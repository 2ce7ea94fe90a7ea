"""Recompute the figures' data and the numbers that the chapter of lesson 06 claims."""

import functools
import importlib.util
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import reference

from autograder.student.lab.ranks import Outcome, Wire, run
from autograder.student.lab.ranks.costs import Cluster, Cost, Level, simulate

#: The chapter's network: 10 microseconds a message, 12.5 GB a second.
A, B = 10e-6, 1 / 12.5e9
#: The figure's clock: two ticks a message, one an element of four bytes.
TICKS = {"latency_s": 2.0, "bandwidth": 4.0}

#: Ten thousand ranks: a wire for each pair, or machines of 8 in racks of 80.
FLAT = Cluster.flat(10_000, A, 1 / B)
RACKS = Cluster(
    10_000, (Level(1, 300e9, 2e-6), Level(8, 25e9, 5e-6), Level(80, 125e9, 10e-6))
)
SIZES = [10 ** (3 + k / 4) for k in range(29)]

Program = Callable[..., Any]


class Watched:
    """A link that notes what it received, and fails after some messages."""

    def __init__(self, link: Any, most: int | None = None) -> None:
        self._link, self._most = link, most
        self.isend, self.send = link.isend, link.send
        self.got: list[np.ndarray] = []

    def recv(self, source: int) -> np.ndarray:
        """Receive, and note it."""
        array = self._link.recv(source)
        self.got.append(array)
        if len(self.got) == self._most:
            raise ConnectionError("the rank dies here")
        return array


def on_ranks(
    program: Program, arrays: Sequence[np.ndarray], *more: Any, **network: Any
) -> Outcome:
    """Run `program(rank, n, x, *more, link)` on one rank an array."""
    n = len(arrays)
    return run(
        lambda link: program(link.rank, n, arrays[link.rank], *more, link),
        n,
        **network,
    )


def sends(L: int, n: int, program: Program = reference.ring_allreduce) -> list[int]:
    """Return the elements that each rank sends."""
    arrays = [np.zeros(L, np.int8)] * n
    return on_ranks(program, arrays, "sum").sent_bytes


def watched(
    n: int, L: int, dies: tuple[int, int] | None = None, **network: Any
) -> tuple[Outcome, list[list[np.ndarray]]]:
    """Run the ring on powers of two; return what happened and what ranks received."""
    got: list[list[np.ndarray]] = [[] for _ in range(n)]

    def program(link: Any) -> np.ndarray:
        most = dies[1] if dies and dies[0] == link.rank else None
        seen = Watched(link, most)
        got[link.rank] = seen.got
        x = np.full(L, 2**link.rank, np.int32)
        return reference.ring_allreduce(link.rank, n, x, "sum", seen)

    return run(program, n, check=False, **network), got


def ring_sample(n: int, L: int, slow: tuple[int, int] | None = None) -> dict[str, Any]:
    """Return bytes, times and contributions of one run, as the figure draws it."""
    links = {}
    if slow:
        at, factor = slow
        links[at, (at + 1) % n] = Wire(2.0, 4.0 / factor)
    out, got = watched(n, L, links=links, **TICKS)
    arrived: list[list[float]] = [[] for _ in range(n)]
    for transfer in sorted(out.timeline, key=lambda t: t.step):
        arrived[transfer.to].append(transfer.arrived_s)
    return {
        "n": n,
        "L": L,
        "fault": "slow" if slow else "none",
        "at": slow[0] if slow else 0,
        "slow": slow[1] if slow else 2,
        "sent_bytes": out.sent_bytes,
        "steps": out.steps,
        "arrived": arrived,
        # A bit for each rank whose number is in the chunk; None in an empty one.
        "masks": [[int(a[0]) if a.size else None for a in row] for row in got],
    }


def death(n: int, at: int, die: int) -> dict[str, Any]:
    """Return how many messages each rank received when one died after some."""
    _, got = watched(n, n, dies=(at, die))
    return {"n": n, "at": at, "die": die, "received": [len(row) for row in got]}


def price(alg: str, n: int, M: float, a: float, b: float, g: float) -> dict[str, Any]:
    """Return one cost for the figure to reproduce."""
    seconds = reference.cost(alg, n, M, a, b, g)
    return {"alg": alg, "n": n, "M": M, "a": a, "b": b, "g": g, "seconds": seconds}


@functools.cache
def on_cluster(cluster: Cluster) -> dict[str, Cost]:
    """Simulate every algorithm for all sizes."""
    names = ["ring", "tree", "halving_doubling"]
    if cluster is RACKS:
        names += ["two_level", "two_level_halving"]
    return {name: simulate(name, cluster, SIZES) for name in names}


def seconds(cluster: Cluster) -> dict[str, list[float]]:
    """Return each algorithm's seconds, to six digits, for the figure to draw."""
    return {
        name: [float(f"{s:.6g}") for s in cost.seconds]
        for name, cost in on_cluster(cluster).items()
    }


def figure() -> dict[str, Any]:
    """Return runs of the ring, costs, crossovers, and ten thousand ranks."""
    algorithms = ("ring", "tree", "halving_doubling")
    pairs = [(s, t) for s in algorithms for t in algorithms if s != t]
    crossings = [
        {"small": s, "large": t, "n": n, "at": reference.crossover(s, t, n, A, B)}
        for s, t in pairs
        for n in (2, 3, 4, 8, 12, 64, 1000, 10000)
    ]
    for crossing in crossings:
        if crossing["at"] == float("inf"):
            crossing["at"] = None  # JSON knows no infinity
    return {
        "rings": [
            ring_sample(4, 10),
            ring_sample(4, 10, slow=(1, 8)),
            ring_sample(5, 3),
            ring_sample(7, 23, slow=(6, 3)),
            ring_sample(8, 40, slow=(0, 16)),
            ring_sample(2, 5, slow=(1, 2)),
        ],
        "deaths": [death(4, 1, 2), death(5, 0, 1), death(8, 7, 6), death(3, 2, 3)],
        "costs": [
            price(alg, n, M, A, B, g)
            for alg in algorithms
            for n in (1, 2, 3, 8, 12, 10000)
            for M, g in ((0.0, 0.0), (1e6, 1e-11))
        ],
        "crossings": crossings,
        "levels": {
            "n": FLAT.n,
            "sizes": SIZES,
            "flat": seconds(FLAT),
            "racks": seconds(RACKS),
        },
    }


# --- the chapter's numbers ------------------------------------------------------------


def slow() -> types.ModuleType:
    """Return the chapter's slow way, from the file that the chapter includes."""
    lesson = Path(__file__).resolve().parent.name
    path = Path(__file__).resolve().parents[2] / "course" / lesson / "slow.py"
    spec = importlib.util.spec_from_file_location("slow", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def listed(values: Sequence[Any]) -> str:
    """Write numbers with commas between."""
    return ", ".join(f"{value:g}" for value in values)


def the_slow_way() -> dict[str, str]:
    """Meter both slow ways on four ranks with 40 bytes each."""
    arrays = [np.arange(10, dtype=np.float32) + r for r in range(4)]
    found = {}
    for key, program in (
        ("slow_everyone", slow().everyone_to_everyone),
        ("slow_root", slow().through_a_root),
    ):
        out = on_ranks(program, arrays)
        assert all(np.array_equal(r, sum(arrays)) for r in out.results)
        found[key] = listed(out.sent_bytes)
    return found


def by_hand() -> dict[str, str]:
    """Follow the worked example: what each rank has after each step."""
    found = {}

    def program(link: Any) -> None:
        seen = Watched(link)
        x = np.arange(1, 5) * 10**link.rank
        chunk_id, chunk = reference.reduce_scatter(link.rank, 4, x, "sum", seen)
        for i, array in enumerate(seen.got):
            c = (link.rank - i - 1) % 4
            total = int(array[0] + x[c])
            found[f"hand_{i}_{link.rank}"] = f"chunk {c}: {total}"
        assert (chunk_id, int(chunk[0])) == (c, total)

    run(program, 4)
    return found


def by_halves() -> dict[str, str]:
    """Follow the same arrays through recursive halving: what each rank keeps."""
    found = {}

    def program(link: Any) -> None:
        seen = Watched(link)
        kept = np.arange(1, 5) * 10**link.rank
        result = reference.halving_doubling(link.rank, 4, kept, "sum", seen)
        for array, d in zip(seen.got, (2, 1), strict=False):
            upper = bool(link.rank & d)
            kept = kept[d:] + array if upper else kept[:d] + array
            found[f"half_{d}_{link.rank}"] = ", ".join(map(str, kept))
        assert kept == result[link.rank]

    run(program, 4)
    return found


def bits() -> dict[str, str]:
    """Add four numbers in four orders; every rank must return the same."""
    values = np.array([1e8, 1, -1e8, 1], np.float32)
    arrays = [np.full(4, value) for value in values]
    found = {"bits_sequential": f"{functools.reduce(np.add, values):g}"}
    for name in ("ring_allreduce", "tree_allreduce", "halving_doubling"):
        results = on_ranks(getattr(reference, name), arrays, "sum").results
        assert len({r.tobytes() for r in results}) == 1
        found[f"bits_{name.partition('_')[0]}"] = listed(results[0])
    return found


def send_first(link: Any, first: Callable[[int], bool], size: int = 1) -> None:
    """Run the steps of a ring with blocking sends; some ranks send first."""
    n, x = link.n, np.zeros(size, np.int8)
    for _ in range(2 * (n - 1)):
        if first(link.rank):
            link.send((link.rank + 1) % n, x)
            link.recv((link.rank - 1) % n)
        else:
            link.recv((link.rank - 1) % n)
            link.send((link.rank + 1) % n, x)


def cures() -> dict[str, str]:
    """Time the ways out of the deadlock on eight ranks, without buffers."""
    size, network = 10**6, {"latency_s": A, "bandwidth": 1 / B, "capacity": 0}
    arrays = [np.zeros(8 * size, np.int8)] * 8
    found = {"cure_isend": on_ranks(reference.ring_allreduce, arrays, "sum", **network)}
    for key, first in (("parity", lambda r: r % 2 == 0), ("one", lambda r: r > 0)):
        found[f"cure_{key}"] = run(
            functools.partial(send_first, first=first, size=size), 8, **network
        )
    stuck = run(functools.partial(send_first, first=lambda r: True), 4, capacity=0)
    words = str(stuck.deadlock).split(", ")
    return {
        **{f"deadlock_{rank}": text for rank, text in enumerate(words)},
        **{key: f"{1e3 * out.seconds:.2f}" for key, out in found.items()},
    }


def overlap(buckets: int) -> str:
    """Return milliseconds of a backward pass of 100 ms with its rings beside it."""
    backward, each = 0.1, reference.cost("ring", 8, 400e6 / buckets, A, B)
    return f"{1e3 * max(backward + each, backward / buckets + buckets * each):.1f}"


def ten_thousand() -> dict[str, str]:
    """Return seconds on racks, shares of the uplinks, and who wins how far."""
    found = {}
    for name, cost in on_cluster(RACKS).items():
        for k, size in ((4, "10kb"), (12, "1mb"), (20, "100mb"), (28, "10gb")):
            milliseconds = float(f"{1e3 * cost.seconds[k]:.3g}")
            found[f"racks_{name}_{size}"] = f"{milliseconds:,g}"
        if not name.startswith("two_level"):
            found[f"uplink_{name}"] = f"{cost.busiest_share[2]:.0f}"
    flat, top = on_cluster(FLAT), SIZES[-1]
    found["flat_cross"] = (
        f"{reference.crossover('halving_doubling', 'ring', FLAT.n, A, B) / 1e9:.2f} GB"
    )
    assert flat["ring"].seconds[-1] < flat["halving_doubling"].seconds[-1], top
    assert flat["ring"].seconds[-5] > flat["halving_doubling"].seconds[-5]
    return found


def lengths(L: int, n: int) -> str:
    """Return the lengths of the chunks."""
    return listed([hi - lo for lo, hi in reference.chunk_bounds(L, n)])


def claims() -> dict[str, str]:
    """Return the text of each measured number in the chapter."""
    crossing = functools.partial(reference.crossover, "tree", "ring", a=A, b=B)
    gigabytes = functools.partial(reference.cost, "ring", M=4, a=0, b=1)
    return {
        "naive_gb": f"{4 * 999:,}",
        "best_gb": f"{gigabytes(1000):g}",
        "sizes_10_4": lengths(10, 4),
        "sizes_3_5": lengths(3, 5),
        "sent_10_4": listed(sends(10, 4)),
        "sent_3_5": listed(sends(3, 5)),
        **the_slow_way(),
        **by_hand(),
        **by_halves(),
        **bits(),
        **cures(),
        **ten_thousand(),
        "ticks_even": f"{watched(4, 10, **TICKS)[0].seconds:g}",
        "ticks_slow": f"{max(map(max, ring_sample(4, 10, slow=(1, 8))['arrived'])):g}",
        "death": listed(death(4, 1, 2)["received"]),
        **{f"cross_{n}": f"{crossing(n=n) / 1e3:,.1f} kB" for n in (4, 8, 64)},
        **{f"overlap_{k}": overlap(k) for k in (1, 16, 4000)},
    }
