"""Public tests of lesson 06: small arrays on a few ranks over a metered network.

They ask for the same things as grading does: the values, bit for bit where an order of
adding is given; bytes, messages and the longest chain; links that hold no message, so
that a circle of waiting ranks shows; sizes that the number of ranks does not divide;
arguments that stay as they were, and what is refused. The hidden tests ask on other
inputs; the lesson's page lists what only they ask.
"""

import math

import numpy as np
import pytest

from autograder.student.testing import check

NETWORK = "Exercise: the network. Who receives while all ranks send?"
COMBINE = {"sum": np.add, "mean": np.add, "max": np.maximum, "min": np.minimum}


# --- inputs, and what is right ------------------------------------------------------


def arrays(rng, n, shape, dtype=np.float64):
    """Return an array a rank, of sizes so different that the order of adding shows."""
    x = rng.standard_normal((n, *shape)) * 2.0 ** rng.integers(-9, 9, (n, *shape))
    return list(x.astype(dtype))


def lengths(length, n):
    """Return how many elements each of n chunks has."""
    return [length // n + (c < length % n) for c in range(n)]


def chunks(x, n):
    """Cut an array's elements into n chunks."""
    return np.split(x.ravel(), np.cumsum(lengths(x.size, n))[:-1])


def ring_chunk(xs, c, op):
    """Return chunk c, which starts at rank c and meets c + 1, c + 2, ... in turn."""
    n = len(xs)
    total = chunks(xs[c], n)[c]
    for r in range(c + 1, c + n):
        total = COMBINE[op](total, chunks(xs[r % n], n)[c])
    return total / n if op == "mean" else total


def ring(xs, op):
    """Return what a ring makes of the arrays."""
    whole = np.concatenate([ring_chunk(xs, c, op) for c in range(len(xs))])
    return whole.reshape(xs[0].shape)


def joined(xs, op, distances):
    """Return what rank 0 has when rank r + d hands its array to r, for each d."""
    totals = dict(enumerate(xs))
    for d in distances:
        for r in [r for r in totals if r + d in totals and r % (2 * d) < d]:
            totals[r] = COMBINE[op](totals[r], totals.pop(r + d))
    return totals[0] / len(xs) if op == "mean" else totals[0]


# --- asking and judging -------------------------------------------------------------


def ask(ranks, name, xs, op="sum", **network):
    """Run reduce_scatter or an all-reduce of one array a rank."""
    n = len(xs)
    return ranks.run(name, n, lambda r: (r, n, xs[r], op, ranks.LINK), **network)


def finished(out, where, look):
    """Check that no rank waits for ever, and that no request is left alone."""
    evidence = f"{out.deadlock}"
    check.true(out.deadlock is None, where=where, evidence=evidence, look=NETWORK)
    at = f"{where}: requests of isend that no wait() followed"
    check.equal(sum(out.unwaited), 0, where=at, look=NETWORK)
    at = f"{where}: messages that nobody received"
    check.equal(sum(out.unreceived.values()), 0, where=at, look=look)


def same(got, want, where, look):
    """Check shape, dtype and values, and tell another rounding from a wrong value."""
    check.shape(got, want.shape, where=where, look=look)
    check.dtype(got, want.dtype, where=where, look=look)
    near = np.abs(np.nan_to_num(np.float64(want), posinf=0, neginf=0)).max(initial=1.0)
    exact = want.dtype.kind != "f"
    room = 0.0 if exact else 64 * float(np.finfo(want.dtype).eps) * near
    check.close(got, want, atol=room, where=where, look=look)
    evidence = "right up to rounding: another order of adding, or divided elsewhere"
    bits = np.array_equal(got, want, equal_nan=not exact)
    check.true(bits, where=where, evidence=evidence, look=look)


def everywhere(out, want, where, look):
    """Check that every rank ended, with these bits."""
    finished(out, where, look)
    for rank, got in enumerate(out.results):
        same(got, want, f"{where}, rank {rank}", look)


def budget(out, sent, steps, where, look, messages=None):
    """Check the bytes of each rank, the longest chain, and messages by link."""
    check.equal(out.sent_bytes, sent, where=f"{where}: bytes sent", look=look)
    if messages is not None:
        used = {way: count for way, count in out.messages.items() if count}
        at = f"{where}: messages from (rank, to rank)"
        check.equal(used, messages, where=at, look=look)
    at = f"{where}: longest chain of messages"
    check.equal(out.steps, steps, where=at, look=look)


def round_the_ring(n, each):
    """Return the messages by link where each rank sends to its right."""
    return {(r, (r + 1) % n): each for r in range(n)}


def look_after(module, name, place, *args):
    """Return an argument after a call, and whether the answer shares its memory."""
    import numpy as np

    answer = getattr(module, name)(*args)
    if isinstance(answer, tuple):
        answer = answer[1]
    return args[place], bool(np.shares_memory(answer, args[place]))


def untouched(ranks, name, make, place, look):
    """Check, on one rank and on two, that an argument stays and is not handed back.

    Args:
        ranks: the fixture.
        name: the function.
        make: gives its arguments, for a rank and n.
        place: which of them is looked at.
        look: where to read on.
    """
    for n in (1, 2):
        given = [make(r, n) for r in range(n)]
        before = [args[place].copy() for args in given]
        out = ranks.run(look_after, n, lambda r, all=given: (name, place, *all[r]))
        where = f"{name}, n = {n}: its argument"
        finished(out, where, look)
        for old, (new, shared) in zip(before, out.results, strict=True):
            check.unchanged(new, old, where=where, look=look)
            evidence = "the result shares memory with it: return a new array"
            check.true(not shared, where=where, evidence=evidence, look=look)


def refused(ranks, name, what, make, look, n=2):
    """Check that every rank raises ValueError before any message."""
    out = ranks.run(name, n, lambda r: make(r, n), check=False)
    where = f"{name}, n = {n}, {what}"
    for rank in range(n):
        error = out.errors.get(rank)
        found = "no error" if error is None else error.type_name
        check.equal(found, "ValueError", where=f"{where}, rank {rank}", look=look)
    at = f"{where}: messages before the error"
    check.equal(sum(out.messages.values()), 0, where=at, look=look)


def reducing(ranks, name, look):
    """Check what an all-reduce, or reduce_scatter, leaves alone and refuses."""

    def make(r, n, op="sum", dtype=np.float64):
        return r, n, np.ones(6, dtype), op, ranks.LINK

    untouched(ranks, name, make, 2, look)
    for op, dtype in (("product", float), ("mean", int), ("sum", bool)):
        what = f"{op!r} of {np.dtype(dtype)}"
        refused(ranks, name, what, lambda r, n, o=op, d=dtype: make(r, n, o, d), look)


# --- 1: chunk_bounds ----------------------------------------------------------------


@pytest.mark.task("chunk_bounds")
def test_chunk_bounds(student):
    for length, n, want in (
        (10, 4, [(0, 3), (3, 6), (6, 8), (8, 10)]),
        (6, 3, [(0, 2), (2, 4), (4, 6)]),
        (11, 4, [(0, 3), (3, 6), (6, 9), (9, 11)]),
        (5, 1, [(0, 5)]),
    ):
        where = f"chunk_bounds of {length} elements in {n} chunks"
        got = student.chunk_bounds(length, n)
        check.equal(got, want, where=where, look="Chapter, step 1.")


@pytest.mark.task("chunk_bounds")
def test_chunk_bounds_of_odd_sizes(student):
    third = 10**17 // 3
    for length, n, want in (
        (2, 4, [(0, 1), (1, 2), (2, 2), (2, 2)]),
        (0, 2, [(0, 0), (0, 0)]),
        (
            10**17,
            3,
            [(0, third + 1), (third + 1, 2 * third + 1), (2 * third + 1, 10**17)],
        ),
    ):
        where = f"chunk_bounds of {length} elements in {n} chunks"
        got = student.chunk_bounds(length, n)
        check.equal(got, want, where=where, look="Chapter, step 1.")
    for length, n in ((10, 0), (10, -2), (-1, 3)):
        where = f"chunk_bounds of {length} elements in {n} chunks"
        check.raises(ValueError, student.chunk_bounds, length, n, where=where)


# --- 2: reduce_scatter --------------------------------------------------------------

STEP_2 = "Chapter, step 2."


def scattered(out, xs, op, where, look=STEP_2):
    """Check that rank r has chunk (r + 1) mod n, complete."""
    finished(out, where, look)
    n = len(xs)
    for rank, answer in enumerate(out.results):
        pair = isinstance(answer, tuple | list) and len(answer) == 2
        at, evidence = f"{where}, rank {rank}", "the result is not (chunk_id, chunk)"
        check.true(pair, where=at, evidence=evidence, look=look)
        own = (rank + 1) % n
        check.equal(answer[0], own, where=f"{at}: chunk_id", look=look)
        same(answer[1], ring_chunk(xs, own, op), f"{at}: chunk {own}", look)


@pytest.mark.task("reduce_scatter")
def test_reduce_scatter(ranks, rng):
    xs = arrays(rng, 4, (8,))
    out, where = ask(ranks, "reduce_scatter", xs), "reduce_scatter of 8 elements, n = 4"
    scattered(out, xs, "sum", where)
    budget(out, [48] * 4, 3, where, STEP_2, round_the_ring(4, 3))
    xs = arrays(rng, 3, (10,))
    out, where = (
        ask(ranks, "reduce_scatter", xs),
        "reduce_scatter of 10 elements, n = 3",
    )
    scattered(out, xs, "sum", where)
    budget(out, [56, 56, 48], 2, where, STEP_2)


@pytest.mark.task("reduce_scatter")
def test_reduce_scatter_on_links_that_hold_little(ranks, rng):
    for capacity, n in ((1, 3), (0, 4)):
        xs = arrays(rng, n, (9,))
        where = f"reduce_scatter, n = {n}, links that hold {capacity} messages"
        out = ask(ranks, "reduce_scatter", xs, capacity=capacity)
        scattered(out, xs, "sum", where)


@pytest.mark.task("reduce_scatter")
def test_reduce_scatter_of_other_ops(ranks, rng):
    xs = arrays(rng, 3, (20,), np.float32)
    below = [-1 - abs(x) for x in xs]
    for op, given in (("mean", xs), ("max", below), ("min", [-x for x in below])):
        out = ask(ranks, "reduce_scatter", given, op)
        scattered(out, given, op, f"reduce_scatter, {op}, n = 3")


@pytest.mark.task("reduce_scatter")
def test_reduce_scatter_of_few_elements(ranks, rng):
    for n, length in ((4, 2), (3, 0), (1, 3)):
        xs = arrays(rng, n, (length,))
        out = ask(ranks, "reduce_scatter", xs, "mean")
        where = f"reduce_scatter of {length} elements, n = {n}"
        scattered(out, xs, "mean", where)
        at = f"{where}: longest chain of messages"
        check.equal(out.steps, n - 1, where=at, look=STEP_2)


@pytest.mark.task("reduce_scatter")
def test_reduce_scatter_of_odd_arrays(ranks, rng):
    xs = [x.T for x in arrays(rng, 3, (4, 5))]
    out = ask(ranks, "reduce_scatter", xs)
    scattered(out, xs, "sum", "reduce_scatter of a transposed matrix, n = 3")
    xs = [np.full(4, size, np.float16) for size in (2048, 1, 1, 1)]
    out = ask(ranks, "reduce_scatter", xs)
    scattered(out, xs, "sum", "reduce_scatter of float16: 2048, 1, 1, 1")
    xs = [np.array([1.0, np.nan]), np.array([np.nan, 1.0])]
    out = ask(ranks, "reduce_scatter", xs, "max")
    scattered(out, xs, "max", "reduce_scatter, max with NaN")
    reducing(ranks, "reduce_scatter", STEP_2)


# --- 3: all_gather ------------------------------------------------------------------

STEP_3 = "Chapter, step 3."


def gather(ranks, x, n, shift, **network):
    """Run all_gather where rank r holds chunk r + shift of x."""
    parts = chunks(x, n)

    def make(r):
        c = (r + shift) % n
        return r, n, c, parts[c], x.size, ranks.LINK

    return ranks.run("all_gather", n, make, **network)


@pytest.mark.task("all_gather")
def test_all_gather(ranks):
    x = np.arange(8.0)
    out, where = gather(ranks, x, 4, 1), "all_gather of 8 elements, n = 4"
    everywhere(out, x, where, STEP_3)
    budget(out, [48] * 4, 3, where, STEP_3, round_the_ring(4, 3))
    x = np.arange(10.0)
    for shift in (0, 1, 2):
        where = f"all_gather of 10 elements, n = 4, chunk_id = (rank + {shift}) mod 4"
        everywhere(gather(ranks, x, 4, shift), x, where, STEP_3)


@pytest.mark.task("all_gather")
def test_all_gather_on_links_that_hold_little(ranks):
    x = np.arange(7.0)
    for capacity, n in ((1, 4), (0, 3)):
        where = f"all_gather, n = {n}, links that hold {capacity} messages"
        everywhere(gather(ranks, x, n, 1, capacity=capacity), x, where, STEP_3)


@pytest.mark.task("all_gather")
def test_all_gather_of_few_elements(ranks):
    for n, length in ((4, 2), (3, 0), (1, 2)):
        x = np.arange(length, dtype=np.int32)
        out, where = gather(ranks, x, n, 1), f"all_gather of {length} int32, n = {n}"
        everywhere(out, x, where, STEP_3)
        at = f"{where}: longest chain of messages"
        check.equal(out.steps, n - 1, where=at, look=STEP_3)


@pytest.mark.task("all_gather")
def test_all_gather_refuses(ranks):
    def make(r, n, chunk_id=None, shape=(3,)):
        chunk_id = r if chunk_id is None else chunk_id
        return r, n, chunk_id, np.ones(shape), 3 * n, ranks.LINK

    for what, options in (
        ("chunk_id -1", {"chunk_id": -1}),
        ("chunk_id 2", {"chunk_id": 2}),
        ("a chunk of one element instead of 3", {"shape": (1,)}),
        ("a chunk of shape (1, 3)", {"shape": (1, 3)}),
    ):
        refused(
            ranks, "all_gather", what, lambda r, n, o=options: make(r, n, **o), STEP_3
        )
    untouched(ranks, "all_gather", make, 3, STEP_3)


# --- 4: ring_allreduce --------------------------------------------------------------

STEP_4 = "Chapter, step 4."


@pytest.mark.task("ring_allreduce")
def test_ring_allreduce(ranks, rng):
    xs = arrays(rng, 4, (8,))
    out, where = ask(ranks, "ring_allreduce", xs), "ring_allreduce of 8 elements, n = 4"
    everywhere(out, ring(xs, "sum"), where, STEP_4)
    budget(out, [96] * 4, 6, where, STEP_4, round_the_ring(4, 6))
    xs = arrays(rng, 3, (10,))
    out, where = (
        ask(ranks, "ring_allreduce", xs),
        "ring_allreduce of 10 elements, n = 3",
    )
    everywhere(out, ring(xs, "sum"), where, STEP_4)
    budget(out, [112, 104, 104], 4, where, STEP_4)


@pytest.mark.task("ring_allreduce")
def test_ring_allreduce_of_means_and_shapes(ranks, rng):
    for shape in ((2, 5), (3, 1, 2), ()):
        xs = arrays(rng, 3, shape, np.float32)
        out = ask(ranks, "ring_allreduce", xs, "mean", capacity=0)
        where = f"ring_allreduce, mean of shape {shape}, n = 3, links without room"
        everywhere(out, ring(xs, "mean"), where, STEP_4)
        sent = [4 * size for size in ring_elements(xs[0].size, 3)]
        budget(out, sent, 4, where, STEP_4)


def ring_elements(length, n):
    """Return the elements that each rank sends: all chunks but one, twice."""
    size = lengths(length, n)
    return [2 * length - size[(r + 1) % n] - size[(r + 2) % n] for r in range(n)]


@pytest.mark.task("ring_allreduce")
def test_ring_allreduce_in_odd_cases(ranks, rng):
    xs = arrays(rng, 1, (2, 2))
    out, where = ask(ranks, "ring_allreduce", xs, "mean"), "ring_allreduce, n = 1"
    everywhere(out, xs[0], where, STEP_4)
    budget(out, [0], 0, where, STEP_4)
    xs = [x.T for x in arrays(rng, 4, (2, 1))]
    where = "ring_allreduce of a transposed matrix of 2 elements, n = 4"
    everywhere(ask(ranks, "ring_allreduce", xs), ring(xs, "sum"), where, STEP_4)
    reducing(ranks, "ring_allreduce", STEP_4)


# --- 5: tree_allreduce --------------------------------------------------------------

STEP_5 = "Chapter, step 5."


@pytest.mark.task("tree_allreduce")
def test_tree_allreduce(ranks, rng):
    for n, sent, steps in (
        (4, [128, 64, 128, 64], 4),
        (6, [192, 64, 128, 64, 128, 64], 4),
    ):
        xs = arrays(rng, n, (2, 4))
        want = joined(xs, "sum", (1, 2, 4))
        where = f"tree_allreduce of 8 elements, n = {n}"
        out = ask(ranks, "tree_allreduce", xs, capacity=0)
        everywhere(out, want, where, STEP_5)
        budget(out, sent, steps, where, STEP_5)


@pytest.mark.task("tree_allreduce")
def test_tree_allreduce_of_means(ranks, rng):
    for n in (1, 3, 5):
        xs = arrays(rng, n, (3,), np.float32)
        where = f"tree_allreduce, mean, n = {n}"
        out = ask(ranks, "tree_allreduce", xs, "mean")
        everywhere(out, joined(xs, "mean", (1, 2, 4)), where, STEP_5)


@pytest.mark.task("tree_allreduce")
def test_tree_allreduce_in_odd_cases(ranks, rng):
    xs = [-1 - abs(x.T) for x in arrays(rng, 3, (2, 3))]
    where = "tree_allreduce, max of a transposed matrix, n = 3"
    out = ask(ranks, "tree_allreduce", xs, "max")
    everywhere(out, joined(xs, "max", (1, 2)), where, STEP_5)
    reducing(ranks, "tree_allreduce", STEP_5)


# --- 6: halving_doubling ------------------------------------------------------------

STEP_6 = "Chapter, step 6."


@pytest.mark.task("halving_doubling")
def test_halving_doubling(ranks, rng):
    xs = arrays(rng, 4, (8,))
    out, where = (
        ask(ranks, "halving_doubling", xs),
        "halving_doubling, 8 elements, n = 4",
    )
    everywhere(out, joined(xs, "sum", (2, 1)), where, STEP_6)
    budget(out, [96] * 4, 4, where, STEP_6)
    near, far = 32, 64  # two chunks of two elements, and twice as much
    want = {(r, r ^ 1): near for r in range(4)} | {(r, r ^ 2): far for r in range(4)}
    at = f"{where}: bytes from (rank, to rank)"
    check.equal(out.bytes_by_link, want, where=at, look=STEP_6)


@pytest.mark.task("halving_doubling")
def test_halving_doubling_of_uneven_sizes(ranks, rng):
    for n, length, sent, steps in (
        (4, 11, [136, 136, 128, 128], 4),
        (6, 9, [184, 184, 104, 104, 72, 72], 6),
        (8, 5, [88, 88, 88, 88, 56, 56, 48, 48], 6),
    ):
        xs = arrays(rng, n, (length,))
        where = f"halving_doubling of {length} elements, n = {n}"
        out = ask(ranks, "halving_doubling", xs, capacity=n % 4)
        distances = (4, 2, 1)
        everywhere(out, joined(xs, "sum", distances), where, STEP_6)
        budget(out, sent, steps, where, STEP_6)


@pytest.mark.task("halving_doubling")
def test_halving_doubling_of_means(ranks, rng):
    for n, distances in ((1, ()), (2, (1,)), (3, (2, 1)), (5, (4, 2, 1))):
        xs = arrays(rng, n, (2, 3), np.float32)
        where = f"halving_doubling, mean, n = {n}, links without room"
        out = ask(ranks, "halving_doubling", xs, "mean", capacity=0)
        everywhere(out, joined(xs, "mean", distances), where, STEP_6)


@pytest.mark.task("halving_doubling")
def test_halving_doubling_in_odd_cases(ranks, rng):
    for length in (2, 0):
        xs = arrays(rng, 4, (length,))
        where = f"halving_doubling of {length} elements, n = 4"
        out = ask(ranks, "halving_doubling", xs)
        everywhere(out, joined(xs, "sum", (2, 1)), where, STEP_6)
        at = f"{where}: longest chain of messages"
        check.equal(out.steps, 4, where=at, look=STEP_6)
    reducing(ranks, "halving_doubling", STEP_6)
    refused(
        ranks,
        "halving_doubling",
        "'product'",
        lambda r, n: (r, n, np.ones(6), "product", ranks.LINK),
        STEP_6,
        n=3,
    )


# --- 7: cost and crossover ----------------------------------------------------------

STEP_7 = "Chapter, step 7."


@pytest.mark.task("cost")
def test_cost(student):
    for alg, n, g, want in (
        ("ring", 8, 0, 14 + 14 / 8 * 4),
        ("tree", 8, 0, 6 + 6 * 4),
        ("halving_doubling", 8, 0, 6 + 14 / 8 * 4),
        ("ring", 6, 3, 10 + 10 / 6 * 4 + 3 * 5 / 6 * 4),
        ("tree", 6, 3, 6 + 6 * 4 + 3 * 3 * 4),
        ("tree", 9, 0, 8 + 8 * 4),
        ("halving_doubling", 6, 3, 4 + 6 / 4 * 4 + 3 * 3 / 4 * 4 + 2 + 8 + 12),
    ):
        where = f"cost of {alg}, n = {n}, M = 4, a = 1, b = 1, g = {g}"
        got = student.cost(alg, n, 4, 1, 1, g)
        check.close(got, want, rtol=1e-12, where=where, look=STEP_7)


@pytest.mark.task("cost")
def test_cost_in_odd_cases(student):
    for alg in ("ring", "tree", "halving_doubling"):
        got = student.cost(alg, 1, 4, 1, 1, 1)
        check.close(got, 0.0, where=f"cost of {alg}, n = 1", look=STEP_7)
    for alg, n in (("ring", 0), ("tree", -3), ("star", 4)):
        where = f"cost of {alg!r}, n = {n}"
        check.raises(
            ValueError, student.cost, alg, n, 4, 1, 1, where=where, look=STEP_7
        )


@pytest.mark.task("cost")
def test_crossover(student):
    a, b = 10e-6, 1 / 12.5e9
    for small, large, n, step, byte, g, want in (
        ("tree", "ring", 4, a, b, 0, 1e5),
        ("tree", "ring", 4, a, b, b, 2 * 125_000 / (6 - 9 / 4)),
        ("halving_doubling", "ring", 6, a, b, 0, 4 * 125_000 / (3.5 - 10 / 6)),
        ("ring", "tree", 4, a, b, 0, math.inf),  # fewer steps, more bytes
        ("tree", "ring", 2, a, b, 0, 0.0),  # as many steps, fewer bytes
        ("ring", "halving_doubling", 4, 1.0, 0.5, 0, 0.0),  # fewer steps, same bytes
        ("halving_doubling", "ring", 4, 1.0, 0.5, 0, math.inf),
        ("ring", "ring", 4, 1.0, 0.5, 0, math.inf),
    ):
        where = f"crossover from {small} to {large}, n = {n}, g = {g}"
        got = student.crossover(small, large, n, step, byte, g)
        check.close(got, want, rtol=1e-9, where=where, look=STEP_7)


# --- 8: ddp_step --------------------------------------------------------------------

STEP_8 = "Chapter, step 8."


def model(rng, n, shapes, dtypes=None):
    """Return parameters, and each rank's gradients."""
    dtypes = dtypes or [np.float64] * len(shapes)
    params = [np.ones(s, d) for s, d in zip(shapes, dtypes, strict=True)]
    layers = [arrays(rng, n, p.shape, p.dtype) for p in params]
    return params, [[layer[r] for layer in layers] for r in range(n)]


def stepped(ranks, params, grads, bucket_bytes, buckets, where, **network):
    """Check a step: its averages, and which gradients travel together.

    Args:
        ranks: the fixture.
        params: the parameters.
        grads: each rank's gradients.
        bucket_bytes: the size of a bucket.
        buckets: of each bucket, its parameters in the order in which they enter.
        where: what is special about it.
        network: options of the run.
    """
    n, where = len(grads), f"ddp_step, {where}"
    args = lambda r: (r, n, params, grads[r], bucket_bytes, ranks.LINK)  # noqa: E731
    out = ranks.run("ddp_step", n, args, **network)
    finished(out, where, STEP_8)
    want = [None] * len(params)
    for bucket in buckets:
        flat = [[g[i] for i in bucket] for g in grads]
        flat = [
            [params[i] * 0 if x is None else x for i, x in zip(bucket, xs, strict=True)]
            for xs in flat
        ]
        mean = ring([np.concatenate([x.ravel() for x in xs]) for xs in flat], "mean")
        for i in bucket:
            want[i] = mean[: params[i].size].reshape(params[i].shape)
            mean = mean[params[i].size :]
    for rank, got in enumerate(out.results):
        at, count = f"{where}, rank {rank}", len(params)
        good = isinstance(got, list) and len(got) == count
        check.true(good, where=at, evidence=f"the result is no list of {count}")
        for i, (x, y) in enumerate(zip(got, want, strict=True)):
            here = f"{at}, parameter {i}"
            none = x is None, y is None
            check.equal(none[0], none[1], where=f"{here}: is it None", look=STEP_8)
            if y is not None:
                same(x, y, here, STEP_8)
    rings = [(len(params), 1)]
    rings += [(sum(params[i].size for i in b), params[b[0]].itemsize) for b in buckets]
    travel = []
    for length, itemsize in rings:
        size = lengths(length, n)
        order = [(first - i) % n for first in (0, 1) for i in range(n - 1)]
        travel += [size[c] * itemsize for c in order]
    found = [t.bytes for t in out.timeline if (t.source, t.to) == (0, 1)]
    at = f"{where}: bytes of each message from rank 0 to 1, the question first"
    check.equal(found, travel, where=at, look=STEP_8)


@pytest.mark.task("ddp_step")
def test_ddp_step(ranks, rng):
    params, grads = model(rng, 2, [(3,), (2, 2), (9,), (1,), (4,)])
    where = "gradients of 3, 4, 9, 1 and 4 numbers, buckets of 5"
    stepped(ranks, params, grads, 40, [[4, 3], [2], [1], [0]], where)
    where = "gradients of 3, 4, 9, 1 and 4 numbers, one bucket, 2 ranks without room"
    stepped(ranks, params, grads, 10**4, [[4, 3, 2, 1, 0]], where, capacity=0)
    params, grads = model(rng, 3, [(2,), (5,)])
    stepped(ranks, params, grads, 1, [[1], [0]], "3 ranks, buckets of 1 byte")


@pytest.mark.task("ddp_step")
def test_ddp_step_of_dtypes(ranks, rng):
    kinds = [np.float64, np.float32, np.float64, np.float64]
    params, grads = model(rng, 2, [(3,), (2,), (1,), (5,)], kinds)
    where = "float64, float32, float64, float64"
    stepped(ranks, params, grads, 10**4, [[3, 2], [1], [0]], where)


@pytest.mark.task("ddp_step")
def test_ddp_step_where_gradients_are_none(ranks, rng):
    params, grads = model(rng, 2, [(2,), (6,), (3,)], [np.float32] * 3)
    grads[0][2] = grads[0][1] = grads[1][1] = None
    where = "one gradient missing on rank 0, one on both"
    stepped(ranks, params, grads, 20, [[2, 0]], where)
    stepped(ranks, params, [[None] * 3] * 2, 20, [], "no gradient at all")


@pytest.mark.task("ddp_step")
def test_ddp_step_of_odd_shapes(ranks, rng):
    params, grads = model(rng, 2, [(), (0, 2), (3, 2)])
    for mine in grads:
        mine[2] = np.asfortranarray(mine[2])
    where = "no axes, no elements, columns first"
    stepped(ranks, params, grads, 10**4, [[2, 1, 0]], where)
    params, grads = model(rng, 1, [(3,)])
    stepped(ranks, params, grads, 64, [[0]], "n = 1")


def gradients_after(module, rank, n, params, grads, bucket_bytes, link):
    """Return the gradients after a step, and whether an answer shares their memory."""
    import numpy as np

    kept = list(grads)
    answer = module.ddp_step(rank, n, params, grads, bucket_bytes, link)
    pairs = [(x, y) for x in answer for y in kept if x is not None and y is not None]
    same = all(x is y for x, y in zip(grads, kept, strict=True))
    return kept, same and not any(np.shares_memory(x, y) for x, y in pairs)


@pytest.mark.task("ddp_step")
def test_ddp_step_leaves_and_refuses(ranks, rng):
    for n in (1, 2):
        params, grads = model(rng, n, [(2,), (3,)])
        grads[0][1] = None
        before = [[None if g is None else g.copy() for g in mine] for mine in grads]

        def make(r, n=n, params=params, grads=grads):
            return r, n, params, grads[r], 64, ranks.LINK

        out, where = ranks.run(gradients_after, n, make), f"ddp_step, n = {n}: grads"
        finished(out, where, STEP_8)
        for olds, (news, apart) in zip(before, out.results, strict=True):
            for old, new in zip(olds, news, strict=True):
                if old is not None:
                    check.unchanged(new, old, where=where, look=STEP_8)
            evidence = "the list was changed, or an answer shares memory with it"
            check.true(apart, where=where, evidence=evidence, look=STEP_8)
    params, right = [np.ones(3), np.ones((2, 2))], [np.ones(3), np.ones((2, 2))]
    for what, grads, size in (
        ("buckets of 0 bytes", right, 0),
        ("one gradient too few", right[:1], 64),
        ("a gradient of another shape", [right[0], np.ones(4)], 64),
        ("a gradient of another dtype", [np.float32(right[0]), right[1]], 64),
    ):

        def wrong(r, n, grads=grads, size=size):
            return r, n, params, grads, size, ranks.LINK

        refused(ranks, "ddp_step", what, wrong, STEP_8)
