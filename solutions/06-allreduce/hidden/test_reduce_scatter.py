"""Hidden tests of `reduce_scatter`."""

import numpy as np
import pytest
from hidden.collectives import (
    ask,
    check_refusals,
    cut,
    finished,
    ring_chunk,
    ring_messages,
    room,
    same_bits,
    sizes,
    steps,
    traffic,
    uneven,
    untouched,
    waited,
)

from autograder.student.testing import check

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


@pytest.mark.task("reduce_scatter", weight=3, core=True)
def test_scatter_adds_in_the_order_of_the_ring(ranks, rng):
    cases = [("sum", n) for n in (3, 4, 5)] + [("max", 3), ("mean", 3)]
    inputs = [uneven(rng, n, (41,)) for _, n in cases[:-1]]
    # Whole numbers whose sums 3 divides: where it is divided shows, how it is does not.
    x, y, third = rng.integers(-(10**6), 10**6, (3, 41)).astype(np.float64)
    inputs.append([x, y, 3 * third - x - y])
    got = [
        ask(ranks, "reduce_scatter", xs, op)
        for (op, _), xs in zip(cases, inputs, strict=True)
    ]
    for (op, n), xs, out in zip(cases, inputs, got, strict=True):
        where = f"reduce_scatter, {op}, n = {n}, 41 elements"
        check_scattered(out, xs, op, where)


def check_counts(ranks, rng, cases, look):
    """Check bytes, messages and steps of float32 arrays, given (n, elements)."""
    inputs = [[x.astype(np.float32) for x in uneven(rng, n, (k,))] for n, k in cases]
    got = [ask(ranks, "reduce_scatter", xs) for xs in inputs]
    for (n, length), xs, out in zip(cases, inputs, got, strict=True):
        where = f"reduce_scatter, n = {n}, {length} elements"
        check_scattered(out, xs, "sum", where)
        s = sizes(length, n)
        sent = [length - s[(r + 1) % n] for r in range(n)]
        traffic(out, sent, 4, ring_messages(n, n - 1), where, look)
        steps(out, n - 1, where, look)


@pytest.mark.task("reduce_scatter", weight=3, core=True)
def test_scatter_counts_bytes_messages_and_steps(ranks, rng):
    look = "Chapter, step 2: n - 1 steps, one chunk each."
    check_counts(ranks, rng, [(4, 10), (5, 12), (2, 7)], look)


@pytest.mark.task("reduce_scatter")
def test_scatter_sends_empty_chunks_too(ranks, rng):
    look = "Chapter, step 2: n - 1 steps, whatever the length."
    check_counts(ranks, rng, [(5, 3), (3, 0)], look)


@pytest.mark.task("reduce_scatter", weight=4, core=True)
def test_scatter_on_links_that_hold_little(ranks, rng):
    look = "Chapter, step 2: who receives while all ranks send?"
    for_one, for_none = uneven(rng, 3, (7,)), uneven(rng, 4, (9,))
    nothing = uneven(rng, 2, (0,))
    one = ask(ranks, "reduce_scatter", for_one, capacity=1, seed=3)
    none = ask(ranks, "reduce_scatter", for_none, capacity=0, seed=5)
    empty = ask(ranks, "reduce_scatter", nothing, capacity=0)
    check_scattered(
        one, for_one, "sum", "reduce_scatter, links that hold one message", look
    )
    check_scattered(
        none, for_none, "sum", "reduce_scatter, links that hold no message", look
    )
    where = "reduce_scatter, links that hold no message, no elements"
    check_scattered(empty, nothing, "sum", where, look)
    waited([one, none, empty], "reduce_scatter")


@pytest.mark.task("reduce_scatter", weight=2)
def test_scatter_with_each_op_and_dtype(ranks, rng):
    n, length = 3, 14
    integers = [rng.integers(-100, -10, length) for _ in range(2)]
    large = [x * (2**53 + 1) for x in integers]  # no float64 holds these
    least = [large[0].copy(), large[1]]
    least[0][3] = -(2**63)  # and this has no negative
    truths = [rng.random(length) < 0.5 for _ in range(2)]
    cases = [
        ("sum", [x.astype(np.int8) // 4 for x in integers]),
        ("max", [x.astype(np.int32) for x in integers]),
        ("sum", large),
        ("min", least),
        ("sum", [(-x).astype(np.uint8) // 4 for x in integers]),
        ("max", uneven(rng, n, (50,), np.float32)),
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
        want = (len(xs) - 1) * xs[0].nbytes
        where = f"{where}: bytes that all ranks send"
        check.equal(sum(out.sent_bytes), want, where=where, look="Chapter, step 2.")


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
    cube = [x.reshape(2, 5, 7) for x in base]
    one = [x[1, 1].reshape(()) for x in base]
    shapes = (turned, spaced, cube, one)
    got = [ask(ranks, "reduce_scatter", xs) for xs in shapes]
    for xs, out in zip(shapes, got, strict=True):
        where = f"reduce_scatter, x of shape {xs[0].shape}"
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


@pytest.mark.task("reduce_scatter")
def test_scatter_refuses_what_the_combiner_refuses(ranks):
    check_refusals(ranks, "reduce_scatter", "Chapter, step 2: ask combiner first.")
