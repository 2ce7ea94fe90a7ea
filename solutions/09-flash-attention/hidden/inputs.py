"""Queries, keys and values: random ones, and ones whose scores form a ramp."""

import numpy as np


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


def cancelling(n, big):
    """Return float16 q, k, v, do of n queries and keys, whose sums cancel exactly.

    All weights are 1 / n and o is 0. In head 0 dk and dv, in head 1 dq are sums of
    +big / n, of n - 2 times 1 / n or -1 / n, and of -big / n, at scale 1.
    """
    signs = np.where(np.arange(n) % 2, -1.0, 1.0)
    ends = np.r_[big, np.ones(n - 2), -big]
    q, k, v, do = np.zeros((4, 1, 2, n, 2))
    v[..., 0] = signs
    q[:, 0], do[:, 0, :, 0], do[:, 1, :, 0] = (1, -1), ends, 1
    k[:, 1] = (signs * ends)[:, None] * (1, -1)
    return [x.astype(np.float16) for x in (q, k, v, do)]


def batched(*ramps):
    """Stack inputs of the same shape along the batch axis."""
    return tuple(np.concatenate(parts) for parts in zip(*ramps, strict=True))
