"""Public tests of lesson 06: the shape of each contract, on friendly inputs.

The hidden tests ask more: the order of every addition, ragged and empty chunks, strided
arrays, other dtypes, one rank and eight, slow links and links that hold no message.
"""

import math

import numpy as np
import pytest

from autograder.student.testing import check

X = np.arange(32.0).reshape(4, 8)  # one row a rank; chunks of two elements


def everywhere(out, want, where, look):
    """Check that every rank ended, with this array."""
    check.true(out.deadlock is None, where=where, evidence=str(out.deadlock), look=look)
    for rank, got in enumerate(out.results):
        check.close(got, want, where=f"{where}, rank {rank}", look=look)


def budget(out, sent, steps, where, look):
    """Check the bytes that each rank sends and the longest chain of messages."""
    check.equal(out.sent_bytes, sent, where=f"{where}: bytes sent", look=look)
    check.equal(out.steps, steps, where=f"{where}: steps", look=look)


def reduce_all(ranks, name, op, **network):
    """Run an all-reduce of X on four ranks."""
    return ranks.run(name, 4, lambda r: (r, 4, X[r], op, ranks.LINK), **network)


@pytest.mark.task("chunk_bounds")
def test_chunk_bounds(student):
    got = student.chunk_bounds(10, 4)
    where = "chunk_bounds of 10 elements in 4 chunks"
    want = [(0, 3), (3, 6), (6, 8), (8, 10)]
    check.equal(got, want, where=where, look="Chapter, step 1.")
    check.raises(ValueError, student.chunk_bounds, 10, 0, where="chunk_bounds, n = 0")


@pytest.mark.task("reduce_scatter")
def test_reduce_scatter(ranks):
    out = reduce_all(ranks, "reduce_scatter", "sum")
    where, look = "reduce_scatter of 8 elements, n = 4", "Chapter, step 2."
    check.true(out.deadlock is None, where=where, evidence=str(out.deadlock), look=look)
    for rank, (chunk_id, chunk) in enumerate(out.results):
        own = (rank + 1) % 4
        at = f"{where}, rank {rank}"
        check.equal(chunk_id, own, where=f"{at}: chunk_id", look=look)
        want = X.sum(axis=0)[2 * own : 2 * own + 2]
        check.close(chunk, want, where=f"{at}: chunk", look=look)
    budget(out, [48] * 4, 3, where, look)


@pytest.mark.task("all_gather")
def test_all_gather(ranks):
    whole = np.arange(8.0)
    out = ranks.run(
        "all_gather",
        4,
        lambda r: (r, 4, r, whole[2 * r : 2 * r + 2], 8, ranks.LINK),
    )
    where, look = "all_gather of 8 elements, chunk_id = rank, n = 4", "Chapter, step 3."
    everywhere(out, whole, where, look)
    budget(out, [48] * 4, 3, where, look)


@pytest.mark.task("ring_allreduce")
def test_ring_allreduce(ranks):
    look = "Chapter, step 4."
    total = reduce_all(ranks, "ring_allreduce", "sum")
    mean = reduce_all(ranks, "ring_allreduce", "mean", capacity=0)
    where = "ring_allreduce of 8 elements, n = 4"
    everywhere(total, X.sum(axis=0), where, look)
    budget(total, [96] * 4, 6, where, look)
    everywhere(mean, X.mean(axis=0), f"{where}, mean, links without room", look)


@pytest.mark.task("tree_allreduce")
def test_tree_allreduce(ranks):
    look = "Chapter, step 5."
    out = reduce_all(ranks, "tree_allreduce", "max")
    where = "tree_allreduce of 8 elements, n = 4"
    everywhere(out, X.max(axis=0), where, look)
    budget(out, [128, 64, 128, 64], 4, where, look)


@pytest.mark.task("halving_doubling")
def test_halving_doubling(ranks):
    look = "Chapter, step 6."
    four = reduce_all(ranks, "halving_doubling", "sum")
    three = ranks.run("halving_doubling", 3, lambda r: (r, 3, X[r], "mean", ranks.LINK))
    where = "halving_doubling of 8 elements, n = 4"
    everywhere(four, X.sum(axis=0), where, look)
    budget(four, [96] * 4, 4, where, look)
    everywhere(three, X[:3].mean(axis=0), "halving_doubling, mean, n = 3", look)


@pytest.mark.task("cost")
def test_cost(student):
    look = "Chapter, step 7."
    for alg, want in (("ring", 14 + 7), ("tree", 6 + 24), ("halving_doubling", 6 + 7)):
        got = student.cost(alg, 8, 4, 1, 1)
        check.close(got, want, rtol=1e-12, where=f"cost of {alg}, n = 8", look=look)
    got = student.crossover("tree", "ring", 4, 10e-6, 1 / 12.5e9)
    check.close(got, 1e5, rtol=1e-9, where="crossover, tree to ring, n = 4", look=look)
    got = student.crossover("ring", "tree", 4, 10e-6, 1 / 12.5e9)
    check.equal(got, math.inf, where="crossover, ring to tree, n = 4", look=look)


@pytest.mark.task("ddp_step")
def test_ddp_step(ranks):
    look = "Chapter, step 8."
    params = [np.zeros((2, 3)), np.zeros(4), np.zeros(2)]
    grads = [
        [np.full(p.shape, r + 10.0 * i) for i, p in enumerate(params)] for r in (0, 1)
    ]
    grads[0][2] = None
    out = ranks.run("ddp_step", 2, lambda r: (r, 2, params, grads[r], 48, ranks.LINK))
    where = "ddp_step, n = 2"
    check.true(out.deadlock is None, where=where, evidence=str(out.deadlock), look=look)
    for rank, averages in enumerate(out.results):
        for i, value in enumerate((0.5, 10.5, 10.5)):
            at = f"{where}, rank {rank}, parameter {i}"
            want = np.full(params[i].shape, value)
            check.close(averages[i], want, where=at, look=look)
    at = f"{where}: messages for the question and two buckets"
    check.equal(out.messages, {(0, 1): 6, (1, 0): 6}, where=at, look=look)
