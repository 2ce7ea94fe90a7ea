"""The cost of an all-reduce on many ranks, held against real programs on few."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autograder.student.lab.ranks import Link, Wire, run
from autograder.student.lab.ranks.costs import (
    ALGORITHMS,
    Cluster,
    Level,
    simulate,
    winners,
)
from autograder.student.lesson import find_course

FAST, SLOW = Level(1, 64.0, 0.25), Level(4, 16.0, 3.0)


@pytest.fixture(scope="module")
def solution() -> ModuleType:
    """The solution of lesson 6."""
    path = find_course().lesson("06").reference_path
    spec = importlib.util.spec_from_file_location("allreduce", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def half_ring(
    link: Link, ranks: list[int], parts: list[np.ndarray], first: int
) -> None:
    """Pass parts on around a ring of some ranks, from the one `first` after mine."""
    k, n = ranks.index(link.rank), len(ranks)
    for i in range(n - 1):
        request = link.isend(ranks[(k + 1) % n], parts[(k + first - i) % n])
        got, c = link.recv(ranks[(k - 1) % n]), (k + first - i - 1) % n
        parts[c] = got if first else parts[c] + got
        request.wait()


def two_level(link: Link, x: np.ndarray, g: int, solution: ModuleType) -> np.ndarray:
    """Reduce-scatter in the machine, a ring between machines, all-gather inside."""
    machine = [link.rank // g * g + k for k in range(g)]
    peers = list(range(link.rank % g, link.n, g))
    parts = [part.copy() for part in np.split(x, g)]
    half_ring(link, machine, parts, 0)
    mine = (link.rank + 1) % g
    small = [part.copy() for part in np.split(parts[mine], len(peers))]
    half_ring(link, peers, small, 0)
    half_ring(link, peers, small, 1)
    parts[mine] = np.concatenate(small)
    half_ring(link, machine, parts, 1)
    return np.concatenate(parts)


def measured(
    solution: ModuleType, algorithm: str, cluster: Cluster, wires: dict[Any, Wire]
) -> tuple[float, Any]:
    """Run the real program with these wires; each rank's array has 8 n elements."""
    n = cluster.n
    x = np.random.default_rng(n).integers(0, 9, (n, 8 * n)).astype(np.float64)

    def program(link: Link) -> np.ndarray:
        if algorithm == "two_level":
            return two_level(link, x[link.rank], cluster.levels[1].size, solution)
        name = "ring_allreduce" if algorithm == "ring" else algorithm
        name = "tree_allreduce" if algorithm == "tree" else name
        call: Callable[..., np.ndarray] = getattr(solution, name)
        return call(link.rank, n, x[link.rank], "sum", link)

    out = run(program, n, links=wires)
    for result in out.results:
        np.testing.assert_array_equal(result, x.sum(0))
    return x[0].nbytes, out


@pytest.mark.parametrize("algorithm", ["tree", "ring", "halving_doubling"])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 6, 8, 13])
def test_a_flat_network_costs_what_the_program_takes(solution, algorithm, n):
    cluster = Cluster.flat(n, latency_s=3.0, bandwidth=16.0)
    size, out = measured(solution, algorithm, cluster, cluster.wires())
    cost = simulate(algorithm, cluster, size)
    assert cost.seconds[0] == pytest.approx(out.seconds, rel=1e-12)
    assert cost.bytes_by_level(0)[0] == pytest.approx(out.total_bytes)
    busiest = max((*out.sent_bytes, *out.received_bytes))
    assert cost.busiest_bytes(0)[0] == pytest.approx(busiest)


@pytest.mark.parametrize("n", [1, 2, 5, 16])
def test_the_formulas_of_the_chapter_hold(solution, n):
    cluster = Cluster.flat(n, latency_s=3.0, bandwidth=16.0)
    for algorithm in ("tree", "ring", "halving_doubling"):
        for size in (0.0, 1e3 * n):
            formula = solution.cost(algorithm, n, size, 3.0, 1 / 16.0)
            got = simulate(algorithm, cluster, size).seconds[0]
            if algorithm == "tree" and n & (n - 1):  # its lower levels do not wait
                assert got <= formula
            else:
                assert got == pytest.approx(formula, rel=1e-12)


@pytest.mark.parametrize("algorithm", ["tree", "ring"])
@pytest.mark.parametrize("n", [4, 8, 16])
def test_machines_cost_what_the_program_takes_where_links_are_not_shared(
    solution, algorithm, n
):
    cluster = Cluster(n, (FAST, SLOW))
    size, out = measured(solution, algorithm, cluster, cluster.wires())
    cost = simulate(algorithm, cluster, size)
    assert cost.seconds[0] == pytest.approx(out.seconds, rel=1e-12)
    crossing = sum(b for (a, c), b in out.bytes_by_link.items() if a // 4 != c // 4)
    assert cost.bytes_by_level(1)[0] == pytest.approx(crossing)


@pytest.mark.parametrize("algorithm", ["halving_doubling", "two_level"])
@pytest.mark.parametrize("n", [4, 8, 16])
def test_ranks_of_a_machine_share_its_way_up(solution, algorithm, n):
    cluster = Cluster(n, (FAST, SLOW))
    apart = Cluster(n, (FAST, Level(4, SLOW.bandwidth / 4, SLOW.latency_s)))
    size, out = measured(solution, algorithm, cluster, apart.wires())
    cost = simulate(algorithm, cluster, size)
    assert cost.seconds[0] == pytest.approx(out.seconds, rel=1e-12)
    crossing = sum(b for (a, c), b in out.bytes_by_link.items() if a // 4 != c // 4)
    assert cost.bytes_by_level(1)[0] == pytest.approx(crossing)


def test_the_slow_ways_cost_what_counting_says():
    cluster = Cluster.flat(5, latency_s=0.0, bandwidth=1.0)
    assert simulate("naive", cluster, 10.0).seconds[0] == 40.0
    assert simulate("root", cluster, 10.0).seconds[0] == 80.0
    assert simulate("naive", cluster, 10.0).bytes_by_level(0)[0] == 200.0
    assert simulate("root", cluster, 10.0).bytes_by_level(0)[0] == 80.0


@pytest.mark.parametrize("algorithm", ["naive", "ring", "two_level"])
def test_one_period_of_the_cluster_stands_for_all(algorithm, monkeypatch):
    cluster = Cluster(24, (FAST, SLOW, Level(8, 4.0, 9.0)))
    assert cluster.period == 8
    short = simulate(algorithm, cluster, 240.0)
    monkeypatch.setattr(Cluster, "period", 24)
    full = simulate(algorithm, cluster, 240.0)
    assert short.seconds == pytest.approx(full.seconds)
    assert short.share_by_level == pytest.approx(full.share_by_level)
    assert short.busiest_share == pytest.approx(full.busiest_share)


def test_many_sizes_are_computed_at_once():
    cluster = Cluster(16, (FAST, SLOW))
    sizes = [0.0, 16.0, 1e6]
    for algorithm in ALGORITHMS:
        together = simulate(algorithm, cluster, sizes).seconds
        alone = [simulate(algorithm, cluster, size).seconds[0] for size in sizes]
        assert together.tolist() == pytest.approx(alone)


def test_ten_thousand_ranks_have_a_winner_for_every_size():
    cluster = Cluster(
        10_000, (Level(1, 300e9, 2e-6), Level(8, 25e9, 10e-6), Level(400, 300e9, 20e-6))
    )
    names = ("tree", "ring", "halving_doubling", "two_level_halving")
    found = winners(cluster, [1e3, 1e7, 1e10], names)
    assert found == ["tree", "two_level_halving", "ring"]
    flat = Cluster.flat(10_000, 10e-6, 12.5e9)
    assert winners(flat, [1e3, 1e6, 1e10], names[:3]) == [
        "tree",
        "halving_doubling",
        "ring",
    ]


def test_a_machine_sends_up_what_its_chunks_add_up_to():
    cluster = Cluster(64, (FAST, SLOW))
    for algorithm in ("two_level", "two_level_halving"):
        cost = simulate(algorithm, cluster, 1.0)
        assert cost.busiest_share[1] == pytest.approx(2 * 15 / 16)
    assert simulate("halving_doubling", cluster, 1.0).busiest_share[1] == pytest.approx(
        4 * 2 * 15 / 16
    )


@pytest.mark.parametrize(
    ("n", "levels"),
    [
        (0, (FAST,)),
        (4, ()),
        (4, (SLOW,)),
        (4, (FAST, SLOW, Level(6, 1.0, 1.0))),
        (4, (FAST, FAST)),
    ],
)
def test_refuses_clusters_that_cannot_be(n, levels):
    with pytest.raises(ValueError, match=r"a cluster has ranks|do not consist of"):
        Cluster(n, levels)


def test_refuses_what_it_does_not_know():
    flat = Cluster.flat(4, 1.0, 1.0)
    with pytest.raises(ValueError, match="no algorithm 'rings'; there are naive"):
        simulate("rings", flat, 1.0)
    with pytest.raises(ValueError, match="two levels need machines"):
        simulate("two_level", flat, 1.0)
