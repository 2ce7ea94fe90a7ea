"""Hidden tests of `all_gather`."""

import numpy as np
import pytest
from hidden.collectives import (
    cut,
    finished,
    look_after,
    refusals,
    ring_messages,
    same_bits,
    same_everywhere,
    sizes,
    steps,
    traffic,
    waited,
)

from autograder.student.testing import check


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


# --- 3. all_gather ------------------------------------------------------------------


@pytest.mark.task("all_gather", weight=3, core=True)
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


def check_counts(ranks, rng, cases, look):
    """Check bytes, messages and steps, given (n, elements, first chunk - rank)."""
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


@pytest.mark.task("all_gather", weight=3, core=True)
def test_gather_counts_bytes_messages_and_steps(ranks, rng):
    look = "Chapter, step 3: n - 1 steps, one chunk each."
    check_counts(ranks, rng, [(4, 10, 1), (5, 12, 0)], look)


@pytest.mark.task("all_gather")
def test_gather_sends_empty_chunks_too(ranks, rng):
    look = "Chapter, step 3: n - 1 steps, whatever the length."
    check_counts(ranks, rng, [(5, 3, 0), (3, 0, 2)], look)


@pytest.mark.task("all_gather", weight=4, core=True)
def test_gather_on_links_that_hold_little(ranks, rng):
    look = "Chapter, step 3: who receives while all ranks send?"
    x = rng.standard_normal(9)
    one = gather(ranks, 3, cut(x, 3), 1, 9, capacity=1, seed=2)
    none = gather(ranks, 4, cut(x, 4), 1, 9, capacity=0, seed=4)
    nothing = np.zeros(0, np.float32)
    empty = gather(ranks, 2, cut(nothing, 2), 1, 0, capacity=0)
    same_everywhere(one, x, "all_gather, links that hold one message", look)
    same_everywhere(none, x, "all_gather, links that hold no message", look)
    where = "all_gather, links that hold no message, no elements"
    same_everywhere(empty, nothing, where, look)
    waited([one, none, empty], "all_gather")


@pytest.mark.task("all_gather")
def test_gather_keeps_the_dtype(ranks, rng):
    look = "Chapter, step 3: the dtype of the chunk."
    plain = rng.integers(-99, 99, 8)
    half = plain.astype(np.float16)
    half[1:6] = -0.0, np.nan, np.inf, -0.0, -np.inf
    # No float64 holds the first; of the last, a rank holds no element.
    cases = [plain * (2**53 + 1), half, plain[:2] > 0]
    got = [gather(ranks, 3, cut(x, 3), 1, x.size) for x in cases]
    for x, out in zip(cases, got, strict=True):
        same_everywhere(out, x, f"all_gather of {x.dtype}", look)
        where = f"all_gather of {x.dtype}: bytes that all ranks send"
        check.equal(sum(out.sent_bytes), 2 * x.nbytes, where=where, look=look)


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
        for rank, (answer, after, amiss) in enumerate(out.results):
            same_bits(answer, x, f"{where}, rank {rank}", look)
            before = parts[(rank + 1) % n]
            check.unchanged(after, before, where=f"{where}: chunk", look=look)
            check.true(not amiss, where=where, evidence=amiss, look=look)


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
        ("a chunk that is a column", lambda r, n: (r, np.ones((3, 1)))),
        ("a chunk that is a row", lambda r, n: (r, np.ones((1, 3)))),
    ]
    calls = [
        (kind, 2, lambda r, make=make: (r, 2, *make(r, 2), 6, ranks.LINK))
        for kind, make in cases
    ]
    odd = [
        ("chunk_id = n", 1, 3, lambda r: (1, np.ones(3))),
        ("chunk_id = -1", 1, 3, lambda r: (-1, np.ones(3))),
        ("a chunk too short", 1, 3, lambda r: (0, np.ones(1))),
        ("the length of another chunk", 2, 3, lambda r: (r, np.ones(1 + r))),
        ("chunk_id = -1, L = 0", 2, 0, lambda r: (-1, np.ones(0))),
        ("an element too many, L = 0", 2, 0, lambda r: (r, np.ones(1))),
        ("two axes and no element", 1, 0, lambda r: (0, np.ones((1, 0)))),
        ("a chunk without axes", 2, 2, lambda r: (r, np.ones(()))),
    ]
    calls += [
        (kind, n, lambda r, n=n, L=L, make=make: (r, n, *make(r), L, ranks.LINK))
        for kind, n, L, make in odd
    ]
    refusals(ranks, "all_gather", calls, look)
