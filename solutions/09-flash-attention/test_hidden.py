"""Hidden tests of lesson 09. Tolerances are derived in NOTES.md.

The file is long because it is the whole lesson: a lesson keeps its hidden tests in one
file, in the order of its tasks.
"""

from itertools import pairwise

import numpy as np
import pytest

from autograder.grading.reference import remembered
from autograder.student.testing import check

AXES = ("batch", "head", "query", "feature")
KEYS = ("batch", "head", "key", "feature")
TIGHT = {"rtol": 1e-12, "atol": 1e-13}  # float64 throughout
SINGLE = 1e-5  # float32 sums: 18 u |s| bounds the error of one score, u = 6e-8
HALF = 2.0**-10  # float16 results: half a unit each for p and for the result


# --- the judge's own truth: float64, whole matrices, no tiles ------------------------


def softmax64(x):
    x = np.asarray(x, np.float64)
    top = x.max(axis=-1, keepdims=True, initial=-np.inf)
    p = np.exp(x - np.where(np.isinf(top), 0.0, top))
    total = p.sum(axis=-1, keepdims=True)
    return p / np.where(total == 0, 1.0, total)


def seen_keys(n, m, causal, length):
    """Return the (n, m) mask: bottom-right causal, only the first `length` keys."""
    rows, cols = np.arange(n)[:, None], np.arange(m)[None, :]
    ahead = cols - rows
    return (cols < length) & (ahead <= (length - n if causal else m))


@remembered
def truth(q, k, v, causal=False, scale=None, kv_len=None, do=None):
    """Return o, lse and, given do, (dq, dk, dv)."""
    q, k, v = (np.asarray(x, np.float64) for x in (q, k, v))
    (n, d), m = q.shape[2:], k.shape[2]
    scale = d**-0.5 if scale is None else scale
    lengths = [m] * len(q) if kv_len is None else kv_len
    seen = np.array([seen_keys(n, m, causal, length) for length in lengths])[:, None]
    real = np.array([np.arange(m) < length for length in lengths])[:, None, :, None]
    k, v = np.where(real, k, 0.0), np.where(real, v, 0.0)
    s = np.where(seen, q @ k.swapaxes(2, 3) * scale, -np.inf)
    p = softmax64(s)
    top = s.max(axis=3, initial=-np.inf)
    with np.errstate(divide="ignore"):
        total = np.exp(s - np.where(np.isinf(top), 0.0, top)[..., None]).sum(axis=3)
        lse = top + np.log(total)
    o = p @ v
    if do is None:
        return o, lse
    do = np.asarray(do, np.float64)
    dp = do @ v.swapaxes(2, 3)
    ds = p * (dp - (do * o).sum(axis=3, keepdims=True))
    grads = ds @ k * scale, ds.swapaxes(2, 3) @ q * scale, p.swapaxes(2, 3) @ do
    return o, lse, grads


def state(s, v):
    """Return (m, l, o) of scores s (..., keys) and values v (..., keys, d)."""
    m = s.max(axis=-1)
    p = np.exp(s - m[..., None])
    return m, p.sum(axis=-1), (p[..., None] * v).sum(axis=-2)


# --- inputs ------------------------------------------------------------------


def heads(rng, n, m, d, batch=1, head=1, dtype=np.float64, spread=1.0):
    """Return q, k, v of standard normals; q is multiplied by `spread`."""
    q = rng.standard_normal((batch, head, n, d)) * spread
    k = rng.standard_normal((batch, head, m, d))
    v = rng.standard_normal((batch, head, m, d)) + 0.5
    return q.astype(dtype), k.astype(dtype), v.astype(dtype)


def ramp(n, m, d, slope, start=0, dtype=np.float64, batch=1):
    """Return q, k, v with scores of start + slope * j at scale 1, exactly.

    Every second query has them negated, so that no maximum serves two rows.
    """
    q = np.zeros((batch, 1, n, d), dtype)
    k = np.zeros((batch, 1, m, d), dtype)
    q[:, :, ::2, 0], q[:, :, 1::2, 0] = 1, -1
    k[..., 0] = start + slope * np.arange(m)
    v = np.cos(np.arange(m * d, dtype=np.float64)).reshape(1, 1, m, d)
    return q, k, np.repeat(v, batch, axis=0).astype(dtype)


# --- scenarios: run beside the student's code --------------------------------------


def call_and_look(module, name, args, options):
    """Call a function on strided views; return result and the inputs afterwards."""
    import numpy as np

    # The same values, but stored with the second last two axes exchanged.
    views = []
    for x in args:
        order = list(range(x.ndim))
        if x.ndim > 2:
            order[1], order[2] = order[2], order[1]
        else:
            order.reverse()
        views.append(np.ascontiguousarray(x.transpose(order)).transpose(order))
    result = getattr(module, name)(*views, **options)
    return result, views


def measure_memory(module, name, args, options, limit):
    """Say whether a call holds so many bytes at once.

    Python itself may grow a table at any moment, so a peak above the limit is measured
    again; an N x M array comes back every time.
    """
    import tracemalloc
    import types

    # It looks up the line of each allocation: most of its time, and of no use here.
    functions = [f for f in vars(module).values() if type(f) is types.FunctionType]
    codes = [f.__code__ for f in functions]
    for f in functions:
        f.__code__ = f.__code__.replace(co_linetable=b"")
    peaks = []
    try:
        while len(peaks) < 3 and (not peaks or peaks[-1] >= limit):
            tracemalloc.start()
            getattr(module, name)(*args, **options)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    except Exception:
        peaks = []
    finally:
        tracemalloc.stop()
        for f, code in zip(functions, codes, strict=True):
            f.__code__ = code
    if not peaks:  # it raised: again, to be told where
        getattr(module, name)(*args, **options)
    return bool(peaks) and peaks[-1] >= limit


def check_memory(student, name, make_args, look):
    """Refuse N x M elements: at four bytes each they show in the peak of 24 tiles."""
    found = []
    for n, m, bq, bk in ((64, 768, 64, 32), (768, 64, 32, 64)):
        options = {"bq": bq, "bk": bk, "causal": n < m}
        data = {"args": list(make_args(n, m)), "options": options, "limit": 4 * n * m}
        found.append(student.run(measure_memory, name=name, **data))
    for held, tile in zip(found, ("queries", "keys"), strict=True):
        check.true(
            not held,
            where=f"{name}, memory where one tile holds all {tile}",
            evidence="N x M elements or more were allocated at once",
            look=look,
        )


# --- 1. safe_softmax ----------------------------------------------------------------


@pytest.mark.task("safe_softmax", weight=2)
def test_softmax_rows_sum_to_one_on_the_last_axis(student, rng):
    look = "Chapter, step 1."
    for shape in ((5, 7), (2, 3, 4), (9,), (4, 1)):
        x = rng.standard_normal(shape) * 3
        where = f"safe_softmax, float64, {len(shape)} axes, last of {shape[-1]}"
        got = student.safe_softmax(x)
        check.close(got, softmax64(x), **TIGHT, where=where, look=look)
        check.dtype(got, np.float64, where=where, look=look)


@pytest.mark.task("safe_softmax", weight=2)
def test_softmax_survives_large_scores(student, rng):
    look = "Chapter, step 1: subtract the largest score of the row."
    x = np.array(
        [
            [1e4, 1e4 - 1, 0.0, -1e4],
            [-1e4, -1e4 - 2, -1e4 - 1, -2e4],
            [7.0, 7.0, 7.0, 7.0],
            [-800.0, -801.0, -799.0, -800.5],
        ]
    )
    for dtype, rtol in ((np.float64, 1e-10), (np.float32, 1e-5)):
        where = f"safe_softmax, scores up to 1e4 in {np.dtype(dtype)}"
        got = student.safe_softmax(x.astype(dtype))
        check.close(got, softmax64(x), rtol=rtol, where=where, look=look)


@pytest.mark.task("safe_softmax", weight=2)
def test_softmax_of_masked_rows_is_zero(student):
    look = "Chapter, step 1: a maximum of -inf must not be subtracted."
    x = np.array(
        [[-np.inf, 0.0, 1.0], [-np.inf, -np.inf, -np.inf], [2.0, -np.inf, -np.inf]]
    )
    got = student.safe_softmax(x)
    where = "safe_softmax, rows with some or only -inf"
    check.close(got, softmax64(x), **TIGHT, where=where, look=look)
    got = student.safe_softmax(np.zeros((3, 0)))
    check.shape(got, (3, 0), where="safe_softmax, an empty last axis", look=look)


@pytest.mark.task("safe_softmax")
def test_softmax_in_half_precision(student, rng):
    look = "Chapter, step 1: compute in accumulator(x.dtype), return x.dtype."
    x = rng.uniform(-8, 8, (6, 50)).astype(np.float16)
    x[0, :2] = [6e4, -6e4]
    got = student.safe_softmax(x)
    where = "safe_softmax, float16"
    check.dtype(got, np.float16, where=where, look=look)
    check.close(got, softmax64(x), rtol=2.0**-10, atol=2.0**-24, where=where, look=look)


@pytest.mark.task("safe_softmax")
def test_softmax_leaves_its_input_alone(student, rng):
    look = "Chapter, step 1: in-place operators change the caller's array."
    x = rng.standard_normal((4, 6))
    got, after = student.run(call_and_look, name="safe_softmax", args=[x], options={})
    where = "safe_softmax, a transposed view"
    check.unchanged(after[0], x, where=where, look=look)
    check.close(got, softmax64(x), **TIGHT, where=where, look=look)


# --- 2. online_softmax --------------------------------------------------------------


@remembered
def states(x, block):
    """Return m and l of every row after every tile."""
    shape, wide = (-(-x.shape[1] // block), x.shape[0]), x.astype(np.float64)
    tops, totals = np.empty(shape), np.empty(shape)
    for t in range(shape[0]):
        part = wide[:, : (t + 1) * block]
        tops[t] = top = part.max(axis=1)
        totals[t] = np.exp(part - np.where(np.isinf(top), 0, top)[:, None]).sum(axis=1)
    return tops, totals


def check_online(got, x, block, kind, tight=None, acc=np.float64):
    """Compare (p, m, l) tile by tile, so that the first wrong tile is named."""
    look = "Chapter, step 2."
    tight = tight or TIGHT
    where = f"online_softmax, {kind}"
    check.true(
        isinstance(got, tuple | list) and len(got) == 3,
        where=where,
        evidence="the result is not a tuple of three: p, m, l",
        look=look,
    )
    p, m, l_all = got
    rows, cols = x.shape
    tiles = -(-cols // block)
    check.shape(m, (tiles, rows), where=f"{where}: m", look=look)
    check.shape(l_all, (tiles, rows), where=f"{where}: l", look=look)
    check.dtype(m, acc, where=f"{where}: m", look=look)
    check.dtype(l_all, acc, where=f"{where}: l", look=look)
    tops, totals = states(x, block)
    if not (np.array_equal(m, tops) and np.allclose(l_all, totals, **tight)):
        for t in range(tiles):
            at = f"{where}, tile {t + 1} of {tiles}"
            one = {"look": look, "axis_names": ("row",)}
            check.close(m[t], tops[t], where=f"{at}: m", **one)
            check.close(l_all[t], totals[t], **tight, where=f"{at}: l", **one)
    check.dtype(p, x.dtype, where=f"{where}: p", look=look)
    loose = tight if x.dtype != np.float16 else {"rtol": HALF, "atol": 2.0**-24}
    check.close(p, softmax64(x), **loose, where=f"{where}: p", look=look)


@pytest.mark.task("online_softmax", weight=2)
def test_online_state_after_every_tile(student, rng):
    x = rng.standard_normal((5, 37)) * 4
    for block, kind in ((8, "a ragged last tile"), (37, "one tile"), (1, "tiles of 1")):
        check_online(student.online_softmax(x, block), x, block, kind)
    check_online(student.online_softmax(x, 64), x, 64, "a tile wider than the row")


@pytest.mark.task("online_softmax", weight=2)
def test_online_when_the_maximum_rises_falls_or_rests(student):
    rise = np.arange(24.0)
    x = np.stack([rise, rise[::-1], np.full(24, 3.0), np.where(rise == 13, 9.0, -2.0)])
    check_online(student.online_softmax(x, 5), x, 5, "rising, falling, constant rows")


@pytest.mark.task("online_softmax", weight=2)
def test_online_survives_large_scores(student):
    steps = np.linspace(-1e4, 1e4, 18)
    x = np.stack([steps, steps[::-1], np.full(18, -1e4), np.full(18, 1e4)])
    loose = {"rtol": 1e-10}
    check_online(student.online_softmax(x, 4), x, 4, "scores up to 1e4", loose)
    low = -2000.0 - np.arange(12.0).reshape(2, 6)
    got = student.online_softmax(low, 4)
    check_online(got, low, 4, "all scores below -1000", loose)


@pytest.mark.task("online_softmax", weight=2)
def test_online_with_masked_tiles(student):
    x = np.array(
        [
            [-np.inf, -np.inf, -np.inf, 1.0, 2.0, 0.5],
            [-np.inf] * 6,
            [0.0, 3.0, -np.inf, -np.inf, -np.inf, -np.inf],
        ]
    )
    check_online(student.online_softmax(x, 2), x, 2, "tiles of -inf only")
    empty = np.zeros((3, 0))
    check_online(student.online_softmax(empty, 4), empty, 4, "no columns")


@pytest.mark.task("online_softmax")
def test_online_in_half_precision(student, rng):
    x = rng.uniform(-0.5, 0.5, (2, 3000)).astype(np.float16)
    tight = {"rtol": 1e-5}
    got = student.online_softmax(x, 100)
    check_online(got, x, 100, "a long float16 row", tight, np.float32)


@pytest.mark.task("online_softmax")
def test_online_leaves_its_input_alone(student, rng):
    x = rng.standard_normal((4, 6))
    got, after = student.run(
        call_and_look, name="online_softmax", args=[x], options={"block": 4}
    )
    look = "Chapter, step 2: in-place operators change the caller's array."
    check.unchanged(after[0], x, where="online_softmax, a transposed view", look=look)
    check_online(got, x, 4, "a transposed view")


# --- 3. merge -----------------------------------------------------------------------


def check_state(got, want, kind, look="Chapter, step 3.", **tolerance):
    tolerance = tolerance or TIGHT
    where = f"merge, {kind}"
    check.true(
        isinstance(got, tuple | list) and len(got) == 3,
        where=where,
        evidence="the result is not a tuple of three: m, l, o",
        look=look,
    )
    for name, x, y in zip("mlo", got, want, strict=True):
        check.close(np.asarray(x), y, **tolerance, where=f"{where}: {name}", look=look)


def pieces(rng, shape, keys, d, cuts, spread=3.0):
    """Return the states of consecutive groups of keys, and of all keys."""
    s = rng.standard_normal((*shape, keys)) * spread
    v = rng.standard_normal((*shape, keys, d))
    edges = [0, *cuts, keys]
    parts = [state(s[..., a:b], v[..., a:b, :]) for a, b in pairwise(edges)]
    return parts, state(s, v)


@pytest.mark.task("merge", weight=2)
def test_merge_equals_one_pass_over_both(student, rng):
    for shape in ((), (5,), (2, 3)):
        (a, b), whole = pieces(rng, shape, 11, 3, [4])
        kind = f"two halves of a row, states of shape {shape}"
        check_state(student.merge(a, b), whole, kind)
    (a, b), whole = pieces(rng, (1,), 7, 1, [4])
    check_state(student.merge(a, b), whole, "one row, one feature")


@pytest.mark.task("merge", weight=2)
def test_merge_in_any_order_and_grouping(student, rng):
    (a, b, c), whole = pieces(rng, (4,), 15, 2, [3, 9])
    look = "Chapter, step 3: why merge is associative."
    left = student.merge(student.merge(a, b), c)
    check_state(left, whole, "(a + b) + c", look)
    right = student.merge(a, student.merge(b, c))
    check_state(right, whole, "a + (b + c)", look)
    check_state(student.merge(c, student.merge(b, a)), whole, "c + (b + a)", look)


@pytest.mark.task("merge", weight=2)
def test_merge_with_nothing(student, rng):
    (a, _), _ = pieces(rng, (4,), 9, 3, [5])
    nothing = (np.full(4, -np.inf), np.zeros(4), np.zeros((4, 3)))
    look = "Chapter, step 3: the state of no keys is (-inf, 0, 0)."
    check_state(student.merge(nothing, a), a, "nothing + a", look)
    check_state(student.merge(a, nothing), a, "a + nothing", look)
    check_state(student.merge(nothing, nothing), nothing, "nothing + nothing", look)
    mixed = [np.array(x) for x in a]
    mixed[0][1], mixed[1][1], mixed[2][1] = -np.inf, 0.0, 0.0
    got = student.merge(tuple(mixed), nothing)
    check_state(got, mixed, "one row of a is empty, b is nothing", look)


@pytest.mark.task("merge", weight=2)
def test_merge_of_distant_maxima(student, rng):
    look = "Chapter, step 3: both factors must be at most 1."
    m = np.array([1e4, -1e4, 0.0, -1e4])
    other = np.array([-1e4, 1e4, 800.0, -1e4 + 2])
    l_a, l_b = rng.uniform(1, 4, (2, 4))
    o_a, o_b = rng.standard_normal((2, 4, 3))
    top = np.maximum(m, other)
    alpha, beta = np.exp(m - top), np.exp(other - top)
    want = (
        top,
        alpha * l_a + beta * l_b,
        alpha[:, None] * o_a + beta[:, None] * o_b,
    )
    got = student.merge((m, l_a, o_a), (other, l_b, o_b))
    check_state(got, want, "maxima 2e4 apart", look)


@pytest.mark.task("merge")
def test_merge_keeps_dtype_and_inputs(student, rng):
    (a, b), whole = pieces(rng, (3, 2), 9, 4, [5])
    a, b = ([x.astype(np.float32) for x in half] for half in (a, b))
    got, after_a, after_b = student.run(merge_and_look, a=a, b=b)
    look = "Chapter, step 3."
    for name, x in zip("mlo", got, strict=True):
        check.dtype(x, np.float32, where=f"merge, float32: {name}", look=look)
    check_state(got, whole, "float32", rtol=1e-5, atol=1e-5)
    for before, after in zip((*a, *b), (*after_a, *after_b), strict=True):
        check.unchanged(after, before, where="merge, its arguments", look=look)


def merge_and_look(module, a, b):
    got = module.merge(tuple(a), tuple(b))
    return list(got), a, b


# --- 4. flash_forward ---------------------------------------------------------------


def check_forward(got, q, k, v, kind, look="Chapter, step 4.", atol=1e-12, **options):
    """Compare (o, lse) with the truth; `atol` is relative to the largest |v|."""
    where = f"flash_forward, {kind}"
    check.true(
        isinstance(got, tuple | list) and len(got) == 2,
        where=where,
        evidence="the result is not a pair: o, lse",
        look=look,
    )
    o, lse = got
    options = {key: options.get(key) for key in ("causal", "scale", "kv_len")}
    want_o, want_lse = truth(q, k, v, **options)
    check.dtype(o, q.dtype, where=f"{where}: o", look=look)
    acc = np.float64 if q.dtype == np.float64 else np.float32
    check.dtype(lse, acc, where=f"{where}: lse", look=look)
    allowed = min(atol, SINGLE) if acc == np.float64 else SINGLE
    check.close(
        lse,
        want_lse,
        rtol=allowed,
        atol=allowed,
        where=f"{where}: lse",
        look=look,
        axis_names=AXES[:3],
    )
    size = float(np.abs(np.nan_to_num(v)).max(initial=1.0))
    check.close(
        o, want_o, atol=atol * size, where=f"{where}: o", look=look, axis_names=AXES
    )


@pytest.mark.task("flash_forward", weight=2)
def test_forward_equals_plain_attention(student, rng):
    q, k, v = heads(rng, 37, 29, 8, 2, 2)
    got = student.flash_forward(q, k, v, bq=16, bk=8)
    check_forward(got, q, k, v, "2 batches, 2 heads, ragged tiles")
    q, k, v = heads(rng, 20, 33, 5)
    got = student.flash_forward(q, k, v, bq=8, bk=16)
    check_forward(got, q, k, v, "N < M, d = 5")
    got = student.flash_forward(q, k, v)
    check_forward(got, q, k, v, "default tiles")


@pytest.mark.task("flash_forward")
def test_forward_of_tiny_shapes(student, rng):
    for n, m, kind in (
        (1, 9, "one query"),
        (9, 1, "one key"),
        (5, 0, "no keys"),
        (7, 6, "tiles larger than both"),
    ):
        q, k, v = heads(rng, n, m, 3)
        got = student.flash_forward(q, k, v, bq=4 if m < 6 else 64, bk=4)
        check_forward(got, q, k, v, kind)
    q, k, v = heads(rng, 3, 4, 2)
    got = student.flash_forward(q, k, v, bq=1, bk=1)
    check_forward(got, q, k, v, "tiles of 1 x 1")


@pytest.mark.task("flash_forward", weight=2)
def test_forward_when_the_maximum_moves(student):
    look = "Chapter, step 4: rescale l and acc together."
    for slope, start, kind in (
        (1.0, 0.0, "rising scores"),
        (-1.0, 0.0, "falling scores"),
        (0.0, 7.0, "equal scores"),
        (500.0, -1e4, "scores from -1e4 to 1e4"),
        (-1.0, -1e4, "all scores below -1e4"),
    ):
        q, k, v = ramp(6, 41, 4, slope, start)
        got = student.flash_forward(q, k, v, bq=8, bk=8, scale=1.0)
        check_forward(got, q, k, v, kind, look, atol=1e-10, scale=1.0)


@pytest.mark.task("flash_forward")
def test_forward_uses_the_scale_given(student, rng):
    look = "Chapter, step 4: scale is 1/sqrt(d) only when none is given."
    q, k, v = heads(rng, 10, 12, 6)
    for scale in (0.7, 0.0, -1.5):
        got = student.flash_forward(q, k, v, bq=4, bk=4, scale=scale)
        check_forward(got, q, k, v, f"scale {scale}", look, scale=scale)


@pytest.mark.task("flash_forward", weight=2)
def test_forward_causal(student, rng):
    look = "Chapter, step 4: query i sees the keys j <= i + M - N."
    for n, m, kind in ((33, 33, "N = M"), (12, 30, "N < M"), (30, 12, "N > M")):
        q, k, v = heads(rng, n, m, 4)
        got = student.flash_forward(q, k, v, causal=True, bq=16, bk=4)
        check_forward(got, q, k, v, f"causal, {kind}", look, causal=True)
    got = student.flash_forward(q, k, v, causal=True, bq=4, bk=16)
    check_forward(got, q, k, v, "causal, N > M, wide tiles", look, causal=True)


@pytest.mark.task("flash_forward", weight=2)
def test_forward_with_key_lengths(student, rng):
    look = "Chapter, step 4: keys from kv_len[b] on do not exist."
    q, k, v = heads(rng, 10, 21, 4, 4, 2)
    kv_len = [13, 21, 0, 5]
    for b, length in enumerate(kv_len):
        k[b, :, length:] = np.nan
        v[b, :, length:] = np.nan
    for causal in (False, True):
        got = student.flash_forward(
            q, k, v, causal=causal, bq=4, bk=8, kv_len=np.array(kv_len)
        )
        kind = "key lengths per batch" + ", causal" * causal
        check_forward(got, q, k, v, kind, look, causal=causal, kv_len=kv_len)


@pytest.mark.task("flash_forward", weight=2)
def test_forward_carries_sums_in_single_precision(student, rng):
    look = "Chapter, step 4: convert tiles with accumulator(q.dtype)."
    q, k, v = heads(rng, 9, 60, 16, dtype=np.float32)
    got = student.flash_forward(q, k, v, bq=8, bk=16)
    check_forward(got, q, k, v, "float32", look, atol=SINGLE)
    q, k, v = heads(rng, 9, 60, 16, dtype=np.float16, spread=4.0)
    v[:, :, 0:8] = 1000.0  # large parts that cancel leave small sums behind
    v[:, :, 24:32] = -1000.0
    q[:, :, :3] = 0
    got = student.flash_forward(q, k, v, bq=8, bk=8)
    check_forward(got, q, k, v, "float16", look, atol=HALF)
    small = got[0][:, :, :3], truth(q, k, v)[0][:, :, :3]
    where = "flash_forward, float16, large values that cancel: o"
    check.close(*small, rtol=HALF, atol=1e-3, where=where, look=look, axis_names=AXES)
    q, k, v = heads(rng, 5, 20, 16, dtype=np.float16)
    q[..., 0], k[..., 0] = 300.0, 300.0  # products beyond 65504
    got = student.flash_forward(q, k, v, bq=8, bk=8)
    check_forward(got, q, k, v, "float16, products beyond 65504", look, atol=0.02)


@pytest.mark.task("flash_forward")
def test_forward_where_scores_overflow(student, rng):
    look = "Chapter, step 4: a score of -inf is a key of weight 0."
    q, k, v = heads(rng, 6, 12, 2, dtype=np.float32)
    q[..., 0] = 1e20
    k[..., 0] = 0
    k[:, :, :8:3, 0] = -1e25
    got = student.flash_forward(q, k, v, bq=4, bk=1)
    check_forward(got, q, k, v, "some scores overflow to -inf", look, atol=SINGLE)


@pytest.mark.task("flash_forward", weight=3)
def test_forward_never_holds_the_matrix(student, rng):
    look = "Chapter, step 4: loop over tiles of bq queries and bk keys."

    def make(n, m):
        return heads(rng, n, m, 1, dtype=np.float32)

    check_memory(student, "flash_forward", make, look)


@pytest.mark.task("flash_forward")
def test_forward_of_strided_heads(student, rng):
    q, k, v = heads(rng, 12, 10, 4, 2, 3)
    got, after = student.run(
        call_and_look, name="flash_forward", args=[q, k, v], options={"bq": 8, "bk": 4}
    )
    look = "Chapter, step 4."
    for x, y in zip(after, (q, k, v), strict=True):
        check.unchanged(x, y, where="flash_forward, its arguments", look=look)
    check_forward(got, q, k, v, "transposed heads")


# --- 5. flash_backward --------------------------------------------------------------


def check_backward(got, args, kind, look="Chapter, step 5.", atol=1e-11, **options):
    """Compare (dq, dk, dv) with the truth; `atol` is relative to the largest."""
    q, k, v, do = args
    where = f"flash_backward, {kind}"
    check.true(
        isinstance(got, tuple | list) and len(got) == 3,
        where=where,
        evidence="the result is not a tuple of three: dq, dk, dv",
        look=look,
    )
    options = {key: options.get(key) for key in ("causal", "scale", "kv_len")}
    want = truth(q, k, v, **options, do=do)[2]
    names = ("dv", "dk", "dq")
    for name, x, y, source in zip(names, got[::-1], want[::-1], (v, k, q), strict=True):
        check.dtype(x, source.dtype, where=f"{where}: {name}", look=look)
        size = max(1.0, float(np.abs(y).max(initial=0.0)))
        check.close(
            x,
            y,
            atol=atol * size,
            where=f"{where}: {name}",
            look=look,
            axis_names=AXES if name == "dq" else KEYS,
        )


def backward_inputs(rng, q, k, v, **options):
    """Return the arguments of flash_backward, as a right forward pass leaves them."""
    do = rng.standard_normal(q.shape).astype(q.dtype)
    o, lse = truth(q, k, v, **options)
    acc = np.float64 if q.dtype == np.float64 else np.float32
    return q, k, v, o.astype(q.dtype), lse.astype(acc), do


def run_backward(student, rng, arrays, kind, look, atol=1e-11, bq=8, bk=8, **options):
    args = backward_inputs(rng, *arrays, **options)
    given = dict(options)
    if "kv_len" in given:
        given["kv_len"] = np.array(given["kv_len"])
    got = student.flash_backward(*args, bq=bq, bk=bk, **given)
    check_backward(got, (*arrays, args[5]), kind, look, atol, **options)


@pytest.mark.task("flash_backward", weight=3)
def test_backward_equals_plain_gradients(student, rng):
    look = "Chapter, step 5."
    arrays = heads(rng, 19, 21, 6, 2, 2)
    run_backward(student, rng, arrays, "2 batches, 2 heads", look, bq=16, bk=8)
    arrays = heads(rng, 9, 26, 3)
    run_backward(student, rng, arrays, "N < M, wide tiles", look, bq=4, bk=16)
    run_backward(student, rng, arrays, "tiles larger than both", look, bq=32, bk=32)


@pytest.mark.task("flash_backward")
def test_backward_of_tiny_shapes(student, rng):
    look = "Chapter, step 5."
    for n, m, kind in ((1, 6, "one query"), (6, 1, "one key"), (5, 0, "no keys")):
        run_backward(student, rng, heads(rng, n, m, 3), kind, look, bq=4, bk=4)


@pytest.mark.task("flash_backward")
def test_backward_uses_the_scale_given(student, rng):
    look = "Chapter, step 5: the scale enters the scores and, once more, dq and dk."
    arrays = heads(rng, 7, 9, 5)
    for scale in (0.7, 0.0, -1.5):
        kind = f"scale {scale}"
        run_backward(student, rng, arrays, kind, look, bq=4, bk=4, scale=scale)


@pytest.mark.task("flash_backward", weight=2)
def test_backward_causal(student, rng):
    look = "Chapter, step 5: the mask of the forward pass; rows without keys give 0."
    for n, m, kind in ((17, 17, "N = M"), (7, 18, "N < M"), (18, 7, "N > M")):
        arrays = heads(rng, n, m, 4)
        kind = f"causal, {kind}"
        run_backward(student, rng, arrays, kind, look, bq=8, bk=4, causal=True)


@pytest.mark.task("flash_backward", weight=2)
def test_backward_with_key_lengths(student, rng):
    look = "Chapter, step 5: keys from kv_len[b] on get gradient 0."
    q, k, v = heads(rng, 6, 13, 4, 4, 1)
    kv_len = [9, 13, 0, 3]
    for b, length in enumerate(kv_len):
        k[b, :, length:] = np.nan
        v[b, :, length:] = np.nan
    for causal in (False, True):
        kind = "key lengths per batch" + ", causal" * causal
        options = {"causal": causal, "kv_len": kv_len}
        run_backward(student, rng, (q, k, v), kind, look, bq=4, bk=8, **options)


@pytest.mark.task("flash_backward", weight=2)
def test_backward_of_large_scores(student, rng):
    look = "Chapter, step 5: exp(s - lse) cannot overflow, exp(s) can."
    for slope, start in ((500.0, -1e4), (-0.5, -1e4), (0.0, 900.0)):
        arrays = ramp(5, 30, 3, slope, start)
        kind = f"scores from {start:g} in steps of {slope:g}"
        run_backward(student, rng, arrays, kind, look, 1e-9, bq=8, bk=8, scale=1.0)


@pytest.mark.task("flash_backward", weight=2)
def test_backward_carries_sums_in_single_precision(student, rng):
    look = "Chapter, step 5: accumulate in accumulator(q.dtype), convert at the end."
    arrays = heads(rng, 40, 30, 16, dtype=np.float32)
    run_backward(student, rng, arrays, "float32", look, SINGLE, bq=8, bk=8)
    q, k, v = heads(rng, 50, 20, 8, dtype=np.float16)
    q[:, :, 0:8] = q[:, :, 24:32] = 0  # rows of equal weights ...
    args = backward_inputs(rng, q, k, v)
    args[5][:, :, 0:8], args[5][:, :, 24:32] = 1000.0, -1000.0  # ... that cancel in dV
    got = student.flash_backward(*args, bq=8, bk=8)
    check_backward(got, (q, k, v, args[5]), "float16", look, 3 * HALF)


@pytest.mark.task("flash_backward", weight=2)
def test_backward_never_holds_the_matrix(student, rng):
    look = "Chapter, step 5: compute the scores of one tile again, use them, drop them."

    def make(n, m):
        return backward_inputs(rng, *heads(rng, n, m, 1, dtype=np.float32), causal=True)

    check_memory(student, "flash_backward", make, look)


@pytest.mark.task("flash_backward")
def test_backward_of_strided_heads(student, rng):
    look = "Chapter, step 5."
    args = backward_inputs(rng, *heads(rng, 9, 7, 4, 2, 3))
    got, after = student.run(
        call_and_look,
        name="flash_backward",
        args=list(args),
        options={"bq": 4, "bk": 4},
    )
    for x, y in zip(after, args, strict=True):
        check.unchanged(x, y, where="flash_backward, its arguments", look=look)
    check_backward(got, (*args[:3], args[5]), "transposed heads", look)


# --- 6. hbm_bytes -------------------------------------------------------------------


@remembered
def count_bytes(n, m, d, bq, bk, causal=False, itemsize=4):
    """Count the bytes by looking at every tile's mask."""
    seen = seen_keys(n, m, causal, m)
    loaded = n * d
    for row in range(0, n, bq):
        for col in range(0, m, bk):
            if seen[row : row + bq, col : col + bk].any():
                loaded += 2 * d * min(bk, m - col)
    return loaded * itemsize, n * d * itemsize + 4 * n


SHAPES = ((64, 64, 32, 16, 16), (100, 77, 16, 32, 16), (37, 90, 5, 16, 32))


def check_bytes(student, shapes, kind, look, **options):
    for shape in shapes:
        got = student.hbm_bytes(*shape, **options)
        n, m, _, bq, bk = shape
        where = f"hbm_bytes, {kind}, N = {n}, M = {m}, tiles {bq} x {bk}"
        check.true(
            isinstance(got, tuple | list) and len(got) == 2,
            where=where,
            evidence="the result is not a pair: loaded, stored",
            look=look,
        )
        want = count_bytes(*shape, **options)
        check.equal(got[1], want[1], where=f"{where}: stored", look=look)
        check.equal(got[0], want[0], where=f"{where}: loaded", look=look)


@pytest.mark.task("hbm_bytes", weight=2)
def test_bytes_without_a_mask(student):
    look = "Chapter, step 6: q once, k and v once per query tile."
    shapes = (*SHAPES, (512, 512, 64, 64, 64), (9, 7, 4, 32, 32), (10, 0, 4, 4, 4))
    check_bytes(student, shapes, "no mask", look)


@pytest.mark.task("hbm_bytes")
def test_bytes_of_half_precision(student):
    look = "Chapter, step 6: lse stays at 4 bytes."
    for causal in (False, True):
        kind = "itemsize 2" + ", causal" * causal
        check_bytes(student, SHAPES, kind, look, causal=causal, itemsize=2)


@pytest.mark.task("hbm_bytes", weight=2)
def test_bytes_of_square_causal_tiles(student):
    look = "Chapter, step 6: the last row of a query tile decides."
    shapes = ((64, 64, 8, 16, 16), (128, 128, 8, 32, 16), (96, 96, 8, 16, 32))
    check_bytes(student, shapes, "causal", look, causal=True)


@pytest.mark.task("hbm_bytes", weight=2)
def test_bytes_of_ragged_causal_tiles(student):
    look = "Chapter, step 6: the causal count when N, M and the tiles do not divide."
    shapes = ((100, 100, 4, 32, 16), (50, 50, 4, 16, 32), (40, 40, 4, 64, 8))
    check_bytes(student, shapes, "causal, ragged", look, causal=True)
    shapes = ((30, 77, 4, 16, 8), (17, 40, 4, 16, 16), (1, 33, 4, 16, 8))
    check_bytes(student, shapes, "causal, N < M", look, causal=True)
    shapes = ((77, 30, 4, 16, 8), (90, 20, 4, 32, 8), (40, 1, 4, 16, 8))
    check_bytes(student, shapes, "causal, N > M", look, causal=True)


# --- 7. and 8. the kernels ----------------------------------------------------------


def run_kernel(
    meter,
    arrays,
    kind,
    look,
    *,
    causal=False,
    scale=None,
    tiles=(32, 16),
    atol=SINGLE,
    axes=None,
):
    """Run one launch on the simulator and judge results, bytes and blocks."""
    q, k, v = arrays
    host = "causal_attention" if causal else "flash_attention"
    block_m, block_n = tiles
    options = {"scale": scale, "block_m": block_m, "block_n": block_n}
    given = arrays
    if axes is not None:  # stored in another order
        options["axes"] = axes
        pairs = zip(arrays, axes, strict=True)
        given = [np.ascontiguousarray(x.transpose(np.argsort(a))) for x, a in pairs]
    m = meter.run(host, *given, **options)
    where = f"{host}, {kind}"
    check.true(
        isinstance(m.outputs, tuple | list) and len(m.outputs) == 2,
        where=where,
        evidence="the result is not a pair: o, lse",
        look=look,
    )
    o, lse = m.outputs
    want_o, want_lse = truth(q, k, v, causal=causal, scale=scale)
    check.dtype(o, q.dtype, where=f"{where}: o", look=look)
    check.dtype(lse, np.float32, where=f"{where}: lse", look=look)
    for name in ("races", "uninitialised"):
        found = "; ".join(getattr(m, name))
        check.true(not found, where=f"{where}: {name}", evidence=found, look=look)
    check.close(
        lse,
        want_lse,
        rtol=SINGLE,
        atol=SINGLE if q.dtype == np.float32 else 1e-4,
        where=f"{where}: lse",
        look=look,
        axis_names=AXES[:3],
    )
    size = float(np.abs(v).max(initial=1.0))
    check.close(
        o, want_o, atol=atol * size, where=f"{where}: o", look=look, axis_names=AXES
    )
    batch, head, n, d = q.shape
    loaded, stored = count_bytes(
        n, k.shape[2], d, block_m, block_n, causal, q.dtype.itemsize
    )
    count = batch * head
    check.at_most(
        m.loaded_bytes,
        1.02 * loaded * count,
        where=f"{where}: loaded from HBM",
        unit="bytes",
        look="Chapter, step 6: what must be loaded, and how often.",
    )
    check.at_most(
        m.stored_bytes,
        stored * count,
        where=f"{where}: stored to HBM",
        unit="bytes",
        look="Chapter, step 7: each element of o and lse is stored once.",
    )
    block_d = max(16, 1 << (d - 1).bit_length())
    check.at_most(
        m.largest_block,
        max(block_m * block_d, block_n * block_d, block_m * block_n),
        where=f"{where}: largest block",
        unit="elements",
        look="Chapter, step 7: one tile of queries, one of keys, one of scores.",
    )


STORED = ((0, 2, 1, 3), (1, 0, 3, 2), (0, 1, 2, 3))  # (B, N, H, d), (H, B, d, M), ...
FEATURES_APART = ((1, 0, 3, 2), (0, 1, 3, 2), (0, 3, 2, 1))


def batched(*ramps):
    """Stack inputs of the same shape along the batch axis."""
    return tuple(np.concatenate(parts) for parts in zip(*ramps, strict=True))


@pytest.mark.task("flash_kernel", weight=3)
def test_kernel_equals_plain_attention_within_budget(meter, rng):
    look = "Chapter, step 7."
    arrays = heads(rng, 40, 37, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "ragged tiles", look)
    look = "Chapter, step 7: use BLOCK_M and BLOCK_N, not their defaults."
    arrays = heads(rng, 21, 70, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "tiles 16 x 32", look, tiles=(16, 32))


@pytest.mark.task("flash_kernel", weight=2)
def test_kernel_pads_the_head_dimension(meter, rng):
    look = "Chapter, step 7: mask offs_d < D and load 0 elsewhere."
    for d in (20, 5):
        arrays = heads(rng, 9, 19, d, 1, 2, np.float32)
        run_kernel(meter, arrays, f"d = {d}", look, tiles=(16, 16))


@pytest.mark.task("flash_kernel", weight=2)
def test_kernel_when_the_maximum_moves(meter):
    look = "Chapter, step 7: m_i, alpha, l_i and acc as in step 4."
    arrays = batched(
        ramp(3, 50, 16, 1.0, -300.0, np.float32),
        ramp(3, 50, 16, -8.0, 200.0, np.float32),
        ramp(3, 50, 16, 8.0, -200.0, np.float32),
    )
    kind = "scores that rise, fall, reach 200"
    run_kernel(meter, arrays, kind, look, scale=1.0, tiles=(16, 16), atol=1e-4)


@pytest.mark.task("flash_kernel")
def test_kernel_of_tiny_shapes_with_a_scale(meter, rng):
    look = "Chapter, step 7: masks make every shape work."
    arrays = heads(rng, 1, 18, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "one query, scale 0.7", look, scale=0.7, tiles=(16, 16))
    arrays = heads(rng, 17, 1, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "one key", look, tiles=(16, 16))
    look = "Chapter, step 7: scale is 1/sqrt(d) only when none is given."
    arrays = heads(rng, 2, 5, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "scale 0", look, scale=0.0, tiles=(16, 16))


@pytest.mark.task("flash_kernel", weight=2)
def test_kernel_of_strided_arrays(meter, rng):
    look = "Chapter, step 7: reach every element through its array's own strides."
    arrays = heads(rng, 17, 18, 16, 2, 2, np.float32)
    kind = "q, k, v stored in three different orders of axes"
    run_kernel(meter, arrays, kind, look, axes=STORED, tiles=(32, 32))


@pytest.mark.task("flash_kernel", weight=2)
def test_kernel_in_half_precision(meter, rng):
    look = "Chapter, step 7: float16 in and out, float32 for m_i, l_i and acc."
    q, k, v = heads(rng, 10, 90, 16, 1, 1, np.float16, 4.0)
    v[:, :, 0:16] = 1000.0  # large parts that cancel leave small sums behind
    v[:, :, 48:64] = -1000.0
    q[:, :, :3] = 0
    run_kernel(meter, (q, k, v), "float16", look, atol=HALF, tiles=(16, 16))


@pytest.mark.task("causal_kernel", weight=3)
def test_causal_kernel_within_budget(meter, rng):
    look = "Chapter, step 8: the loop ends with the last key that the tile sees."
    arrays = heads(rng, 55, 55, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "N = M", look, causal=True)
    arrays = heads(rng, 40, 40, 8, 1, 1, np.float32)
    run_kernel(meter, arrays, "d = 8, 16 x 32", look, causal=True, tiles=(16, 32))


@pytest.mark.task("causal_kernel", weight=2)
def test_causal_kernel_with_more_keys_than_queries(meter, rng):
    look = "Chapter, step 8: query i sees the keys j <= i + M - N."
    arrays = heads(rng, 12, 43, 16, 2, 2, np.float16, 4.0)
    run_kernel(
        meter,
        arrays,
        "N < M, float16, strided",
        look,
        causal=True,
        scale=0.5,
        tiles=(16, 16),
        atol=HALF,
        axes=FEATURES_APART,
    )


@pytest.mark.task("causal_kernel", weight=2)
def test_causal_kernel_with_more_queries_than_keys(meter, rng):
    look = "Chapter, step 8: a row that sees nothing gives o = 0 and lse = -inf."
    arrays = heads(rng, 50, 27, 16, 1, 1, np.float32)
    run_kernel(meter, arrays, "N > M", look, causal=True, tiles=(16, 16))


@pytest.mark.task("causal_kernel", weight=2)
def test_causal_kernel_when_the_maximum_moves(meter):
    look = "Chapter, step 8: scores outside the mask are -inf before the maximum."
    arrays = batched(
        ramp(16, 33, 16, 8.0, -300.0, np.float32),
        ramp(16, 33, 16, -8.0, 200.0, np.float32),
    )
    run_kernel(
        meter,
        arrays,
        "scores that rise or fall",
        look,
        causal=True,
        scale=1.0,
        tiles=(16, 16),
        atol=1e-4,
    )
