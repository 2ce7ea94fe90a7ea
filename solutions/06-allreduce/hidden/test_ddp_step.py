"""Hidden tests of `ddp_step`."""

import numpy as np
import pytest
from hidden.collectives import (
    finished,
    refusals,
    ring,
    ring_elements,
    ring_messages,
    room,
    same_bits,
    sizes,
    steps,
    traffic,
    uneven,
)

from autograder.student.testing import check


def ring_parcels(length, n):
    """Return the elements of every message that rank 0 sends, in order."""
    s = sizes(length, n)
    return [s[(first - i) % n] for first in (0, 1) for i in range(n - 1)]


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


@pytest.mark.task("ddp_step", weight=3, core=True)
def test_ddp_fills_buckets_from_the_last_parameter(ranks, rng):
    look = "Chapter, step 8: which gradients share a bucket?"
    # In order of filling, 3 + 4 fit, 12 is larger than a bucket.
    params, grads = model(rng, 3, [(5,), (2, 3), (1,), (3, 4), (2,), (4,), (3,)])
    seven = step(ranks, params, grads[:2], 7 * 8 + 4)
    every = step(ranks, params, grads, 10**6)
    single = step(ranks, params, grads[:2], 1)
    where = "ddp_step, buckets of 7 and a half elements"
    buckets = [[6, 5], [4], [3], [2, 1], [0]]
    check_step(seven, params, grads[:2], buckets, where, look)
    where = "ddp_step, one bucket"
    check_step(every, params, grads, [[6, 5, 4, 3, 2, 1, 0]], where, look)
    where = "ddp_step, buckets of 1 byte"
    alone = [[i] for i in range(6, -1, -1)]
    check_step(single, params, grads[:2], alone, where, look)


@pytest.mark.task("ddp_step")
def test_ddp_fills_a_bucket_to_its_last_byte(ranks, rng):
    look = "Chapter, step 8: which gradients share a bucket?"
    params, grads = model(rng, 2, [(2,), (1,), (6,), (4,), (3,)])
    seven = step(ranks, params, grads, 7 * 8)
    less = step(ranks, params, grads, 7 * 8 - 1)
    where = "ddp_step, buckets of 7 elements"
    check_step(seven, params, grads, [[4, 3], [2, 1], [0]], where, look)
    where = "ddp_step, buckets of not quite 7 elements"
    check_step(less, params, grads, [[4], [3], [2], [1, 0]], where, look)
    params, grads = model(rng, 2, [(0,), (9,)])
    seven = step(ranks, params, grads, 7 * 8)
    where = "ddp_step, buckets of 7 elements, a gradient of 9 and then one of none"
    check_step(seven, params, grads, [[1], [0]], where, look)
    params, grads = model(rng, 2, [(0,), (7,), (9,), (0,)])
    seven = step(ranks, params, grads, 7 * 8)
    where = "ddp_step, buckets of 7 elements: gradients of 0, 9, 7 and 0"
    check_step(seven, params, grads, [[3], [2], [1, 0]], where, look)


@pytest.mark.task("ddp_step", weight=2, core=True)
def test_ddp_keeps_dtypes_apart(ranks, rng):
    look = "Chapter, step 8: a bucket has one dtype."
    shapes = [(3,), (4, 2), (5,), (2,), (6,)]
    dtypes = [np.float64, np.float32, np.float64, np.float64, np.float16]
    params, grads = model(rng, 3, shapes, dtypes)
    out = step(ranks, params, grads, 10**6)
    small = step(ranks, params, grads[:2], 41)
    where = "ddp_step, float16, float32 and float64"
    check_step(out, params, grads, [[4], [3, 2], [1], [0]], where, look)
    where = "ddp_step, three dtypes, buckets of 41 bytes"
    check_step(small, params, grads[:2], [[4], [3], [2], [1], [0]], where, look)
    shapes = [(2,), (2,), (3,), (4,)]
    dtypes = [np.float64, np.float64, np.float32, np.float64]
    params, grads = model(rng, 2, shapes, dtypes)
    out = step(ranks, params, grads, 36)
    where = "ddp_step, room for two after a change of dtype"
    check_step(out, params, grads, [[3], [2], [1, 0]], where, look)
    for mine in grads:
        mine[2] = None
    out = step(ranks, params, grads, 10**6)
    where = "ddp_step, a parameter of another dtype that nobody used"
    check_step(out, params, grads, [[3, 1, 0]], where, look)


@pytest.mark.task("ddp_step", weight=3, core=True)
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
    odd = [np.full(2, np.nan)]
    flat = [[np.zeros(2)], [None]]
    zeros = step(ranks, odd, flat, 64)
    check_step(zeros, odd, flat, [[0]], "ddp_step, a gradient of zeros", look)
    where = "ddp_step, a gradient that some or all ranks lack"
    check_step(out, params, grads, [[4, 3, 1, 0]], where, look)
    check_step(nothing, lonely, none, [], "ddp_step, no gradient at all", look)


@pytest.mark.task("ddp_step", weight=2)
def test_ddp_counts_only_used_parameters_in_buckets(ranks, rng):
    look = "Chapter, step 8: a parameter that nobody used takes no room."
    params, grads = model(rng, 2, [(3,), (4,), (6,), (2,)], [np.float32] * 4)
    for mine in grads:
        mine[2] = None
    grads[0][1] = None
    out = step(ranks, params, grads, 7 * 4)
    where = "ddp_step, an unused parameter between two others"
    check_step(out, params, grads, [[3, 1], [0]], where, look)


@pytest.mark.task("ddp_step")
def test_ddp_with_odd_shapes(ranks, rng):
    look = "Chapter, step 8: flat, end to end, and back into shape."
    params, grads = model(rng, 2, [(), (3, 1, 2), (0, 4), (4, 3)])
    for mine in (params, *grads):
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
    """Step twice: return the gradients afterwards, and whether results share memory."""
    import numpy as np

    kept = list(grads)
    call = rank, n, params, grads, bucket_bytes, link
    answers = [module.ddp_step(*call) for _ in range(2)]
    first, second = ([x for x in a if x is not None] for a in answers)
    mine = [g for g in kept if g is not None]
    pairs = [(x, y) for x in second for y in [*mine, *first]]
    pairs += [(x, y) for x in first for y in mine]
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
        ("a gradient of another shape, after None", [None, np.ones(4)], 64),
        ("a gradient without elements", [np.ones(0), right[1]], 64),
        ("a gradient of integers", [np.ones(3, np.int64), right[1]], 64),
        ("a gradient turned", [right[0], np.ones((1, 4))], 64),
        ("a gradient of one row", [right[0], np.ones((1, 2))], 64),
        ("a gradient with an axis more", [np.ones((1, 3)), right[1]], 64),
        ("a gradient of another dtype", [np.float32(right[0]), right[1]], 64),
    ]
    calls = [
        (kind, 2, lambda r, g=grads, size=size: (r, 2, params, g, size, ranks.LINK))
        for kind, grads, size in cases
    ]
    none = [np.ones((0, 4))]
    turned = [np.ones((4, 0))]
    calls += [
        (
            "buckets of 0 bytes, no parameters",
            2,
            lambda r: (r, 2, [], [], 0, ranks.LINK),
        ),
        ("no elements, turned", 2, lambda r: (r, 2, none, turned, 8, ranks.LINK)),
        ("no parameters, one gradient", 2, lambda r: (r, 2, [], [None], 8, ranks.LINK)),
        ("buckets of 0 bytes", 1, lambda r: (r, 1, params, right, 0, ranks.LINK)),
        ("a gradient too few", 1, lambda r: (r, 1, params, right[:1], 8, ranks.LINK)),
    ]
    refusals(ranks, "ddp_step", calls, look)
