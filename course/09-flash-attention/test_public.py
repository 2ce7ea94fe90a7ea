"""Public tests of lesson 09: small inputs that make a mistake show.

Each task meets an example that you can follow by hand, ragged tiles, maxima that rise
and fall, masks, float16, and arrays that must stay as they were. Kernels run on the
simulator under its meter: bytes, blocks, races, memory that nobody wrote. The hidden
tests ask the same of other inputs; the lesson's page lists what only they ask.
"""

import numpy as np
import pytest

from autograder.student.testing import check

INF = np.inf
AXES = ("batch", "head", "row", "feature")


# --- what is right: whole matrices, in float64 --------------------------------------


def seen(n, m, length, causal):
    """Return the (n, m) mask of the keys that each query sees."""
    rows, cols = np.arange(n)[:, None], np.arange(m)[None, :]
    return (cols < length) & (~np.bool_(causal) | (cols - rows <= length - n))


def plain(q, k, v, causal=False, scale=None, kv_len=None):
    """Return o and lse, with the whole matrix of one head after another."""
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    (batch, heads, n, d), m = q.shape, k.shape[2]
    scale = d**-0.5 if scale is None else scale
    o, lse = np.zeros(q.shape), np.full(q.shape[:3], -INF)
    for b, h in np.ndindex(batch, heads):
        length = m if kv_len is None else kv_len[b]
        mask = seen(n, m, length, causal)[:, :length]
        s = np.where(mask, q[b, h] @ k[b, h, :length].T * scale, -INF)
        for i in np.flatnonzero(mask.any(axis=1)):
            p = np.exp(s[i] - s[i].max())
            o[b, h, i] = p @ v[b, h, :length] / p.sum()
            lse[b, h, i] = s[i].max() + np.log(p.sum())
    return o, lse


def slopes(q, k, v, do, **options):
    """Return the gradients of sum(o * do) by central differences."""
    arrays, step, grads = (q, k, v), 1e-5, []
    for x in arrays:
        grad = np.zeros(x.shape)
        for place in np.ndindex(*x.shape):
            old, ends = x[place], []
            for moved in (old + step, old - step):
                x[place] = moved
                ends.append((plain(*arrays, **options)[0] * do).sum())
            x[place] = old
            grad[place] = (ends[0] - ends[1]) / (2 * step)
        grads.append(grad)
    return grads


def random(rng, n, m, d, batch=1, heads=1, dtype=np.float64):
    """Return q, k, v: n queries and m keys in each head."""
    shapes = [(batch, heads, rows, d) for rows in (n, m, m)]
    return [rng.normal(0.3, 1.5, shape).astype(dtype) for shape in shapes]


def padded(rng, kv_len, n, m, d):
    """Return q, k, v whose keys beyond each length hold NaN."""
    q, k, v = random(rng, n, m, d, len(kv_len))
    for b, length in enumerate(kv_len):
        k[b, :, length:] = v[b, :, length:] = np.nan
    return q, k, v


# --- how answers are judged ---------------------------------------------------------


def compare(got, names, want, where, look, dtypes=None, sizes=None, **near):
    """Check a tuple of arrays one by one: dtype, shape, values.

    Where `sizes` are given, an absolute tolerance is for values of size 1.
    """
    is_tuple = isinstance(got, tuple | list) and len(got) == len(names)
    evidence = f"the answer is not a tuple: {', '.join(names)}"
    check.true(is_tuple, where=where, evidence=evidence, look=look)
    dtypes, atol = dtypes or [None] * len(names), near.pop("atol", 0.0)
    sizes = sizes or [1.0] * len(names)
    for name, x, y, kind, size in zip(names, got, want, dtypes, sizes, strict=True):
        near["atol"] = atol * size
        if np.ndim(y) > 2:
            near["axis_names"] = AXES[: np.ndim(y)]
        check.close(x, y, where=f"{where}: {name}", look=look, dtype=kind, **near)


def left_alone(student, name, arrays, where, *args, **options):
    """Call a function on transposed views, see that they stay, return its answer."""
    views = [np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2) for x in arrays]
    kept = [student.keep(view) for view in views]
    got = getattr(student, name)(*kept, *args, **options)
    for x, handle in zip(arrays, kept, strict=True):
        check.unchanged(student.fetch(handle), x, where=f"{where}: its argument")
    return got


def cancelling():
    """Return float16 q, k, v, do of 64 queries and keys, whose sums cancel exactly.

    All weights are 1/64 and o is 0. In head 0 dk and dv, in head 1 dq are sums of 32,
    of 62 times 1/64 or -1/64, and of -32, at scale 1.
    """
    signs, ends = np.where(np.arange(64) % 2, -1, 1), np.ones(64)
    ends[0], ends[63] = 2048, -2048
    q, k, v, do = np.zeros((4, 1, 2, 64, 1), np.float16)
    v[..., 0] = signs
    q[:, 0], do[:, 0, :, 0], do[:, 1] = 1, ends, 1
    k[:, 1, :, 0] = signs * ends
    return q, k, v, do


def peak_of(lesson, name, args, options):
    """Return the most bytes that a call held at once."""
    import tracemalloc

    tracemalloc.start()
    try:
        getattr(lesson, name)(*args, **options)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def in_little_memory(student, name, make_args):
    """Check that a call holds no matrix, where one tile has all queries or all keys."""
    for n, m, bq, bk in ((32, 2048, 32, 128), (2048, 32, 128, 32)):
        args, options = make_args(n, m), {"bq": bq, "bk": bk}
        held = student.run(peak_of, name=name, args=args, options=options)
        where = f"{name}, {n} queries, {m} keys, tiles {bq} x {bk}: memory"
        look = "Chapter, step 4: loop over tiles of queries and of keys."
        check.at_most(held, 8 * n * m - 1, where=where, unit="bytes", look=look)
    # Of so many queries and keys even an array of bytes would be seen: a whole mask.
    options = {"bq": 32, "bk": 64, "causal": True}
    args = make_args(448, 448)
    held = student.run(peak_of, name=name, args=args, options=options)
    where = f"{name}, 448 queries, 448 keys, tiles 32 x 64, causal: memory"
    check.at_most(held, 448 * 448 - 1, where=where, unit="bytes", look=look)


# --- 1: safe_softmax ----------------------------------------------------------------

STEP_1 = "Chapter, step 1."


@pytest.mark.task("safe_softmax")
def test_safe_softmax(student):
    a = np.log(3.0)
    x = np.array([[[0.0, a], [1000.0, 1000.0]], [[-1e4, a - 1e4], [5.0 + a, 5.0]]])
    want = [[[0.25, 0.75], [0.5, 0.5]], [[0.25, 0.75], [0.75, 0.25]]]
    where = "safe_softmax of [0, log 3], [1000, 1000], [-1e4, log 3 - 1e4], ..."
    got = student.safe_softmax(x)
    check.close(got, want, rtol=1e-11, where=where, look=STEP_1)
    got = left_alone(student, "safe_softmax", [x], "safe_softmax")
    check.close(got, want, rtol=1e-11, where=f"{where}, transposed", look=STEP_1)


@pytest.mark.task("safe_softmax")
def test_safe_softmax_masked(student):
    x = np.array([[-INF, 2.0, 2.0], [-INF, -INF, -INF]])
    where = "safe_softmax of [-inf, 2, 2] and [-inf, -inf, -inf]"
    want = [[0, 0.5, 0.5], [0, 0, 0]]
    check.close(student.safe_softmax(x), want, where=where, look=STEP_1)
    got = student.safe_softmax(np.zeros((2, 0)))
    check.shape(got, (2, 0), where="safe_softmax, an empty last axis", look=STEP_1)


@pytest.mark.task("safe_softmax")
def test_safe_softmax_dtypes(student, rng):
    x = rng.uniform(-9, 9, (3, 40)).astype(np.float16)
    x[0, 0] = 6e4
    wide = x.astype(np.float64)
    want = np.exp(wide - wide.max(axis=1, keepdims=True))
    want /= want.sum(axis=1, keepdims=True)
    where = "safe_softmax of float16 numbers"
    look = "Chapter, step 1: compute in accumulator(x.dtype), return x.dtype."
    near = {"rtol": 2.0**-10, "atol": 2.0**-24, "dtype": np.float16}
    check.close(student.safe_softmax(x), want, where=where, look=look, **near)
    got = student.safe_softmax(np.zeros(2, np.float32))
    where = "safe_softmax of two float32 numbers"
    check.close(got, [0.5, 0.5], where=where, look=look, dtype=np.float32)


# --- 2: online_softmax --------------------------------------------------------------

STEP_2 = "Chapter, step 2, the example worked by hand."


def online(student, rows, block, where, dtype=np.float64):
    """Check (p, m, l); after each tile, m and l are those of the columns so far."""
    x = np.array(rows, dtype)
    wide, tops, totals = x.astype(np.float64), [], []
    for start in range(0, x.shape[1], block):
        so_far = wide[:, : start + block]
        tops.append(so_far.max(axis=1))
        safe = np.maximum(tops[-1], -1e300)[:, None]
        totals.append(np.exp(so_far - safe).sum(axis=1))
    p = np.zeros(x.shape)
    if tops:
        p = np.exp(wide - safe) / np.maximum(totals[-1], 1.0)[:, None]
    shape, sums = (len(tops), len(x)), np.float64 if dtype == np.float64 else np.float32
    want = p, np.reshape(tops, shape), np.reshape(totals, shape)
    near = {"rtol": 1e-9, "atol": 1e-12}
    if dtype == np.float16:
        near = {"rtol": 1e-3, "atol": 2.0**-24}
    got, where = student.online_softmax(x, block), f"online_softmax of {where}"
    compare(got, ("p", "m", "l"), want, where, STEP_2, (dtype, sums, sums), **near)


@pytest.mark.task("online_softmax")
def test_online_softmax(student):
    online(student, [[1, 3, 2, 5]], 2, "[1, 3 | 2, 5]")
    rows = [[9, 8, 3, 1, 7], [7, 1, 3, 8, 9]]
    online(student, rows, 2, "[9, 8 | 3, 1 | 7] and [7, 1 | 3, 8 | 9]")
    online(student, [[-9, -9, -9]], 8, "[-9, -9, -9], tiles of 8")
    rows = [[1e4, -1e4, 0], [-1e4, 0, 1e4]]
    online(student, rows, 1, "[1e4 | -1e4 | 0] and its reverse")


@pytest.mark.task("online_softmax")
def test_online_softmax_masked(student):
    rows = [[-INF, -INF, 4, -INF], [-INF] * 4]
    online(student, rows, 2, "[-inf, -inf | 4, -inf] and of -inf only")
    online(student, np.zeros((2, 0)), 3, "no columns")


@pytest.mark.task("online_softmax")
def test_online_softmax_dtypes(student, rng):
    zeros = np.zeros((1, 4096))
    online(student, zeros, 1024, "4096 float16 zeros, tiles of 1024", np.float16)
    x = rng.uniform(-9, 9, (3, 40)).astype(np.float16)
    online(student, x, 8, "float16 numbers, tiles of 8", np.float16)
    x = np.array([[1.0, 2.0, 0.0], [0.0, 3.0, 1.0]])
    left_alone(student, "online_softmax", [x], "online_softmax", 2)


# --- 3: merge -----------------------------------------------------------------------

STEP_3 = "Chapter, step 3."


def state(m, total, o, dtype=np.float64):
    """Return a state of arrays."""
    return tuple(np.array(part, dtype) for part in (m, total, o))


def merged(student, a, b, want, where, **near):
    """Check merge(a, b) and merge(b, a)."""
    kinds = [a[0].dtype] * 3
    for left, right, order in ((a, b, ""), (b, a, ", exchanged")):
        got = student.merge(left, right)
        compare(got, ("m", "l", "o"), want, where + order, STEP_3, kinds, **near)


@pytest.mark.task("merge")
def test_merge(student):
    f = np.exp(-2.0)
    where = "merge of the chapter's example: maxima 3 and 5"
    a, b = state(3, 1 + f, [1 + f]), state(5, 1 + np.exp(-3.0), [2 + 2 * np.exp(-3.0)])
    want = 5.0, f * a[1] + b[1], f * a[2] + b[2]
    merged(student, a, b, want, where, rtol=1e-12)
    where = "merge of two states of two rows, maxima (3, 1e4) and (3, -1e4)"
    a = state([3, 1e4], [1.0, 2.0], [[2.0, 7.0], [1.0, 0.5]])
    b = state([3, -1e4], [0.5, 9.0], [[4.0, -1.0], [8.0, 8.0]])
    want = [3, 1e4], [1.5, 2.0], [[6.0, 6.0], [1.0, 0.5]]
    merged(student, a, b, want, where, rtol=1e-12)


@pytest.mark.task("merge")
def test_merge_with_nothing(student):
    where = "merge with the state of no keys; the second row has none either"
    a = state([4, -INF], [2.5, 0], [[1.0, 2.0, 3.0], [0, 0, 0]], np.float32)
    nothing = state([-INF] * 2, [0, 0], np.zeros((2, 3)), np.float32)
    merged(student, a, nothing, a, where)


@pytest.mark.task("merge")
def test_merge_leaves_its_arguments(student):
    a, b = state([1.0], [2.0], [[3.0]]), state([0.0], [5.0], [[6.0]])
    kept = [tuple(student.keep(x) for x in half) for half in (a, b)]
    student.merge(*kept)
    for before, handle in zip((*a, *b), (*kept[0], *kept[1]), strict=True):
        where = "merge: its arguments"
        check.unchanged(student.fetch(handle), before, where=where, look=STEP_3)


# --- 4: flash_forward ---------------------------------------------------------------

STEP_4 = "Chapter, step 4."


def forward(student, arrays, where, look=STEP_4, atol=1e-11, **options):
    """Check o and lse of a call; sums of float16 and float32 are float32."""
    q, _, v = arrays
    sums = np.float64 if q.dtype == np.float64 else np.float32
    got = student.flash_forward(*arrays, **options)
    for tile in ("bq", "bk"):
        options.pop(tile, None)
    want, where = plain(*arrays, **options), f"flash_forward, {where}"
    near = {"rtol": atol, "atol": atol * max(1.0, np.nan_to_num(abs(v)).max(initial=0))}
    compare(got, ("o", "lse"), want, where, look, (q.dtype, sums), **near)


@pytest.mark.task("flash_forward")
def test_flash_forward(student, rng):
    arrays = random(rng, 21, 18, 4, 2, 2)
    forward(student, arrays, "2 batches, 2 heads, ragged tiles", bq=8, bk=4)
    forward(student, arrays, "tiles larger than N and M", bq=64, bk=64)
    forward(student, arrays, "scale 0.8", bq=8, bk=8, scale=0.8)
    where = "flash_forward, transposed views"
    got = left_alone(student, "flash_forward", arrays, where, bq=8, bk=8)
    compare(got, ("o", "lse"), plain(*arrays), where, STEP_4, atol=1e-11)


@pytest.mark.task("flash_forward")
def test_flash_forward_of_large_scores(student, rng):
    look = "Chapter, step 4: the maximum, and alpha for l and o together."
    q, k, v = random(rng, 6, 20, 2)
    for step, name in (
        (3.0, "rise"),
        (-3.0, "fall"),
        (-700.0, "fall from 0 to -13,300"),
    ):
        q[..., 0], q[..., 1] = 1.0, 0.0
        k[..., 0] = step * np.arange(20)
        where = f"scores that {name}"
        forward(student, (q, k, v), where, look, bq=4, bk=4, scale=1.0)
    k[..., 0] = -1000 - np.arange(20)
    forward(student, (q, k, v), "scores below -1000", look, bq=4, bk=4, scale=1.0)


@pytest.mark.task("flash_forward")
def test_flash_forward_causal(student, rng):
    look = "Chapter, step 4: query i sees the keys j <= i + L - N."
    for n, m in ((16, 16), (11, 17)):
        arrays = random(rng, n, m, 4)
        where = f"causal, N = {n}, M = {m}"
        forward(student, arrays, where, look, causal=True, bq=8, bk=4)


@pytest.mark.task("flash_forward")
def test_flash_forward_of_queries_that_see_nothing(student, rng):
    look = "Chapter, step 4: such a query gets o = 0 and lse = -inf."
    arrays = random(rng, 19, 7, 4)
    where = "causal, N = 19, M = 7"
    forward(student, arrays, where, look, causal=True, bq=8, bk=4)
    forward(student, random(rng, 3, 0, 4), "no keys", look)


@pytest.mark.task("flash_forward")
def test_flash_forward_with_kv_len(student, rng):
    look = "Chapter, step 4: keys from kv_len[b] on do not exist."
    kv_len = np.array([9, 14, 3])
    q, k, v = padded(rng, kv_len, 5, 14, 2)
    for causal in (False, True):
        where = "kv_len 9, 14, 3" + ", causal" * causal
        options = {"causal": causal, "kv_len": kv_len, "bq": 4, "bk": 4}
        finite = [np.nan_to_num(x, nan=7.0) for x in (q, k, v)]
        forward(student, finite, where, look, **options)
        where += ", the padding holds NaN"
        forward(student, (q, k, v), where, look, **options)


@pytest.mark.task("flash_forward")
def test_flash_forward_of_scale_zero(student, rng):
    forward(student, random(rng, 3, 5, 4), "scale 0", bq=2, bk=2, scale=0.0)


@pytest.mark.task("flash_forward")
def test_flash_forward_dtypes(student, rng):
    look = "Chapter, step 4: carry sums in accumulator(q.dtype)."
    arrays = random(rng, 6, 9, 4, dtype=np.float32)
    forward(student, arrays, "float32", look, atol=1e-5, bq=4, bk=4)
    q, k, v = random(rng, 1, 40, 1, dtype=np.float16)
    q[...] = 0  # all weights are equal: o is the mean of v
    v[...] = 1
    v[..., 0, 0], v[..., 39, 0] = 2048, -2048
    where = "float16, the mean of 2048, 38 times 1, -2048"
    got = student.flash_forward(q, k, v, bk=1)
    want = [[[[0.95]]]], [[[np.log(40)]]]
    compare(got, ("o", "lse"), want, where, look, (np.float16, np.float32), rtol=1e-3)


@pytest.mark.task("flash_forward")
def test_flash_forward_in_little_memory(student, rng):
    in_little_memory(student, "flash_forward", lambda n, m: random(rng, n, m, 1))


# --- 5: flash_backward --------------------------------------------------------------

STEP_5 = "Chapter, step 5."


def backward(student, rng, arrays, where, look=STEP_5, **options):
    """Check the gradients against central differences."""
    do = rng.standard_normal(arrays[0].shape)
    kept = {key: options[key] for key in options if key not in ("bq", "bk")}
    o, lse = plain(*arrays, **kept)
    got = student.flash_backward(*arrays, o, lse, do, **options)
    want, names = slopes(*arrays, do, **kept), ("dq", "dk", "dv")
    kinds = [np.float64] * 3
    compare(got, names, want, f"flash_backward, {where}", look, kinds, atol=1e-7)


@pytest.mark.task("flash_backward")
def test_flash_backward(student, rng):
    arrays = random(rng, 5, 4, 2, 2, 1)
    backward(student, rng, arrays, "2 batches, ragged tiles", bq=2, bk=3)
    arrays = random(rng, 3, 4, 2, 1, 2)
    look = "Chapter, step 5: the scale is in the scores, and once more in dq and dk."
    backward(student, rng, arrays, "2 heads, scale 0.4", look, bq=2, bk=2, scale=0.4)
    backward(student, rng, arrays, "scale 0", look, bq=2, bk=2, scale=0.0)


@pytest.mark.task("flash_backward")
def test_flash_backward_causal(student, rng):
    look = "Chapter, step 4: query i sees the keys j <= i + L - N."
    for n, m in ((5, 5), (3, 7)):
        where = f"causal, N = {n}, M = {m}"
        arrays = random(rng, n, m, 2)
        backward(student, rng, arrays, where, look, causal=True, bq=2, bk=2)


@pytest.mark.task("flash_backward")
def test_flash_backward_with_kv_len(student, rng):
    look = "Chapter, step 5: keys beyond kv_len get gradient 0."
    kv_len = np.array([2, 5])
    q, k, v = padded(rng, kv_len, 3, 5, 2)
    options = {"kv_len": kv_len, "bq": 2, "bk": 2}
    finite = [np.nan_to_num(x, nan=3.0) for x in (q, k, v)]
    backward(student, rng, finite, "kv_len 2, 5", look, **options)
    backward(student, rng, finite, "kv_len 2, 5, causal", look, causal=True, **options)
    do = rng.standard_normal(q.shape)
    o, lse = plain(q, k, v, kv_len=kv_len)
    got = student.flash_backward(q, k, v, o, lse, do, **options)
    want = slopes(*finite, do, kv_len=kv_len)
    where = "flash_backward, kv_len 2, 5, the padding holds NaN"
    compare(got, ("dq", "dk", "dv"), want, where, look, atol=1e-7)


@pytest.mark.task("flash_backward")
def test_flash_backward_of_queries_that_see_nothing(student, rng):
    look = "Chapter, step 5: a query that saw nothing gets gradient 0."
    arrays = random(rng, 7, 3, 2)
    where = "causal, N = 7, M = 3"
    backward(student, rng, arrays, where, look, causal=True, bq=4, bk=2)


@pytest.mark.task("flash_backward")
def test_flash_backward_dtypes(student):
    q, k, v, do = cancelling()
    o, lse, want = gradients(q, k, v, do, 1.0)
    given = q, k, v, o.astype(np.float16), lse.astype(np.float32), do
    got = student.flash_backward(*given, bq=8, bk=8, scale=1.0)
    where = "flash_backward, float16, sums of 32, 62 times 1/64 or -1/64, -32"
    look = "Chapter, step 5: carry sums in accumulator(q.dtype)."
    kinds = [np.float16] * 3
    compare(got, ("dq", "dk", "dv"), want, where, look, kinds, atol=2.0**-10)


@pytest.mark.task("flash_backward")
def test_flash_backward_in_little_memory(student, rng):
    def make(n, m):
        q, k, v = random(rng, n, m, 1)
        return q, k, v, q, np.full(q.shape[:3], 9.0), q

    in_little_memory(student, "flash_backward", make)


# --- 6: hbm_bytes -------------------------------------------------------------------


@pytest.mark.task("hbm_bytes")
def test_hbm_bytes(student):
    for (n, m, d, bq, bk), options, want in (
        ((512, 512, 64, 64, 64), {}, (2228224, 133120)),
        ((50, 70, 8, 32, 16), {}, (10560, 1800)),
        ((50, 70, 8, 32, 16), {"itemsize": 2}, (5280, 1000)),
        ((512, 512, 64, 64, 64), {"causal": True}, (1310720, 133120)),
        ((50, 70, 8, 32, 16), {"causal": True}, (10176, 1800)),
        ((90, 40, 8, 32, 16), {"causal": True}, (6464, 3240)),
    ):
        said = "".join(f", {key} = {value}" for key, value in options.items())
        where = f"hbm_bytes, N = {n}, M = {m}, d = {d}, tiles {bq} x {bk}{said}"
        got = student.hbm_bytes(n, m, d, bq, bk, **options)
        look = "Chapter, step 6."
        check.equal(got, want, where=f"{where}: (loaded, stored)", look=look)
        check.true(
            not any(isinstance(x, float) for x in got),
            where=where,
            evidence="bytes are counted in ints, not in floats",
            look=look,
        )


# --- 7 and 8: the kernels -----------------------------------------------------------


def sound(run, where):
    """Check that nothing raced, and that nothing was read which nobody wrote."""
    for what, found in (
        ("two programs, or two of its lanes, write one element", run.races),
        ("reads memory that nobody wrote", run.uninitialised),
    ):
        check.true(not found, where=f"{where}: {what}", evidence="; ".join(found))


def launch(meter, arrays, where, loaded, look, *, atol=1e-5, axes=None, **options):
    """Run a kernel on the simulator; judge o, lse, and all that its meter saw.

    Args:
        meter: the simulator.
        arrays: q, k, v as (B, H, rows, d).
        where: what is special about this launch.
        loaded: bytes that step 6 counts for it, of all heads; None: not asked.
        look: where to read on.
        atol: how far o may be away, for values of size 1.
        axes: orders of axes in which q, k and v are stored.
        options: `causal`, and what the host function takes.
    """
    causal = options.pop("causal", False)
    name = "causal_attention" if causal else "flash_attention"
    (q, k, v), where = arrays, f"{name}, {where}"
    given = arrays
    if axes is not None:
        options["axes"] = axes
        given = [
            np.ascontiguousarray(x.transpose(np.argsort(order)))
            for x, order in zip(arrays, axes, strict=True)
        ]
    run = meter.run(name, *given, **options)
    want = plain(q, k, v, causal, options.get("scale"))
    size = max(1.0, float(abs(v).max()))
    near = {"rtol": 1e-5, "atol": atol * size}
    kinds = q.dtype, np.float32
    sound(run, where)
    compare(run.outputs, ("o", "lse"), want, where, look, kinds, **near)
    if loaded is not None:
        budget = "Chapter, step 6: what must be loaded, and how often."
        at, most = f"{where}: loaded from HBM", int(1.02 * loaded)
        check.at_most(run.loaded_bytes, most, where=at, unit="bytes", look=budget)
    stored = q.size * q.itemsize + 4 * want[1].size
    once = "Chapter, step 7: each element of o and lse is stored once."
    at = f"{where}: stored to HBM"
    check.at_most(run.stored_bytes, stored, where=at, unit="bytes", look=once)
    block_m, block_n = options.get("block_m", 32), options.get("block_n", 16)
    block_d = max(16, 1 << (q.shape[3] - 1).bit_length())
    tile = max(block_m * block_d, block_n * block_d, block_m * block_n)
    one = "Chapter, step 7: one tile of queries, one of keys, one of scores."
    at = f"{where}: the largest block"
    check.at_most(run.largest_block, tile, where=at, unit="elements", look=one)


STEP_7 = "Chapter, step 7."
STEP_8 = "Chapter, step 8."
TILES = {"block_m": 16, "block_n": 16}
STORED = ((0, 1, 3, 2), (0, 2, 1, 3), (1, 0, 2, 3))
#: N, M, d and scale of numbers that can be typed: one tile, two of keys, of queries.
TINY = ((2, 3, 2, None), (1, 17, 1, 0.25), (17, 2, 1, 0.25))


def tiny(rng, n, m, d):
    """Return q, k, v in which the last key has the last query's largest score."""
    q, k, v = random(rng, n, m, d, dtype=np.float32)
    k[:, :, -1] = 4 * np.sign(q[:, :, -1])
    return q, k, v


def launch_tiny(meter, rng, look, **options):
    """Run a kernel on inputs whose numbers can be typed."""
    for n, m, d, scale in TINY:
        arrays = tiny(rng, n, m, d)
        where = f"N = {n}, M = {m}, d = {d}"
        launch(meter, arrays, where, None, look, scale=scale, **TILES, **options)


@pytest.mark.task("flash_kernel")
def test_flash_kernel_of_a_few_numbers(meter, rng):
    launch_tiny(meter, rng, STEP_7)


@pytest.mark.task("flash_kernel")
def test_flash_kernel(meter, rng):
    arrays = random(rng, 40, 21, 16, 2, 2, np.float32)
    launch(meter, arrays, "2 batches, 2 heads, N = 40, M = 21, d = 16", 31744, STEP_7)


@pytest.mark.task("flash_kernel")
def test_flash_kernel_of_strided_arrays(meter, rng):
    arrays = random(rng, 18, 33, 16, 2, 2, np.float32)
    where = "q, k, v stored in three orders of axes, tiles 16 x 32, scale 0.5"
    look = "Chapter, step 7: use the strides of each array."
    options = {"axes": STORED, "block_m": 16, "block_n": 32, "scale": 0.5}
    launch(meter, arrays, where, 38400, look, **options)


@pytest.mark.task("flash_kernel")
def test_flash_kernel_pads_features(meter, rng):
    look = "Chapter, step 7: mask offs_d < D, with other=0.0."
    for d, loaded, scale in ((20, 6400, None), (3, 960, 0.0)):
        arrays = random(rng, 16, 32, d, dtype=np.float32)
        where = f"d = {d}, scale {scale}"
        launch(meter, arrays, where, loaded, look, scale=scale, **TILES)


@pytest.mark.task("flash_kernel")
def test_flash_kernel_of_large_scores(meter, rng):
    look = "Chapter, step 4: the maximum, and alpha for l_i and acc."
    q, k, v = random(rng, 16, 48, 2, dtype=np.float32)
    q[...] = 0
    q[..., ::2, 0], q[..., 1::2, 0] = 1, -1
    k[..., 0] = 6 * np.arange(48) + 120
    where = "scores that rise from 120 or fall from -120"
    options = {**TILES, "scale": 1.0, "atol": 1e-4}
    launch(meter, (q, k, v), where, 896, look, **options)
    look = "Chapter, step 7: a padded key gets -inf before the maximum is taken."
    k, v = k[:, :, :21], v[:, :, :21]
    where = "the same with 21 keys"
    launch(meter, (q, k, v), where, 464, look, **options)


@pytest.mark.task("flash_kernel")
def test_flash_kernel_in_float16(meter, rng):
    look = "Chapter, step 7: float16 in and out, float32 for m_i, l_i and acc."
    arrays = random(rng, 20, 24, 4, dtype=np.float16)
    launch(meter, arrays, "float16", 928, look, atol=2.0**-10, **TILES)


@pytest.mark.task("causal_kernel")
def test_causal_kernel_of_a_few_numbers(meter, rng):
    launch_tiny(meter, rng, STEP_8, causal=True)


@pytest.mark.task("causal_kernel")
def test_causal_kernel(meter, rng):
    arrays = random(rng, 40, 40, 16, 1, 2, np.float32)
    launch(meter, arrays, "N = M = 40, 2 heads", 23552, STEP_8, causal=True)


@pytest.mark.task("causal_kernel")
def test_causal_kernel_with_more_keys(meter, rng):
    look = "Chapter, step 8: query i sees the keys j <= i + M - N."
    arrays = random(rng, 20, 45, 16, 2, 1, np.float32)
    options = {"block_m": 16, "block_n": 32, "axes": STORED, "scale": 0.5}
    where = "N = 20, M = 45, tiles 16 x 32, q, k, v stored in three orders of axes"
    launch(meter, arrays, where, 25600, look, causal=True, **options)


@pytest.mark.task("causal_kernel")
def test_causal_kernel_hides_large_scores(meter, rng):
    look = "Chapter, step 8: hidden scores are -inf before the maximum is taken."
    q, k, v = random(rng, 16, 48, 2, dtype=np.float32)
    q[...] = 0
    q[..., 0] = 1
    k[..., 0] = 10 * np.arange(48) - 600
    options = {"causal": True, **TILES, "scale": 1.0, "atol": 1e-4}
    launch(meter, (q, k, v), "scores from -600 to -130", 896, look, **options)


@pytest.mark.task("causal_kernel")
def test_causal_kernel_with_more_queries(meter, rng):
    look = "Chapter, step 8: a query that sees nothing gets o = 0 and lse = -inf."
    arrays = random(rng, 40, 21, 16, dtype=np.float32)
    where = "N = 40, M = 21"
    launch(meter, arrays, where, 7296, look, causal=True, **TILES)


@pytest.mark.task("causal_kernel")
def test_causal_kernel_in_float16(meter, rng):
    look = "Chapter, step 7: float16 in and out, float32 for m_i, l_i and acc."
    arrays = random(rng, 20, 24, 4, dtype=np.float16)
    launch(meter, arrays, "float16", 928, look, atol=2.0**-10, causal=True, **TILES)


# --- 9: the backward kernels --------------------------------------------------------

STEP_9 = "Chapter, step 9."


def gradients(q, k, v, do, scale):
    """Return o, lse and (dq, dk, dv), with whole matrices."""
    o, lse = plain(q, k, v, scale=scale)
    q, k, v, do = (x.astype(np.float64) for x in (q, k, v, do))
    scale = q.shape[3] ** -0.5 if scale is None else scale
    p = np.exp(scale * q @ k.swapaxes(2, 3) - lse[..., None])
    ds = p * (do @ v.swapaxes(2, 3) - (do * o).sum(axis=3, keepdims=True)) * scale
    return o, lse, (ds @ k, ds.swapaxes(2, 3) @ q, p.swapaxes(2, 3) @ do)


def launch_backward(meter, rng, arrays, where, moved, look=STEP_9, **options):
    """Run the backward kernels; `moved` is what step 9 counts, or None."""
    (q, k, v), atol, do = arrays, options.pop("atol", 1e-5), options.pop("do", None)
    if do is None:
        do = rng.normal(0.3, 1.5, q.shape).astype(q.dtype)
    o, lse, want = gradients(q, k, v, do, options.get("scale"))
    given = q, k, v, o.astype(q.dtype), lse.astype(np.float32), do
    run = meter.run("attention_backward", *given, **options)
    where = f"attention_backward, {where}"
    sound(run, where)
    got, names = run.outputs, ("dq", "dk", "dv")
    sizes = [max(abs(y).max(), 0.1) for y in want]
    compare(got, names, want, where, look, [q.dtype] * 3, sizes, atol=atol)
    if moved is not None:
        at, total = f"{where}: moved", run.loaded_bytes + run.stored_bytes
        budget = "Chapter, step 9: what each launch must load, and how often."
        check.at_most(total, int(1.05 * moved), where=at, unit="bytes", look=budget)
    block_m, block_n = options.get("block_m", 16), options.get("block_n", 32)
    block_d = max(16, 1 << (q.shape[3] - 1).bit_length())
    tile = max(block_m * block_d, block_n * block_d, block_m * block_n)
    one = "Chapter, step 9: one tile of queries, one of keys, one of scores."
    at = f"{where}: the largest block"
    check.at_most(run.largest_block, tile, where=at, unit="elements", look=one)


@pytest.mark.task("flash_backward_kernel")
def test_backward_kernel_of_a_few_numbers(meter, rng):
    for n, m, d, scale in TINY:
        arrays = tiny(rng, n, m, d)
        where = f"N = {n}, M = {m}, d = {d}"
        launch_backward(meter, rng, arrays, where, None, scale=scale, **TILES)


@pytest.mark.task("flash_backward_kernel")
def test_backward_kernel(meter, rng):
    arrays = random(rng, 37, 70, 16, 2, 2, np.float32)
    where = "2 batches, 2 heads, N = 37, M = 70, d = 16"
    launch_backward(meter, rng, arrays, where, 288720)


@pytest.mark.task("flash_backward_kernel")
def test_backward_kernel_of_other_tiles(meter, rng):
    look = "Chapter, step 9: the scale is in the scores, and once more in dq and dk."
    arrays = random(rng, 40, 21, 8, dtype=np.float32)
    where = "tiles 32 x 16, scale 0.4"
    options = {"block_m": 32, "block_n": 16, "scale": 0.4}
    launch_backward(meter, rng, arrays, where, None, look, **options)
    where, options = "tiles 32 x 32, scale 0", {"block_m": 32, "block_n": 32}
    launch_backward(meter, rng, arrays, where, 15136, look, scale=0.0, **options)


@pytest.mark.task("flash_backward_kernel")
def test_backward_kernel_pads_features(meter, rng):
    look = "Chapter, step 9: mask offs_d < D, with other=0.0."
    arrays = random(rng, 32, 48, 36, dtype=np.float32)
    launch_backward(meter, rng, arrays, "d = 36", None, look, **TILES)
    arrays = random(rng, 16, 64, 3, dtype=np.float32)
    launch_backward(meter, rng, arrays, "d = 3, tiles 16 x 32", 6784, look)


@pytest.mark.task("flash_backward_kernel")
def test_backward_kernel_of_large_scores(meter, rng):
    for level, look in (
        (200, "Chapter, step 9: p is exp(s - lse)."),
        (-200, "Chapter, step 9: a padded key gets -inf where dq is summed."),
    ):
        q, k, v = random(rng, 20, 25, 2, dtype=np.float32)
        q[..., 0], k[..., 0] = level, 1
        q[..., 1:] /= 4
        options = {**TILES, "scale": 1.0, "atol": 1e-4}
        where = f"scores about {level}"
        launch_backward(meter, rng, (q, k, v), where, None, look, **options)


@pytest.mark.task("flash_backward_kernel")
def test_backward_kernel_in_float16(meter, rng):
    look = "Chapter, step 9: float16 in and out, float32 for dq, dk and dv between."
    arrays = random(rng, 20, 24, 16, dtype=np.float16)
    options = {**TILES, "atol": 3 * 2.0**-10}
    launch_backward(meter, rng, arrays, "float16", None, look, **options)
    *arrays, do = cancelling()
    where = "float16, sums of 32, 62 times 1/64 or -1/64, -32"
    options |= {"scale": 1.0, "do": do}
    launch_backward(meter, rng, arrays, where, None, look, **options)


# --- 10: split-KV decoding ----------------------------------------------------------

STEP_10 = "Chapter, step 10."


def cached(rng, lengths, n, m, d, groups=1, kv_heads=1, dtype=np.float32):
    """Return q, k, v, kv_len: `groups` heads of n queries for each head of m keys."""
    shapes = [(len(lengths), heads, rows, d) for heads, rows in (
        (groups * kv_heads, n), (kv_heads, m), (kv_heads, m))]  # fmt: skip
    arrays = [rng.normal(0.3, 1.5, shape).astype(dtype) for shape in shapes]
    return *arrays, np.array(lengths, np.int32)


def launch_decode(meter, arrays, where, moved, look=STEP_10, **options):
    """Run split_kv; `moved` is (loaded, stored, loaded by one program) of step 10."""
    (q, k, v, kv_len), atol = arrays, options.pop("atol", 1e-5)
    groups, where = q.shape[1] // k.shape[1], f"decode_attention, {where}"
    run = meter.run("decode_attention", q, k, v, kv_len, **options)
    sound(run, where)
    wide, scale = [np.repeat(x, groups, axis=1) for x in (k, v)], options.get("scale")
    want = plain(q, *wide, causal=True, kv_len=kv_len, scale=scale)
    near = {"rtol": 1e-5, "atol": atol * max(1.0, float(np.nanmax(abs(v))))}
    kinds = q.dtype, np.float32
    compare(run.outputs, ("o", "lse"), want, where, look, kinds, **near)
    if moved is None:
        return
    loaded, stored, busiest = moved
    for what, found, most in (
        ("loaded from HBM", run.loaded_bytes, int(1.05 * loaded)),
        ("stored to HBM", run.stored_bytes, stored),
        ("loaded by one program", run.busiest_bytes, busiest),
    ):
        budget = "Chapter, step 10: keys once a group, states once a split."
        at = f"{where}: {what}"
        check.at_most(found, most, where=at, unit="bytes", look=budget)
    rows, splits = groups * q.shape[2], options["splits"]
    block_n, block_d = options.get("block_n", 16), max(16, power(q.shape[3]))
    tile = max(16, power(rows)) * max(block_d, block_n)
    tile = max(tile, block_d * max(block_n, power(splits)))
    at = f"{where}: the largest block"
    check.at_most(run.largest_block, tile, where=at, unit="elements", look=STEP_10)


def power(count):
    """Return the power of two at or above a count."""
    return 1 << (count - 1).bit_length()


@pytest.mark.task("split_kv")
def test_split_kv_of_a_few_numbers(meter, rng):
    for lengths, n, d, groups, splits, scale in (
        ([3], 2, 2, 1, 1, 0.25),
        ([18], 1, 1, 1, 2, None),
        ([2, 5], 2, 1, 2, 3, 0.25),
        ([1, 0], 2, 1, 1, 2, None),
        ([33], 1, 1, 1, 2, 0.25),
    ):
        arrays = cached(rng, lengths, n, max(lengths), d, groups)
        where = f"{groups} heads of {n} queries, kv_len {lengths}, {splits} splits"
        launch_decode(meter, arrays, where, None, splits=splits, scale=scale)


@pytest.mark.task("split_kv")
def test_split_kv(meter, rng):
    arrays = cached(rng, [90, 66], 1, 90, 16, 1, 2)
    where = "2 batches, 2 heads, kv_len 90, 66, 4 splits"
    launch_decode(meter, arrays, where, (42176, 1424, 4164), splits=4)
    arrays = cached(rng, [400], 1, 400, 8, 1, 1)
    where = "400 keys, 5 splits"
    launch_decode(meter, arrays, where, (25980, 236, 5156), splits=5, scale=0.5)


@pytest.mark.task("split_kv")
def test_split_kv_of_groups(meter, rng):
    look = "Chapter, step 10: query head h asks the keys of head h // G."
    arrays = cached(rng, [60, 49], 2, 60, 36, 3, 2)
    where = "6 heads of 2 queries share 2, kv_len 60, 49, 3 splits"
    launch_decode(meter, arrays, where, (84144, 14496, 10084), look, splits=3)
    arrays = cached(rng, [48, 40], 1, 48, 4, 20, 1)
    where = "20 heads share 1, tiles of 32"
    launch_decode(meter, arrays, where, (6032, 2720, 1348), look, splits=2, block_n=32)


@pytest.mark.task("split_kv")
def test_split_kv_of_several_queries(meter, rng):
    look = "Chapter, step 10: query i sees the keys j <= i + kv_len[b] - N."
    arrays = cached(rng, [50, 35], 4, 50, 4, 2, 1)
    launch_decode(meter, arrays, "4 queries, kv_len 50, 35", None, look, splits=2)
    look = "Chapter, step 10: such a query gets o = 0 and lse = -inf."
    arrays = cached(rng, [0, 2, 20], 3, 20, 2, 2, 1)
    launch_decode(meter, arrays, "3 queries, kv_len 0, 2, 20", None, look, splits=2)


@pytest.mark.task("split_kv")
def test_split_kv_with_empty_splits(meter, rng):
    look = "Chapter, step 10: a split without keys is the state (-inf, 0, 0)."
    q, k, v, kv_len = cached(rng, [33, 5], 1, 40, 2, 2, 1)
    for b, length in enumerate(kv_len):
        k[b, :, length:] = v[b, :, length:] = np.nan
    arrays = q, k, v, kv_len
    where = "kv_len 33, 5, 9 splits, the padding holds NaN"
    launch_decode(meter, arrays, where, None, look, splits=9)


@pytest.mark.task("split_kv")
def test_split_kv_of_distant_maxima(meter, rng):
    look = "Chapter, step 10: states are merged at the larger maximum."
    for levels, n, lengths, splits in (
        ((200, -150, 202), 1, [48], 4),
        ((-250, -170, -160, -160), 3, [57, 48], 4),
        ((-350, -260, -160), 1, [48], 3),
    ):
        q, k, v, kv_len = cached(rng, lengths, n, lengths[0], 2, 2, 1)
        q[..., 0] = 1
        q[..., 1:] /= 10
        k[..., 0] = np.repeat(levels, 16)[: lengths[0]]
        where = f"{n} queries, scores about {levels}, one level a split"
        options = {"splits": splits, "scale": 1.0, "atol": 1e-4}
        launch_decode(meter, (q, k, v, kv_len), where, None, look, **options)


@pytest.mark.task("split_kv")
def test_split_kv_in_float16(meter, rng):
    look = "Chapter, step 10: float16 in and out, float32 for states and lse."
    arrays = cached(rng, [40], 1, 40, 4, 2, 1, np.float16)
    options = {"splits": 2, "atol": 2.0**-10}
    launch_decode(meter, arrays, "float16", None, look, **options)
    arrays[0][..., 0], arrays[1][..., 0] = 30, 100
    launch_decode(meter, arrays, "float16, scores about 1500", None, look, **options)
    look = "Chapter, step 10: scale is 1/sqrt(d) only when none is given."
    arrays = cached(rng, [30], 1, 30, 2)
    launch_decode(meter, arrays, "scale 0", None, look, splits=2, scale=0.0)
