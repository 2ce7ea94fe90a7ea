"""Hidden tests of lesson 06. NOTES.md says why every comparison is of bits.

All tests of a lesson stand in one file, longer than others: pytest collects it once for
a whole class.
"""

import itertools
import math

import numpy as np
import pytest

from autograder.student.testing import check

INF = math.inf
FUNCTIONS = {"sum": np.add, "mean": np.add, "max": np.maximum, "min": np.minimum}


# --- what is right: the additions one after another, without any network ------------


def sizes(length, n):
    """Return the elements of every chunk."""
    return [length // n + (c < length % n) for c in range(n)]


def cut(flat, n):
    return np.split(flat, np.cumsum(sizes(flat.size, n))[:-1])


def divided(total, n, op):
    return total / n if op == "mean" else total


def ring_chunk(xs, c, op):
    """Return chunk c, which starts at rank c and meets c + 1, c + 2, ... in turn."""
    n = len(xs)
    parts = [cut(x.ravel(), n)[c] for x in xs]
    total = parts[c]
    for k in range(1, n):
        total = FUNCTIONS[op](total, parts[(c + k) % n])
    return divided(total, n, op)


def ring(xs, op):
    whole = np.concatenate([ring_chunk(xs, c, op) for c in range(len(xs))])
    return whole.reshape(xs[0].shape)


def tree(xs, op):
    n, d, totals = len(xs), 1, list(xs)
    while d < n:
        for r in range(0, n - d, 2 * d):
            totals[r] = FUNCTIONS[op](totals[r], totals[r + d])
        d *= 2
    return divided(totals[0], n, op)


def halving(xs, op):
    n, f = len(xs), FUNCTIONS[op]
    p = 1 << (n.bit_length() - 1)
    parts = [f(xs[r], xs[r + p]) if r + p < n else xs[r] for r in range(p)]
    d = p // 2
    while d:
        parts = [f(parts[r], parts[r ^ d]) for r in range(p)]
        d //= 2
    chunks = [cut(parts[r].ravel(), p)[r] for r in range(p)]
    return divided(np.concatenate(chunks), n, op).reshape(xs[0].shape)


TRUTH = {"ring_allreduce": ring, "tree_allreduce": tree, "halving_doubling": halving}


def ring_elements(length, n):
    """Return the elements that every rank sends: twice all chunks but one."""
    s = sizes(length, n)
    return [2 * length - s[(r + 1) % n] - s[(r + 2) % n] for r in range(n)]


def ring_parcels(length, n):
    """Return the elements of every message that rank 0 sends, in order."""
    s = sizes(length, n)
    return [s[(first - i) % n] for first in (0, 1) for i in range(n - 1)]


def ring_messages(n, each):
    return {(r, (r + 1) % n): each for r in range(n)} if n > 1 else {}


def tree_messages(n):
    """Return the edges of the tree, each used once up and once down."""
    found, d = {}, 1
    while d < n:
        for r in range(d, n, 2 * d):
            found[r, r - d] = found[r - d, r] = 1
        d *= 2
    return found


def halving_traffic(length, n):
    """Return messages of every link and elements sent by every rank."""
    p = 1 << (n.bit_length() - 1)
    s, found, sent = sizes(length, p), {}, [0] * n
    for r in range(p, n):
        found[r, r - p] = found[r - p, r] = 1
        sent[r] += length
        sent[r - p] += length
    for r in range(p):
        d = 1
        while d < p:
            found[r, r ^ d] = 2  # once in halving, once in doubling
            for c in (r, r ^ d):  # doubling sends our group, halving the partner's
                sent[r] += sum(s[c // d * d : c // d * d + d])
            d *= 2
    return found, sent


# --- inputs -------------------------------------------------------------------------


def uneven(rng, n, shape, dtype=np.float64):
    """Return n arrays whose sum depends on the order of adding, and shows it.

    Sizes differ widely, and in every fourth element large parts cancel: there another
    order, or another rounding, changes the leading digit.
    """
    spread = 4.0 if np.dtype(dtype) == np.float16 else 12.0
    x = rng.standard_normal((n, *shape)) * 2.0 ** rng.uniform(-spread, spread, shape)
    x *= rng.choice([1.0, 7.0], x.shape)
    flat = x.reshape(n, -1)[:, 1::4]
    parts = rng.integers(-8, 9, flat.shape)
    parts[-1] = -parts[:-1].sum(axis=0)
    flat[...] = parts / 4 / np.finfo(dtype).eps + rng.standard_normal(flat.shape)
    return list(x.astype(dtype))


def room(xs):
    """Return how far rounding may move each element, whatever the order."""
    x = np.stack(xs)
    if x.dtype.kind != "f":
        return np.zeros(x.shape[1:])
    wide = np.abs(np.where(np.isfinite(x), x, 0).astype(np.float64))
    return len(xs) * float(np.finfo(x.dtype).eps) * wide.sum(axis=0)


# --- asking and judging -------------------------------------------------------------


def ask(ranks, name, xs, op="sum", **network):
    """Run an all-reduce, or reduce_scatter, of one array a rank."""
    n = len(xs)
    return ranks.run(
        name, n, args=lambda rank: (rank, n, xs[rank], op, ranks.LINK), **network
    )


def gather(ranks, n, parts, shift, length, **network):
    """Run all_gather: rank r starts with chunk r + shift."""
    return ranks.run(
        "all_gather",
        n,
        args=lambda r: (
            *(r, n, (r + shift) % n, parts[(r + shift) % n]),
            *(length, ranks.LINK),
        ),
        **network,
    )


def finished(out, where, look):
    check.true(out.deadlock is None, where=where, evidence=str(out.deadlock), look=look)


def waited(outs, name):
    """Check that no rank returned before all that it sent was taken."""
    unwaited = max(number for out in outs for number in out.unwaited)
    where = f"{name}: requests of isend without wait() when a rank returns"
    check.equal(unwaited, 0, where=where, look="Exercise: the network.")


def same_bits(got, want, where, look, allowed=0.0):
    """Check dtype, shape and bits, and tell a wrong value from another rounding."""
    check.shape(got, want.shape, where=where, look=look)
    check.dtype(got, want.dtype, where=where, look=look)
    check.close(got, want, atol=allowed, where=where, look=look)
    check.true(
        np.array_equal(got, want, equal_nan=want.dtype.kind == "f"),
        where=where,
        evidence="right up to rounding: another order of adding, or dividing elsewhere",
        look=look,
    )
    if want.dtype.kind == "f":
        real = ~np.isnan(want)
        check.true(
            np.array_equal(np.signbit(got[real]), np.signbit(want[real])),
            where=where,
            evidence="a zero has the wrong sign",
            look=look,
        )


def same_everywhere(out, want, where, look, allowed=0.0):
    """Check that every rank returned these bits."""
    finished(out, where, look)
    for rank, got in enumerate(out.results):
        same_bits(got, want, f"{where}, rank {rank}", look, allowed)


def traffic(out, elements, itemsize, messages, where, look):
    """Check bytes of every rank and messages of every link."""
    finished(out, where, look)
    for rank, (got, want) in enumerate(zip(out.sent_bytes, elements, strict=True)):
        at = f"{where}: bytes that rank {rank} of {len(elements)} sends"
        check.equal(got, want * itemsize, where=at, look=look)
    used = {link: count for link, count in out.messages.items() if count}
    for link in sorted(used.keys() | messages.keys()):
        at = f"{where}: messages from rank {link[0]} to rank {link[1]}"
        check.equal(used.get(link, 0), messages.get(link, 0), where=at, look=look)


def steps(out, want, where, look):
    check.equal(out.steps, want, where=f"{where}: longest chain of messages", look=look)


def refusals(ranks, name, cases, look):
    """Check that every rank raises ValueError before it sends anything.

    Args:
        cases: (kind, n, what rank r gets) of every call.
    """
    got = [ranks.run(name, n, args=make, check=False) for _, n, make in cases]
    for (kind, n, _), out in zip(cases, got, strict=True):
        where = f"{name}, {kind}, n = {n}"
        for rank in range(n):
            error = out.errors.get(rank)
            found = "no error" if error is None else error.type_name
            check.equal(found, "ValueError", where=where, look=look)
        where = f"{where}: messages before the error"
        check.equal(sum(out.messages.values()), 0, where=where, look=look)


def look_after(module, name, place, *args):
    """Return the answer, the argument afterwards, and whether they share memory."""
    import numpy as np

    answer = getattr(module, name)(*args)
    array = answer[1] if isinstance(answer, tuple) else answer
    return answer, args[place], bool(np.shares_memory(array, args[place]))


def untouched(ranks, name, xs, op, look):
    """Check that contiguous arrays, which no copy protects, stay as they were."""
    n, before = len(xs), [x.copy() for x in xs]
    out = ranks.run(
        look_after,
        n,
        args=lambda rank: (name, 2, rank, n, xs[rank], op, ranks.LINK),
    )
    where = f"{name}, n = {n}, {op}"
    finished(out, where, look)
    for rank, (_, after, shared) in enumerate(out.results):
        check.unchanged(after, before[rank], where=f"{where}, x", look=look)
        check.true(
            not shared,
            where=where,
            evidence="the result shares memory with x: return a new array",
            look=look,
        )


# --- 1. chunk_bounds ----------------------------------------------------------------


def bounds(length, n):
    edges = np.cumsum([0, *sizes(length, n)]).tolist()
    return list(itertools.pairwise(edges))


def check_bounds(student, cases):
    got = [student.chunk_bounds(length, n) for length, n in cases]
    for (length, n), answer in zip(cases, got, strict=True):
        where = f"chunk_bounds of {length} elements in {n} chunks"
        check.equal(answer, bounds(length, n), where=where, look="Chapter, step 1.")


@pytest.mark.task("chunk_bounds", weight=2)
def test_chunks_of_a_length_that_divides(student):
    check_bounds(student, [(12, 4), (5, 5), (7, 1)])


@pytest.mark.task("chunk_bounds", weight=2)
def test_chunks_of_a_ragged_length(student):
    check_bounds(student, [(10, 4), (11, 4), (9, 4), (17, 6), (1000003, 7)])


@pytest.mark.task("chunk_bounds", weight=2)
def test_chunks_of_fewer_elements_than_ranks(student):
    check_bounds(student, [(3, 5), (1, 4), (0, 3), (0, 1)])


@pytest.mark.task("chunk_bounds")
def test_chunks_of_an_enormous_length(student):
    check_bounds(student, [(2**60 + 5, 7), (10**17 + 3, 4)])


@pytest.mark.task("chunk_bounds")
def test_chunks_refuse_what_cannot_be_cut(student):
    look = "Chapter, step 1."
    for length, n in ((4, -2), (-1, 2), (4, 0)):
        where = f"chunk_bounds of {length} elements in {n} chunks"
        check.raises(
            ValueError, student.chunk_bounds, length, n, where=where, look=look
        )


# --- 2. reduce_scatter --------------------------------------------------------------


def check_scattered(out, xs, op, where, look="Chapter, step 2."):
    """Check that rank r holds chunk r + 1, with the right bits."""
    n = len(xs)
    finished(out, where, look)
    for rank, answer in enumerate(out.results):
        at = f"{where}, rank {rank}"
        check.true(
            isinstance(answer, tuple | list) and len(answer) == 2,
            where=at,
            evidence="the result is not a pair: chunk_id, chunk",
            look=look,
        )
        own = (rank + 1) % n
        check.equal(answer[0], own, where=f"{at}: chunk_id", look=look)
        allowed = cut(room(xs).ravel(), n)[own]
        want = ring_chunk(xs, own, op)
        same_bits(answer[1], want, f"{at}: chunk", look, allowed)


@pytest.mark.task("reduce_scatter", weight=3)
def test_scatter_adds_in_the_order_of_the_ring(ranks, rng):
    cases = [uneven(rng, n, (41,)) for n in (2, 3, 4, 5)]
    got = [ask(ranks, "reduce_scatter", xs) for xs in cases]
    for xs, out in zip(cases, got, strict=True):
        check_scattered(out, xs, "sum", f"reduce_scatter, n = {len(xs)}, 41 elements")


@pytest.mark.task("reduce_scatter", weight=3)
def test_scatter_counts_bytes_messages_and_steps(ranks, rng):
    look = "Chapter, step 2: n - 1 steps, one chunk each."
    cases = [(4, 10), (5, 3), (3, 0)]
    inputs = [[x.astype(np.float32) for x in uneven(rng, n, (k,))] for n, k in cases]
    got = [ask(ranks, "reduce_scatter", xs) for xs in inputs]
    for (n, length), xs, out in zip(cases, inputs, got, strict=True):
        where = f"reduce_scatter, n = {n}, {length} elements"
        check_scattered(out, xs, "sum", where)
        s = sizes(length, n)
        sent = [length - s[(r + 1) % n] for r in range(n)]
        traffic(out, sent, 4, ring_messages(n, n - 1), where, look)
        steps(out, n - 1, where, look)


@pytest.mark.task("reduce_scatter", weight=4)
def test_scatter_on_links_that_hold_little(ranks, rng):
    look = "Chapter, step 2: who receives while all ranks send?"
    for_one, for_none = uneven(rng, 3, (7,)), uneven(rng, 4, (9,))
    one = ask(ranks, "reduce_scatter", for_one, capacity=1, seed=3)
    none = ask(ranks, "reduce_scatter", for_none, capacity=0, seed=5)
    check_scattered(
        one, for_one, "sum", "reduce_scatter, links that hold one message", look
    )
    check_scattered(
        none, for_none, "sum", "reduce_scatter, links that hold no message", look
    )
    waited([one, none], "reduce_scatter")


@pytest.mark.task("reduce_scatter", weight=2)
def test_scatter_with_each_op_and_dtype(ranks, rng):
    n, length = 3, 14
    low = np.full(length, -100)
    integers = [low + rng.integers(0, 90, length) for _ in range(n)]
    truths = [rng.random(length) < 0.5 for _ in range(n)]
    cases = [
        ("sum", [x.astype(np.int8) // 4 for x in integers]),
        ("max", [x.astype(np.int32) for x in integers]),
        ("min", [-x.astype(np.int64) for x in integers]),
        ("max", truths),
        ("min", truths),
        ("sum", uneven(rng, n, (50,), np.float16)),
        ("mean", uneven(rng, n, (50,), np.float16)),
        ("mean", uneven(rng, n, (50,), np.float32)),
    ]
    got = [ask(ranks, "reduce_scatter", xs, op) for op, xs in cases]
    for (op, xs), out in zip(cases, got, strict=True):
        where = f"reduce_scatter, {op} of {xs[0].dtype}"
        check_scattered(out, xs, op, where, "Chapter, step 2: op and dtype.")


@pytest.mark.task("reduce_scatter")
def test_scatter_passes_on_nan_infinity_and_signed_zeros(ranks):
    xs = [np.arange(-6.0, 6.0) for _ in range(3)]
    xs[0][1], xs[1][5], xs[2][9], xs[0][10] = np.nan, np.nan, np.nan, np.inf
    xs[2][10], xs[1][11], xs[0][3], xs[2][2] = -np.inf, np.inf, -np.inf, -np.inf
    for x in xs:
        x[[0, 4, 8]] = -0.0
    got = [ask(ranks, "reduce_scatter", xs, op) for op in ("sum", "mean")]
    for op, out in zip(("sum", "mean"), got, strict=True):
        with np.errstate(invalid="ignore"):
            check_scattered(out, xs, op, f"reduce_scatter, {op}, NaN, inf and -0.0")
    for x in xs:
        x[[0, 4, 8]] = 2.0  # the sign of the larger of 0.0 and -0.0 is nobody's promise
    got = [ask(ranks, "reduce_scatter", xs, op) for op in ("max", "min")]
    for op, out in zip(("max", "min"), got, strict=True):
        check_scattered(out, xs, op, f"reduce_scatter, {op}, with NaN and infinities")


@pytest.mark.task("reduce_scatter", weight=2)
def test_scatter_takes_any_shape_and_leaves_it(ranks, rng):
    look = "Chapter, step 2: flatten to a copy in C order."
    base = uneven(rng, 3, (7, 10))
    turned = [x.T for x in base]
    spaced = [x[::2, ::-3] for x in base]
    got = [ask(ranks, "reduce_scatter", xs) for xs in (turned, spaced)]
    for xs, out in zip((turned, spaced), got, strict=True):
        where = "reduce_scatter, two-dimensional, strided x"
        check_scattered(out, xs, "sum", where, look)
    untouched(ranks, "reduce_scatter", uneven(rng, 3, (8,)), "sum", look)
    untouched(ranks, "reduce_scatter", uneven(rng, 3, (4, 2)), "mean", look)


@pytest.mark.task("reduce_scatter")
def test_scatter_on_one_rank(ranks, rng):
    look = "Chapter, step 2: with n = 1 the loop has no step."
    xs = uneven(rng, 1, (2, 3))
    out = ask(ranks, "reduce_scatter", xs)
    mean = ask(ranks, "reduce_scatter", xs, "mean")
    check_scattered(out, xs, "sum", "reduce_scatter, n = 1", look)
    check_scattered(mean, xs, "mean", "reduce_scatter, n = 1, mean", look)
    traffic(out, [0], 8, {}, "reduce_scatter, n = 1", look)
    untouched(ranks, "reduce_scatter", xs, "sum", look)


def check_refusals(ranks, name, look, counts=(1, 2)):
    """Check the ops that `combiner` refuses, on one rank and on several."""
    whole, flags = np.arange(6, dtype=np.int32), np.ones(6, bool)
    cases = [
        ("an unknown op", np.ones(6), "product"),
        ("mean of integers", whole, "mean"),
        ("sum of bools", flags, "sum"),
        ("mean of bools", flags, "mean"),
    ]
    calls = [
        (kind, n, lambda r, n=n, x=x, op=op: (r, n, x, op, ranks.LINK))
        for kind, x, op in cases
        for n in counts
    ]
    refusals(ranks, name, calls, look)


@pytest.mark.task("reduce_scatter")
def test_scatter_refuses_what_the_combiner_refuses(ranks):
    check_refusals(ranks, "reduce_scatter", "Chapter, step 2: ask combiner first.")


# --- 3. all_gather ------------------------------------------------------------------


@pytest.mark.task("all_gather", weight=3)
def test_gather_from_any_start_round_the_ring(ranks, rng):
    look = "Chapter, step 3: chunk_id, chunk_id - 1, ..."
    cases = [(n, s) for n, s in ((2, 0), (3, 1), (4, 0), (4, 3), (5, 2))]
    wholes = [rng.standard_normal(4 * n + 2) for n, _ in cases]
    got = [
        gather(ranks, n, cut(x, n), shift, x.size)
        for (n, shift), x in zip(cases, wholes, strict=True)
    ]
    for (n, shift), x, out in zip(cases, wholes, got, strict=True):
        where = f"all_gather, n = {n}, chunk_id = (rank + {shift}) mod n"
        same_everywhere(out, x, where, look)


@pytest.mark.task("all_gather", weight=3)
def test_gather_counts_bytes_messages_and_steps(ranks, rng):
    look = "Chapter, step 3: n - 1 steps, one chunk each."
    cases = [(4, 10, 1), (5, 3, 0), (3, 0, 2)]
    wholes = [rng.standard_normal(length) for _, length, _ in cases]
    got = [
        gather(ranks, n, cut(x, n), shift, length)
        for (n, length, shift), x in zip(cases, wholes, strict=True)
    ]
    for (n, length, shift), x, out in zip(cases, wholes, got, strict=True):
        where = f"all_gather, n = {n}, {length} elements"
        same_everywhere(out, x, where, look)
        s = sizes(length, n)
        sent = [length - s[(r + shift + 1) % n] for r in range(n)]
        traffic(out, sent, 8, ring_messages(n, n - 1), where, look)
        steps(out, n - 1, where, look)


@pytest.mark.task("all_gather", weight=4)
def test_gather_on_links_that_hold_little(ranks, rng):
    look = "Chapter, step 3: who receives while all ranks send?"
    x = rng.standard_normal(9)
    one = gather(ranks, 3, cut(x, 3), 1, 9, capacity=1, seed=2)
    none = gather(ranks, 4, cut(x, 4), 1, 9, capacity=0, seed=4)
    same_everywhere(one, x, "all_gather, links that hold one message", look)
    same_everywhere(none, x, "all_gather, links that hold no message", look)
    waited([one, none], "all_gather")


@pytest.mark.task("all_gather")
def test_gather_keeps_the_dtype(ranks, rng):
    look = "Chapter, step 3: the dtype of the chunk."
    plain = rng.integers(-99, 99, 8)
    cases = [plain.astype(t) for t in (np.int32, np.float16)] + [plain > 0]
    got = [gather(ranks, 3, cut(x, 3), 1, x.size) for x in cases]
    for x, out in zip(cases, got, strict=True):
        same_everywhere(out, x, f"all_gather of {x.dtype}", look)


@pytest.mark.task("all_gather")
def test_gather_returns_a_new_array(ranks, rng):
    look = "Chapter, step 3: an array of L elements to write into."
    for n in (1, 3):
        x = rng.standard_normal(3 * n)
        parts = [p.copy() for p in cut(x, n)]
        out = ranks.run(
            look_after,
            n,
            args=lambda r, n=n, parts=parts: (
                *("all_gather", 3, r, n, (r + 1) % n, parts[(r + 1) % n]),
                *(3 * n, ranks.LINK),
            ),
        )
        where = f"all_gather, n = {n}"
        finished(out, where, look)
        for rank, (answer, after, shared) in enumerate(out.results):
            same_bits(answer, x, f"{where}, rank {rank}", look)
            before = parts[(rank + 1) % n]
            check.unchanged(after, before, where=f"{where}: chunk", look=look)
            check.equal(shared, False, where=f"{where}: shares memory", look=look)


@pytest.mark.task("all_gather")
def test_gather_of_a_strided_chunk(ranks, rng):
    x = rng.standard_normal(12)
    parts = [np.repeat(p, 2)[::2] for p in cut(x, 4)]
    out = gather(ranks, 4, parts, 1, 12)
    same_everywhere(out, x, "all_gather of strided chunks", "Chapter, step 3.")


@pytest.mark.task("all_gather")
def test_gather_refuses_a_chunk_that_does_not_fit(ranks):
    look = "Chapter, step 3: check chunk_id and chunk before the first message."
    cases = [
        ("chunk_id = n", lambda r, n: (n, np.ones(3))),
        ("chunk_id = -1", lambda r, n: (-1, np.ones(3))),
        ("a chunk too long", lambda r, n: (r, np.ones(4))),
        ("a chunk too short", lambda r, n: (r, np.ones(1))),
        ("a two-dimensional chunk", lambda r, n: (r, np.ones((3, 1)))),
        ("a chunk without axes", lambda r, n: (r, np.ones(()))),
    ]
    calls = [
        (kind, 2, lambda r, make=make: (r, 2, *make(r, 2), 6, ranks.LINK))
        for kind, make in cases
    ]
    refusals(ranks, "all_gather", calls, look)


# --- 4 to 6: the three all-reduces --------------------------------------------------


def check_all(ranks, name, cases, look, **network):
    """Ask for every case (kind, op, xs), then judge every answer."""
    got = [ask(ranks, name, xs, op, **network) for _, op, xs in cases]
    for (kind, op, xs), out in zip(cases, got, strict=True):
        with np.errstate(all="ignore"):
            want = TRUTH[name](xs, op)
        same_everywhere(out, want, f"{name}, {kind}", look, room(xs))


def check_shapes(ranks, name, rng, look):
    base = uneven(rng, 3, (4, 10))
    cases = [
        ("a transposed matrix", "sum", [x.T for x in base]),
        ("every second row, backwards", "sum", [x[::2, ::-1] for x in base]),
        ("a column of a matrix", "max", [x[:, 3] for x in base]),
        ("three axes", "sum", [x.reshape(2, 5, 4) for x in base]),
        ("no axes", "mean", [x[1, 1].reshape(()) for x in base]),
    ]
    check_all(ranks, name, cases, look)


def check_dtypes(ranks, name, rng, look):
    n = 5
    integers = [rng.integers(-120, -10, 11) for _ in range(n)]
    cases = [
        ("sum of int32", "sum", [x.astype(np.int32) for x in integers]),
        ("max of negative int8", "max", [x.astype(np.int8) for x in integers]),
        ("min of positive int64", "min", [-x for x in integers]),
        ("max of bool", "max", [rng.random(11) < 0.2 for _ in range(n)]),
        ("min of bool", "min", [rng.random(11) < 0.8 for _ in range(n)]),
        ("sum of float16", "sum", uneven(rng, n, (50,), np.float16)),
        ("mean of float32", "mean", uneven(rng, n, (50,), np.float32)),
    ]
    check_all(ranks, name, cases, look)


def check_odd_values(ranks, name, look):
    xs = [np.full(9, -0.0) for _ in range(3)]
    other = [np.arange(9.0) for _ in range(3)]
    for x, y in ((0, 1), (1, 4), (2, 8)):
        other[x][y] = np.nan
    other[0][2], other[2][2], other[1][6], other[2][7] = (
        np.inf,
        -np.inf,
        np.inf,
        -np.inf,
    )
    cases = [("only -0.0", "sum", xs), ("only -0.0", "mean", xs)]
    cases += [(f"{op} with NaN and inf", op, other) for op in ("sum", "max", "min")]
    check_all(ranks, name, cases, look)


def check_small(ranks, name, rng, look):
    """Fewer elements than ranks, none at all, one rank."""
    for n, length in ((5, 3), (4, 0), (3, 1), (1, 4), (1, 0)):
        xs = uneven(rng, n, (length,))
        check_all(ranks, name, [(f"n = {n}, {length} elements", "mean", xs)], look)


def check_links(ranks, name, rng, counts, look):
    """Links that hold no message, or one; other orders in which ranks run."""
    trials = [
        (capacity, n, uneven(rng, n, (11,))) for capacity in (0, 1) for n in counts
    ]
    outs = [
        ask(ranks, name, xs, capacity=capacity, seed=n) for capacity, n, xs in trials
    ]
    for (capacity, n, xs), out in zip(trials, outs, strict=True):
        where = f"{name}, links that hold {capacity or 'no'} message, n = {n}"
        same_everywhere(out, TRUTH[name](xs, "sum"), where, look, room(xs))
    waited(outs, name)


def check_dead_links(ranks, name, rng, n, used, look):
    """Only the links that the algorithm names carry anything; the first is slow."""
    every = [(i, j) for i in range(n) for j in range(n) if i != j]
    links = {link: ranks.Wire(dead=True) for link in every if link not in used}
    links[min(used)] = ranks.Wire(latency_s=0.5)
    xs = uneven(rng, n, (10,))
    kind = "where only the links of the algorithm work, and one is slow"
    check_all(ranks, name, [(kind, "sum", xs)], look, links=links)


# --- 4. ring_allreduce --------------------------------------------------------------


@pytest.mark.task("ring_allreduce", weight=3)
def test_ring_adds_in_the_order_of_the_ring(ranks, rng):
    cases = [(f"n = {n}", "sum", uneven(rng, n, (43,))) for n in (2, 3, 4, 7, 8)]
    check_all(ranks, "ring_allreduce", cases, "Chapter, step 4: both halves.")


@pytest.mark.task("ring_allreduce", weight=3)
def test_ring_meets_its_byte_budget_exactly(ranks, rng):
    look = "Chapter, step 4: 2 (n - 1) chunks a rank."
    cases = [(4, 10), (5, 3), (6, 12), (3, 0), (2, 7)]
    inputs = [uneven(rng, n, (length,)) for n, length in cases]
    got = [ask(ranks, "ring_allreduce", xs) for xs in inputs]
    for (n, length), xs, out in zip(cases, inputs, got, strict=True):
        where = f"ring_allreduce, n = {n}, {length} elements"
        messages = ring_messages(n, 2 * (n - 1))
        traffic(out, ring_elements(length, n), 8, messages, where, look)
        steps(out, 2 * (n - 1), where, look)
        same_everywhere(out, ring(xs, "sum"), where, look, room(xs))


@pytest.mark.task("ring_allreduce", weight=2)
def test_ring_of_every_shape(ranks, rng):
    check_shapes(ranks, "ring_allreduce", rng, "Chapter, step 4: the shape of x.")


@pytest.mark.task("ring_allreduce", weight=2)
def test_ring_with_each_op_and_dtype(ranks, rng):
    check_dtypes(ranks, "ring_allreduce", rng, "Chapter, step 4: op and dtype.")


@pytest.mark.task("ring_allreduce")
def test_ring_passes_on_nan_infinity_and_signed_zeros(ranks):
    check_odd_values(ranks, "ring_allreduce", "Chapter, step 4.")


@pytest.mark.task("ring_allreduce", weight=2)
def test_ring_of_few_elements_or_ranks(ranks, rng):
    check_small(ranks, "ring_allreduce", rng, "Chapter, step 4: empty chunks.")


@pytest.mark.task("ring_allreduce", weight=4)
def test_ring_on_links_that_hold_little(ranks, rng):
    look = "Chapter, step 4: who receives while all ranks send?"
    check_links(ranks, "ring_allreduce", rng, (2, 5), look)


@pytest.mark.task("ring_allreduce")
def test_ring_uses_no_other_link(ranks, rng):
    used = ring_messages(4, 6)
    check_dead_links(ranks, "ring_allreduce", rng, 4, used, "Chapter, step 4.")


@pytest.mark.task("ring_allreduce")
def test_ring_leaves_its_input_alone(ranks, rng):
    look = "Chapter, step 4: a new array, on one rank too."
    for n, op in ((3, "sum"), (2, "mean"), (1, "sum")):
        untouched(ranks, "ring_allreduce", uneven(rng, n, (6,)), op, look)


@pytest.mark.task("ring_allreduce")
def test_ring_refuses_what_the_combiner_refuses(ranks):
    check_refusals(ranks, "ring_allreduce", "Chapter, step 4.")


# --- 5. tree_allreduce --------------------------------------------------------------


@pytest.mark.task("tree_allreduce", weight=3)
def test_tree_adds_in_the_order_of_the_tree(ranks, rng):
    cases = [(f"n = {n}", "sum", uneven(rng, n, (40,))) for n in (2, 3, 5, 7, 8)]
    check_all(ranks, "tree_allreduce", cases, "Chapter, step 5: up, then down.")


@pytest.mark.task("tree_allreduce", weight=3)
def test_tree_sends_whole_arrays_along_its_edges(ranks, rng):
    look = "Chapter, step 5: every edge once up and once down."
    cases = [(2, 3, 2), (3, 2, 2), (4, 0, 4), (6, 3, 4), (7, 1, 4), (8, 3, 6)]
    inputs = [uneven(rng, n, (length,)) for n, length, _ in cases]
    got = [ask(ranks, "tree_allreduce", xs) for xs in inputs]
    for (n, length, depth), xs, out in zip(cases, inputs, got, strict=True):
        where = f"tree_allreduce, n = {n}, {length} elements"
        edges = tree_messages(n)
        sent = [length * sum(source == r for source, _ in edges) for r in range(n)]
        traffic(out, sent, 8, edges, where, look)
        steps(out, depth, where, look)
        same_everywhere(out, tree(xs, "sum"), where, look, room(xs))


@pytest.mark.task("tree_allreduce", weight=2)
def test_tree_of_every_shape(ranks, rng):
    check_shapes(ranks, "tree_allreduce", rng, "Chapter, step 5: the shape of x.")


@pytest.mark.task("tree_allreduce", weight=2)
def test_tree_with_each_op_and_dtype(ranks, rng):
    check_dtypes(ranks, "tree_allreduce", rng, "Chapter, step 5: op and dtype.")


@pytest.mark.task("tree_allreduce")
def test_tree_passes_on_nan_infinity_and_signed_zeros(ranks):
    check_odd_values(ranks, "tree_allreduce", "Chapter, step 5.")


@pytest.mark.task("tree_allreduce")
def test_tree_of_few_elements_or_ranks(ranks, rng):
    check_small(ranks, "tree_allreduce", rng, "Chapter, step 5.")


@pytest.mark.task("tree_allreduce", weight=2)
def test_tree_on_links_that_hold_little(ranks, rng):
    look = "Chapter, step 5: who receives while you send?"
    check_links(ranks, "tree_allreduce", rng, (2, 6), look)


@pytest.mark.task("tree_allreduce")
def test_tree_uses_no_other_link(ranks, rng):
    used = tree_messages(5)
    check_dead_links(ranks, "tree_allreduce", rng, 5, used, "Chapter, step 5.")


@pytest.mark.task("tree_allreduce")
def test_tree_leaves_its_input_alone(ranks, rng):
    look = "Chapter, step 5: a new array, on one rank too."
    for n, op in ((3, "sum"), (4, "mean"), (1, "sum")):
        untouched(ranks, "tree_allreduce", uneven(rng, n, (6,)), op, look)


@pytest.mark.task("tree_allreduce")
def test_tree_refuses_what_the_combiner_refuses(ranks):
    check_refusals(ranks, "tree_allreduce", "Chapter, step 5.")


# --- 6. halving_doubling ------------------------------------------------------------


@pytest.mark.task("halving_doubling", weight=3)
def test_halving_adds_in_pairs(ranks, rng):
    cases = [(f"n = {n}", "sum", uneven(rng, n, (46,))) for n in (2, 4, 8)]
    check_all(ranks, "halving_doubling", cases, "Chapter, step 6: halve, double.")


@pytest.mark.task("halving_doubling", weight=3)
def test_halving_folds_what_is_no_power_of_two(ranks, rng):
    cases = [(f"n = {n}", "sum", uneven(rng, n, (38,))) for n in (3, 5, 6, 7)]
    check_all(ranks, "halving_doubling", cases, "Chapter, step 6: fold, unfold.")


@pytest.mark.task("halving_doubling", weight=3)
def test_halving_meets_its_byte_budget_exactly(ranks, rng):
    look = "Chapter, step 6: half, a quarter, ... and back."
    cases = [(4, 10), (8, 12), (8, 5), (6, 7), (3, 4), (4, 0)]
    inputs = [uneven(rng, n, (length,)) for n, length in cases]
    got = [ask(ranks, "halving_doubling", xs) for xs in inputs]
    for (n, length), xs, out in zip(cases, inputs, got, strict=True):
        where = f"halving_doubling, n = {n}, {length} elements"
        messages, sent = halving_traffic(length, n)
        levels = n.bit_length() - 1
        traffic(out, sent, 8, messages, where, look)
        steps(out, 2 * levels + 2 * (n > 1 << levels), where, look)
        same_everywhere(out, halving(xs, "sum"), where, look, room(xs))


@pytest.mark.task("halving_doubling", weight=2)
def test_halving_of_every_shape(ranks, rng):
    check_shapes(ranks, "halving_doubling", rng, "Chapter, step 6: the shape of x.")


@pytest.mark.task("halving_doubling", weight=2)
def test_halving_with_each_op_and_dtype(ranks, rng):
    check_dtypes(ranks, "halving_doubling", rng, "Chapter, step 6: op and dtype.")


@pytest.mark.task("halving_doubling")
def test_halving_passes_on_nan_infinity_and_signed_zeros(ranks):
    check_odd_values(ranks, "halving_doubling", "Chapter, step 6.")


@pytest.mark.task("halving_doubling", weight=2)
def test_halving_of_few_elements_or_ranks(ranks, rng):
    check_small(ranks, "halving_doubling", rng, "Chapter, step 6: empty chunks.")


@pytest.mark.task("halving_doubling", weight=4)
def test_halving_on_links_that_hold_little(ranks, rng):
    look = "Chapter, step 6: who receives while both partners send?"
    check_links(ranks, "halving_doubling", rng, (4, 7), look)


@pytest.mark.task("halving_doubling")
def test_halving_uses_no_other_link(ranks, rng):
    used, _ = halving_traffic(10, 5)
    check_dead_links(ranks, "halving_doubling", rng, 5, used, "Chapter, step 6.")


@pytest.mark.task("halving_doubling")
def test_halving_leaves_its_input_alone(ranks, rng):
    look = "Chapter, step 6: a new array, on one rank too."
    for n, op in ((3, "sum"), (4, "mean"), (1, "sum")):
        untouched(ranks, "halving_doubling", uneven(rng, n, (6,)), op, look)


@pytest.mark.task("halving_doubling")
def test_halving_refuses_what_the_combiner_refuses(ranks):
    check_refusals(ranks, "halving_doubling", "Chapter, step 6.", (1, 3))


# --- 7. cost, crossover -------------------------------------------------------------


def predicted(alg, n, size, a, b, g):
    """Return the seconds, counted step by step along the busiest rank."""
    levels = 0
    while 1 << (levels + 1) <= n:
        levels += 1
    p = 1 << levels
    if alg == "ring":
        return sum(2 * a + (2 * b + g) * size / n for _ in range(n - 1))
    if alg == "tree":
        return (levels + (p < n)) * (2 * a + (2 * b + g) * size)
    halves = sum(2 * a + (2 * b + g) * size / 2 ** (k + 1) for k in range(levels))
    return halves + (2 * a + (2 * b + g) * size if p < n else 0.0)


ALGORITHMS = ("ring", "tree", "halving_doubling")


def check_costs(student, cases):
    got = [student.cost(alg, *rest) for alg, *rest in cases]
    for (alg, n, size, a, b, *g), answer in zip(cases, got, strict=True):
        want = predicted(alg, n, size, a, b, g[0] if g else 0.0)
        where = f"cost of {alg}, n = {n}"
        check.close(answer, want, rtol=1e-9, where=where, look="Chapter, step 7.")


@pytest.mark.task("cost", weight=2)
def test_cost_of_steps_and_bytes(student):
    check_costs(student, [(alg, 8, 3e6, 1e-5, 8e-11) for alg in ALGORITHMS])
    check_costs(student, [(alg, 4, 0, 1e-5, 8e-11) for alg in ALGORITHMS])
    check_costs(student, [(alg, 16, 5e6, 0.0, 8e-11) for alg in ALGORITHMS])


@pytest.mark.task("cost")
def test_cost_of_combining(student):
    check_costs(student, [(alg, 4, 2e6, 3e-6, 1e-10, 7e-10) for alg in ALGORITHMS])
    check_costs(student, [(alg, 32, 2e3, 3e-6, 1e-10, 7e-9) for alg in ALGORITHMS])


@pytest.mark.task("cost", weight=2)
def test_cost_between_powers_of_two(student):
    cases = [(alg, n) for alg in ALGORITHMS for n in (2, 3, 5, 6, 9, 1000, 4097)]
    check_costs(student, [(alg, n, 4e5, 2e-5, 3e-10, 1e-10) for alg, n in cases])


@pytest.mark.task("cost")
def test_cost_of_one_rank_and_of_none(student):
    look = "Chapter, step 7."
    check_costs(student, [(alg, 1, 4e5, 2e-5, 3e-10, 1e-10) for alg in ALGORITHMS])
    for alg, n in (("ring", 0), ("tree", -1), ("halving_doubling", 0), ("star", 4)):
        where = f"cost of {alg!r}, n = {n}"
        args = (alg, n, 100, 1.0, 1.0)
        check.raises(ValueError, student.cost, *args, where=where, look=look)


def check_crossings(student, cases, **tolerance):
    look = "Chapter, step 7: two straight lines over M."
    got = [student.crossover(*args) for args, _ in cases]
    for (args, want), answer in zip(cases, got, strict=True):
        where = f"crossover from {args[0]} to {args[1]}, n = {args[2]}"
        check.close(answer, want, **tolerance, where=where, look=look)


@pytest.mark.task("cost", weight=2)
def test_crossover_of_tree_and_ring(student):
    a, b = 10e-6, 1 / 12.5e9
    cases = [
        (("tree", "ring", 4, a, b), 1.0e5),
        (("tree", "ring", 8, a, b), 4e6 / 17),
        (("tree", "ring", 64, a, b), 114 * 125_000 / (12 - 63 / 32)),
        (("tree", "ring", 8, a, b, b), 8 * 125_000 / (9 - 21 / 8)),
        (("tree", "ring", 5, 2e-6, b, 2 * b), 2 * 25_000 / (12 - 16 / 5)),
    ]
    check_crossings(student, cases, rtol=1e-9)


@pytest.mark.task("cost", weight=2)
def test_crossover_that_always_or_never_comes(student):
    a, b, g = 8.0, 2.0**-4, 2.0**-5  # exact in every order of evaluation
    cases = [
        (("ring", "tree", 8, a, b, g), INF),  # fewer steps, more bytes
        (("ring", "tree", 4, 0.0, b), INF),
        (("tree", "ring", 4, 0.0, b), 0.0),  # steps cost nothing
        (("tree", "ring", 2, a, b, g), 0.0),  # as many steps, fewer bytes
        (("ring", "tree", 2, a, b, g), INF),
        (("tree", "halving_doubling", 16, a, b, g), 0.0),
        (("tree", "halving_doubling", 5, a, b, g), 0.0),
        (("ring", "halving_doubling", 8, a, b), 0.0),  # as many bytes, fewer steps
        (("halving_doubling", "ring", 8, a, b), INF),
        (("ring", "ring", 8, a, b, g), INF),  # never strictly cheaper
        (("tree", "ring", 1, a, b), INF),
        (("ring", "tree", 4, a, 0.0), 0.0),  # bytes cost nothing
        (("tree", "ring", 4, a, 0.0), INF),
    ]
    check_crossings(student, cases)


@pytest.mark.task("cost")
def test_crossover_with_the_fold(student):
    a, b = 10e-6, 1 / 12.5e9
    cases = [
        (("halving_doubling", "ring", 5, a, b), 2 * 125_000 / (3.5 - 1.6)),
        (("halving_doubling", "ring", 6, a, b, b), 4 * 125_000 / (5.25 - 2.5)),
    ]
    check_crossings(student, cases, rtol=1e-9)
    look = "Chapter, step 7."
    for args in (("tree", "star", 4, a, b), ("tree", "ring", 0, a, b)):
        where = f"crossover from {args[0]} to {args[1]!r}, n = {args[2]}"
        check.raises(ValueError, student.crossover, *args, where=where, look=look)


# --- 8. ddp_step --------------------------------------------------------------------


def average(params, grads, buckets):
    """Return the averages, given which parameters share a bucket."""
    found = [None] * len(params)
    for bucket in buckets:
        flats = [
            np.concatenate(
                [
                    np.zeros(params[i].size, params[i].dtype)
                    if mine[i] is None
                    else mine[i].ravel()
                    for i in bucket
                ]
            )
            for mine in grads
        ]
        whole, start = ring(flats, "mean"), 0
        for i in bucket:
            part = whole[start : start + params[i].size]
            found[i], start = part.reshape(params[i].shape), start + params[i].size
    return found


def step(ranks, params, grads, bucket_bytes, **network):
    n = len(grads)
    return ranks.run(
        "ddp_step",
        n,
        args=lambda r: (r, n, params, grads[r], bucket_bytes, ranks.LINK),
        **network,
    )


def check_step(out, params, grads, buckets, where, look):
    n, want = len(grads), average(params, grads, buckets)
    finished(out, where, look)
    for rank, answer in enumerate(out.results):
        at = f"{where}, rank {rank}"
        check.true(
            isinstance(answer, list) and len(answer) == len(params),
            where=at,
            evidence="the result is not a list with an entry for each parameter",
            look=look,
        )
        for i, (got, right) in enumerate(zip(answer, want, strict=True)):
            here = f"{at}, parameter {i} of {len(params)}"
            if right is None or got is None:
                check.equal(
                    got is None, right is None, where=f"{here}: None", look=look
                )
            else:
                mine = [g[i] for g in grads if g[i] is not None]
                same_bits(got, right, here, look, room(mine))
    sent = np.array(ring_elements(len(params), n))
    for bucket in buckets:
        elements = sum(params[i].size for i in bucket)
        sent += np.array(ring_elements(elements, n)) * params[bucket[0]].itemsize
    each = 2 * (n - 1) * (1 + len(buckets))
    traffic(out, sent.tolist(), 1, ring_messages(n, each), where, look)
    steps(out, each, where, look)
    if n > 1:
        rings = [(len(params), 1)]
        rings += [
            (sum(params[i].size for i in b), params[b[0]].itemsize) for b in buckets
        ]
        want = [k * size for length, size in rings for k in ring_parcels(length, n)]
        got = [t.bytes for t in out.timeline if (t.source, t.to) == (0, 1)]
        at = f"{where}: bytes of each message from rank 0 to rank 1"
        check.equal(got, want, where=at, look=look)


def model(rng, n, shapes, dtypes=None):
    """Return parameters and the gradients of n ranks."""
    dtypes = dtypes or [np.float64] * len(shapes)
    both = list(zip(shapes, dtypes, strict=True))
    params = [np.ones(shape, dtype) for shape, dtype in both]
    layers = [uneven(rng, n, shape, dtype) for shape, dtype in both]
    return params, [[layer[r] for layer in layers] for r in range(n)]


@pytest.mark.task("ddp_step", weight=3)
def test_ddp_fills_buckets_from_the_last_parameter(ranks, rng):
    look = "Chapter, step 8: which gradients share a bucket?"
    # In order of filling, 3 + 4 fit exactly, 12 is larger than a bucket.
    params, grads = model(rng, 3, [(5,), (2, 3), (1,), (3, 4), (2,), (4,), (3,)])
    seven = step(ranks, params, grads, 7 * 8)
    less = step(ranks, params, grads, 7 * 8 - 1)
    every = step(ranks, params, grads, 10**6)
    single = step(ranks, params, grads, 1)
    where = "ddp_step, buckets of 7 elements"
    buckets = [[6, 5], [4], [3], [2, 1], [0]]
    check_step(seven, params, grads, buckets, where, look)
    where = "ddp_step, buckets of not quite 7 elements"
    buckets = [[6], [5, 4], [3], [2], [1], [0]]
    check_step(less, params, grads, buckets, where, look)
    where = "ddp_step, one bucket"
    check_step(every, params, grads, [[6, 5, 4, 3, 2, 1, 0]], where, look)
    where = "ddp_step, buckets of 1 byte"
    alone = [[i] for i in range(6, -1, -1)]
    check_step(single, params, grads, alone, where, look)


@pytest.mark.task("ddp_step", weight=2)
def test_ddp_keeps_dtypes_apart(ranks, rng):
    look = "Chapter, step 8: a bucket has one dtype."
    shapes = [(3,), (4, 2), (5,), (2,), (6,)]
    dtypes = [np.float64, np.float32, np.float64, np.float64, np.float16]
    params, grads = model(rng, 3, shapes, dtypes)
    out = step(ranks, params, grads, 10**6)
    small = step(ranks, params, grads, 41)
    where = "ddp_step, float16, float32 and float64"
    check_step(out, params, grads, [[4], [3, 2], [1], [0]], where, look)
    where = "ddp_step, three dtypes, buckets of 41 bytes"
    check_step(small, params, grads, [[4], [3], [2], [1], [0]], where, look)


@pytest.mark.task("ddp_step", weight=3)
def test_ddp_where_parameters_were_not_used(ranks, rng):
    look = "Chapter, step 8: None, here or everywhere."
    shapes = [(4,), (2, 2), (3,), (5,), (2,)]
    params, grads = model(rng, 3, shapes, [np.float32] * 5)
    for rank, i in ((0, 0), (2, 0), (1, 4), (0, 2), (1, 2), (2, 2)):
        grads[rank][i] = None
    out = step(ranks, params, grads, 10**6)
    lonely, none = model(rng, 2, [(3,), (2,)])
    none = [[None, None], [None, None]]
    nothing = step(ranks, lonely, none, 64)
    where = "ddp_step, a gradient that some or all ranks lack"
    check_step(out, params, grads, [[4, 3, 1, 0]], where, look)
    check_step(nothing, lonely, none, [], "ddp_step, no gradient at all", look)


@pytest.mark.task("ddp_step", weight=2)
def test_ddp_counts_only_used_parameters_in_buckets(ranks, rng):
    look = "Chapter, step 8: a parameter that nobody used takes no room."
    params, grads = model(rng, 2, [(3,), (4,), (6,), (2,)])
    for mine in grads:
        mine[2] = None
    grads[0][1] = None
    out = step(ranks, params, grads, 7 * 8)
    where = "ddp_step, an unused parameter between two others"
    check_step(out, params, grads, [[3, 1], [0]], where, look)


@pytest.mark.task("ddp_step")
def test_ddp_with_odd_shapes(ranks, rng):
    look = "Chapter, step 8: flat, end to end, and back into shape."
    params, grads = model(rng, 2, [(), (3, 1, 2), (0, 4), (4, 3)])
    for mine in grads:
        mine[3] = np.asfortranarray(mine[3])
    out = step(ranks, params, grads, 8 * 18, capacity=0, seed=9)
    where = "ddp_step, no axes, no elements, columns first"
    check_step(out, params, grads, [[3, 2, 1], [0]], where, look)


@pytest.mark.task("ddp_step")
def test_ddp_on_one_rank_or_without_parameters(ranks, rng):
    look = "Chapter, step 8."
    params, grads = model(rng, 1, [(3,), (2, 2)])
    grads[0][0] = None
    one = step(ranks, params, grads, 64)
    empty = step(ranks, [], [[], []], 64)
    check_step(one, params, grads, [[1]], "ddp_step, n = 1", look)
    check_step(empty, [], [[], []], [], "ddp_step, no parameters", look)


def look_at_gradients(module, rank, n, params, grads, bucket_bytes, link):
    """Return the gradients after a step, and whether a result shares their memory."""
    import numpy as np

    kept = list(grads)
    answer = module.ddp_step(rank, n, params, grads, bucket_bytes, link)
    pairs = [(x, y) for x in answer if x is not None for y in kept if y is not None]
    same = len(grads) == len(kept) and all(map(lambda x, y: x is y, grads, kept))
    return kept, same, any(bool(np.shares_memory(x, y)) for x, y in pairs)


@pytest.mark.task("ddp_step")
def test_ddp_leaves_the_gradients_alone(ranks, rng):
    look = "Chapter, step 8: new arrays, and the list as it was."
    for n in (1, 2):
        params, grads = model(rng, n, [(4,), (3,), (2, 2)])
        grads[0][1] = None
        before = [[None if g is None else g.copy() for g in mine] for mine in grads]
        out = ranks.run(
            look_at_gradients,
            n,
            args=lambda r, n=n, params=params, grads=grads: (
                *(r, n, params, grads[r], 32, ranks.LINK),
            ),
        )
        where = f"ddp_step, n = {n}"
        finished(out, where, look)
        for mine, (after, same, shared) in zip(before, out.results, strict=True):
            for old, new in zip(mine, after, strict=True):
                if old is not None:
                    check.unchanged(new, old, where=f"{where}: grads", look=look)
            check.equal(same, True, where=f"{where}: the list is as it was", look=look)
            check.equal(shared, False, where=f"{where}: shares memory", look=look)


@pytest.mark.task("ddp_step")
def test_ddp_refuses_what_does_not_fit(ranks):
    look = "Chapter, step 8: check before the first message."
    params = [np.ones(3), np.ones((2, 2))]
    right = [np.ones(3), np.ones((2, 2))]
    cases = [
        ("buckets of 0 bytes", right, 0),
        ("buckets of -8 bytes", right, -8),
        ("a gradient too few", right[:1], 64),
        ("a gradient too many", [*right, None], 64),
        ("a gradient of another shape", [right[0], np.ones(4)], 64),
        ("a gradient with an axis more", [np.ones((1, 3)), right[1]], 64),
        ("a gradient of another dtype", [np.float32(right[0]), right[1]], 64),
    ]
    calls = [
        (kind, 2, lambda r, g=grads, size=size: (r, 2, params, g, size, ranks.LINK))
        for kind, grads, size in cases
    ]
    refusals(ranks, "ddp_step", calls, look)
