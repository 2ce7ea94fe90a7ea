"""The same programs on real processes: the same bits, and no process left hanging."""

from __future__ import annotations

import importlib.util
import multiprocessing
import os

import numpy as np
import pytest

from autograder.student.lab.ranks import Link, run
from autograder.student.lab.ranks.gloo import RankFailed, gloo
from autograder.student.lesson import find_course

pytestmark = pytest.mark.gloo

ALGORITHMS = ("ring_allreduce", "tree_allreduce", "halving_doubling")
LENGTHS = (0, 1, 5, 64, 1003)


def solution():
    """Return the solution of lesson 6."""
    path = find_course().lesson("06").reference_path
    spec = importlib.util.spec_from_file_location("allreduce", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def all_programs(link: Link, module, arrays) -> list[np.ndarray]:
    """Run every algorithm with every operation on every array, one after another."""
    rank, n = link.rank, link.n
    found = [
        getattr(module, name)(rank, n, x, op, link)
        for name in ALGORITHMS
        for op in ("sum", "max", "mean")
        for x in arrays
    ]
    params = [np.zeros(7, np.float32), np.zeros((2, 3), np.float32), np.zeros(1)]
    grads = [np.full(p.shape, rank + 0.3, p.dtype) for p in params]
    grads[rank % 3] = None
    return found + module.ddp_step(rank, n, params, grads, 16, link)


@pytest.mark.parametrize("n", [2, 3, 4, 7])
def test_real_processes_give_the_same_bits(n):
    module, rng = solution(), np.random.default_rng(n)
    arrays = [
        [(rng.normal(size=k) * 2.0 ** rng.integers(-9, 9, k)).astype(np.float32)
         for k in LENGTHS]
        for _ in range(n)
    ]  # fmt: skip
    real = gloo(all_programs, n, lambda rank: (module, arrays[rank]))
    simulated = run(all_programs, n, lambda rank: (module, arrays[rank]))
    for rank in range(n):
        for got, want in zip(real.results[rank], simulated.results[rank], strict=True):
            assert (got.dtype, got.shape) == (want.dtype, want.shape)
            assert got.tobytes() == want.tobytes()
    assert real.sent_bytes == simulated.sent_bytes
    assert real.messages == simulated.messages


def test_any_number_travels():
    sent = [
        np.zeros((2, 0, 3), np.int8),
        np.array(5, np.uint64),
        np.array([[True], [False]]),
        np.array([np.nan, -0.0, np.inf], np.float16),
        np.arange(6.0).reshape(2, 3).T,
        np.array([1 + 2j], np.complex64),
    ]

    def program(link: Link) -> object:
        if link.rank == 0:
            requests = [link.isend(1, x) for x in sent]
            for request in requests:
                request.wait()
            return None
        return [link.recv(0) for _ in sent]

    for got, want in zip(gloo(program, 2).results[1], sent, strict=True):
        assert (got.dtype, got.shape) == (want.dtype, want.shape)
        np.testing.assert_array_equal(got, want)
        got += got  # it is the receiver's own


def test_one_rank_needs_nobody():
    assert gloo(lambda link: (link.rank, link.n), 1).results == [(0, 1)]


def test_what_a_rank_raises_is_told_and_nobody_waits_for_it():
    def program(link: Link) -> object:
        if link.rank == 1:
            raise ValueError("lost")
        return link.recv(1)

    with pytest.raises(RankFailed, match="rank 1 of 3: ValueError: lost"):
        gloo(program, 3)
    assert multiprocessing.active_children() == []


def test_a_rank_that_dies_is_told():
    def program(link: Link) -> object:
        if link.rank == 0:
            os._exit(0)
        return link.recv(0)

    with pytest.raises(RankFailed, match="rank 0 of 2: its process ended"):
        gloo(program, 2)


def test_sending_first_hangs_here_too_and_ends():
    def program(link: Link) -> object:
        link.send((link.rank + 1) % link.n, np.ones(3))
        return link.recv((link.rank - 1) % link.n)

    with pytest.raises(RankFailed, match="gave up sending to"):
        gloo(program, 2, timeout_s=1.0)
    assert multiprocessing.active_children() == []


def test_a_rank_without_end_is_named():
    def program(link: Link) -> object:
        while link.rank == 1:
            pass
        return link.recv(1)

    with pytest.raises(RankFailed, match=r"no end after 0.5 s of rank 1"):
        gloo(program, 2, timeout_s=0.5)


def test_arrays_must_not_change_before_wait():
    def program(link: Link) -> None:
        if link.rank == 0:
            x = np.ones(3)
            request = link.isend(1, x)
            x += 1
            request.wait()
        else:
            link.recv(0)

    with pytest.raises(RankFailed, match="changed the array of its isend to 1"):
        gloo(program, 2)
