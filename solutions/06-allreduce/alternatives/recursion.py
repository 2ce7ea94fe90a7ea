# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% tags=["setup"]
"""No loop over steps: every algorithm calls itself for what is left."""

import functools
import math
from fractions import Fraction

import numpy as np


# %%
def combiner(op, dtype):
    """Return the function of two arrays behind op, or raise ValueError."""
    kind = np.dtype(dtype).kind
    allowed = {"sum": "iuf", "mean": "f", "max": "biuf", "min": "biuf"}
    if kind not in allowed.get(op, ""):
        raise ValueError(f"no op {op!r} for dtype {np.dtype(dtype)}")
    return {"max": np.maximum, "min": np.minimum}.get(op, np.add)


# %%
def swap(link, to, array, source):
    """Send to one rank while receiving from another."""
    request = link.isend(to, array)
    came = link.recv(source)
    request.wait()
    return came


def mean_or(op, total, n):
    return np.divide(total, n, dtype=total.dtype) if op == "mean" else total


# %% tags=["task"] task="chunk_bounds"
def chunk_bounds(L, n):
    if n < 1 or L < 0:
        raise ValueError("L >= 0 and n >= 1")
    if n == 1:
        return [(0, L)]
    first = -(-L // n)
    rest = chunk_bounds(L - first, n - 1)
    return [(0, first)] + [(lo + first, hi + first) for lo, hi in rest]


# %% tags=["task"] task="reduce_scatter"
def reduce_scatter(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    parts = np.array_split(np.ascontiguousarray(x).reshape(-1), n)

    def complete(c, hops):
        """Return chunk c with the ranks c, c + 1, ..., hops of them before us."""
        mine = parts[c % n]
        if hops == 0:
            return mine.copy()
        done = complete(c + 1, hops - 1)
        return combine(swap(link, (rank + 1) % n, done, (rank - 1) % n), mine)

    own = (rank + 1) % n
    return own, mean_or(op, complete(rank + 1, n - 1), n)


# %% tags=["task"] task="all_gather"
def all_gather(rank, n, chunk_id, chunk, L, link):
    bounds = chunk_bounds(L, n)
    if chunk_id < 0 or chunk_id >= n:
        raise ValueError("no such chunk")
    if chunk.shape != (bounds[chunk_id][1] - bounds[chunk_id][0],):
        raise ValueError("no such chunk: it has another shape")

    def collect(part, left):
        if left == 0:
            return [part]
        came = swap(link, (rank + 1) % n, part, (rank - 1) % n)
        return [part, *collect(came, left - 1)]

    newest_first = collect(chunk, n - 1)  # chunks chunk_id, chunk_id - 1, ...
    return np.concatenate([newest_first[(chunk_id - c) % n] for c in range(n)])


# %% tags=["task"] task="ring_allreduce"
def ring_allreduce(rank, n, x, op, link):
    answer = np.empty(x.shape, x.dtype)
    scattered = reduce_scatter(rank, n, x, op, link)
    answer.flat = all_gather(rank, n, *scattered, x.size, link)
    return answer


# %% tags=["task"] task="tree_allreduce"
def tree_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)

    def climb(total, d):
        """Return the result, given what this rank has at distance d."""
        if d >= n:
            return mean_or(op, total, n)
        if rank & d:
            link.send(rank - d, total)
            return link.recv(rank - d)
        if rank + d >= n:
            return climb(total, 2 * d)
        result = climb(combine(total, link.recv(rank + d)), 2 * d)
        link.send(rank + d, result)
        return result

    return np.array(climb(np.array(x).reshape(-1), 1)).reshape(x.shape)


# %% tags=["task"] task="halving_doubling"
def halving_doubling(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    p = 1
    while 2 * p <= n:
        p *= 2

    def reduce(chunks):
        """Return all of these chunks complete, given our share of them."""
        d = len(chunks) // 2
        if d == 0:
            return [mean_or(op, chunks[0], n)]
        upper = bool(rank & d)
        keep, give = (chunks[d:], chunks[:d]) if upper else (chunks[:d], chunks[d:])
        came = swap(link, rank ^ d, np.concatenate(give), rank ^ d)
        joined = combine(np.concatenate(keep), came)
        edges = np.cumsum([part.size for part in keep])[:-1]
        mine = reduce(np.split(joined, edges))
        theirs = swap(link, rank ^ d, np.concatenate(mine), rank ^ d)
        other = np.split(theirs, np.cumsum([part.size for part in give])[:-1])
        return other + mine if upper else mine + other

    flat = np.array(x).reshape(-1)
    if rank >= p:
        link.send(rank - p, flat)
        return link.recv(rank - p).reshape(x.shape)
    if rank + p < n:
        flat = combine(flat, link.recv(rank + p))
    result = np.concatenate(reduce(np.array_split(flat, p)))
    if rank + p < n:
        link.send(rank + p, result)
    return result.reshape(x.shape)


# %% tags=["task"] task="cost"
@functools.cache
def lines(alg, n):
    """Return the steps, and the shares of M combined, as exact numbers."""
    if n < 1:
        raise ValueError("no ranks")
    if alg == "ring":
        return n - 1, Fraction(n - 1, n)
    if alg == "tree":
        if n == 1:
            return 0, Fraction(0)
        steps, share = lines(alg, -(-n // 2))
        return steps + 1, share + 1
    if alg == "halving_doubling":
        if n == 1:
            return 0, Fraction(0)
        if n & (n - 1):
            steps, share = lines(alg, 1 << int(math.log2(n)))
            return steps + 1, share + 1
        steps, share = lines(alg, n // 2)
        return steps + 1, share / 2 + Fraction(1, 2)
    raise ValueError(f"{alg}?")


def cost(alg, n, M, a, b, g=0.0):
    steps, share = lines(alg, n)
    return 2.0 * steps * a + float(share) * M * (2 * b + g)


def crossover(small, large, n, a, b, g=0.0):
    steps, share = (
        x - y for x, y in zip(lines(large, n), lines(small, n), strict=True)
    )
    dearer, per_byte = 2 * steps * a, -float(share) * (2 * b + g)
    if per_byte == 0:
        return 0.0 if dearer < 0 else math.inf
    return dearer / per_byte if per_byte > 0 else math.inf


# %% tags=["task"] task="ddp_step"
def ddp_step(rank, n, params, grads, bucket_bytes, link):
    if len(params) != len(grads) or bucket_bytes <= 0:
        raise ValueError("lists of the same length, and room for a byte")
    for p, g in zip(params, grads, strict=True):
        if g is None:
            continue
        if g.shape != p.shape:
            raise ValueError("a gradient of another shape")
        if g.dtype != p.dtype:
            raise ValueError("a gradient of another dtype")
    used = ring_allreduce(
        rank, n, np.array([g is not None for g in grads], bool), "max", link
    )

    def fill(left, room, kind):
        """Split the indices that are left into the rest of this bucket, and others."""
        if not left or params[left[0]].dtype != kind or params[left[0]].nbytes > room:
            return [], left
        head, *rest = left
        more, others = fill(rest, room - params[head].nbytes, kind)
        return [head, *more], others

    def go(left):
        """Return {index: average} of the indices that are left."""
        if not left:
            return {}
        head, *rest = left
        more, others = fill(
            rest, bucket_bytes - params[head].nbytes, params[head].dtype
        )
        bucket = [head, *more]
        flat = [
            np.zeros(params[i].size, params[i].dtype)
            if grads[i] is None
            else grads[i].flatten()
            for i in bucket
        ]
        mean = ring_allreduce(rank, n, np.hstack(flat), "mean", link)
        parts = np.split(mean, np.cumsum([part.size for part in flat])[:-1])
        found = {
            i: part.reshape(params[i].shape)
            for i, part in zip(bucket, parts, strict=True)
        }
        return found | go(others)

    found = go([i for i in range(len(params) - 1, -1, -1) if used[i]])
    return [found.get(i) for i in range(len(params))]
