"""The judge's own truth of lesson 09, and how far an answer may be from it.

Float64, whole matrices, no tiles; bytes are counted by looking at every tile's mask.
"""

import numpy as np

from autograder.grading.reference import remembered

AXES = ("batch", "head", "query", "feature")

TIGHT = {"rtol": 1e-12, "atol": 1e-13}  # float64 throughout
SINGLE = 1e-5  # float32 sums: 18 u |s| bounds the error of one score, u = 6e-8
HALF = 2.0**-10  # float16 results: half a unit each for p and for the result


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
    with np.errstate(over="ignore"):  # a score may overflow to -inf
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
