# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% tags=["setup"]
import math
from itertools import pairwise

import numpy as np


# %%
def combiner(op, dtype):
    """Return the function of two arrays behind op, or raise ValueError.

    "sum", "mean" (of floating dtypes: its division comes last), "max", "min".
    bool has only "max" and "min".
    """
    kind = np.dtype(dtype).kind
    allowed = {"sum": "iuf", "mean": "f", "max": "biuf", "min": "biuf"}
    if kind not in allowed.get(op, ""):
        raise ValueError(f"no op {op!r} for dtype {np.dtype(dtype)}")
    return {"max": np.maximum, "min": np.minimum}.get(op, np.add)


# %% tags=["task"] task="chunk_bounds"
def chunk_bounds(L, n):
    """Cut L elements into n chunks. Returns [(lo, hi), ...]."""
    if n < 1 or L < 0:
        raise ValueError(f"cannot cut {L} elements into {n} chunks")
    size, longer = divmod(L, n)
    edges = [c * size + min(c, longer) for c in range(n + 1)]
    return list(pairwise(edges))


# %% tags=["task"] task="reduce_scatter"
def reduce_scatter(rank, n, x, op, link):
    """Leave chunk (rank + 1) % n reduced on this rank. Returns (chunk_id, chunk)."""
    combine = combiner(op, x.dtype)
    # (1) A copy in C order, so that neither strides nor the caller's array matter.
    flat = x.flatten()
    chunks = [flat[lo:hi] for lo, hi in chunk_bounds(flat.size, n)]
    right, left = (rank + 1) % n, (rank - 1) % n
    for i in range(n - 1):
        # (2) Send without waiting: if all ranks waited here, none would receive.
        request = link.isend(right, chunks[(rank - i) % n])
        # (3) What arrives has met all ranks from c to the left one: add ourselves.
        c = (rank - i - 1) % n
        chunks[c] = combine(link.recv(left), chunks[c])
        request.wait()
    # (4) The last chunk that came has met everyone.
    c = (rank + 1) % n
    return c, chunks[c] / n if op == "mean" else chunks[c]


# %% tags=["task"] task="all_gather"
def all_gather(rank, n, chunk_id, chunk, L, link):
    """Collect every rank's chunk. Returns the whole array, 1-D."""
    bounds = chunk_bounds(L, n)
    if not 0 <= chunk_id < n:
        raise ValueError(f"chunk_id {chunk_id} is not one of {n}")
    lo, hi = bounds[chunk_id]
    if chunk.shape != (hi - lo,):
        raise ValueError(f"chunk {chunk_id} has shape {chunk.shape}, not ({hi - lo},)")
    whole = np.empty(L, chunk.dtype)
    whole[lo:hi] = chunk
    for i in range(n - 1):
        # (1) Pass on what came last, (2) keep what comes now: one chunk further back.
        request = link.isend((rank + 1) % n, chunk)
        chunk = link.recv((rank - 1) % n)
        lo, hi = bounds[(chunk_id - i - 1) % n]
        whole[lo:hi] = chunk
        request.wait()
    return whole


# %% tags=["task"] task="ring_allreduce"
def ring_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a ring. Returns an array like x."""
    chunk_id, chunk = reduce_scatter(rank, n, x, op, link)
    return all_gather(rank, n, chunk_id, chunk, x.size, link).reshape(x.shape)


# %% tags=["task"] task="tree_allreduce"
def tree_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a binomial tree. Returns an array like x."""
    combine = combiner(op, x.dtype)
    total = x.flatten()
    distances = [2**k for k in range((n - 1).bit_length())]
    # (1) Up: in each round half of the ranks that are left hand over and retire.
    for d in distances:
        if rank % (2 * d) == d:
            link.send(rank - d, total)
            break
        if rank + d < n:
            total = combine(total, link.recv(rank + d))
    # (2) At the root, and only there, the mean is divided.
    if rank == 0 and op == "mean":
        total = total / n
    # (3) Down: the same edges, backwards.
    for d in reversed(distances):
        if rank % (2 * d) == d:
            total = link.recv(rank - d)
        elif rank % (2 * d) == 0 and rank + d < n:
            link.send(rank + d, total)
    return total.reshape(x.shape)


# %% tags=["task"] task="halving_doubling"
def halving_doubling(rank, n, x, op, link):
    """Combine x over all ranks by recursive halving. Returns an array like x."""
    combine = combiner(op, x.dtype)
    flat = x.flatten()
    p = 1 << (n.bit_length() - 1)
    # (1) Fold: the ranks beyond p lend their array to one below, and wait.
    if rank >= p:
        link.send(rank - p, flat)
        return link.recv(rank - p).reshape(x.shape)
    if rank + p < n:
        flat = combine(flat, link.recv(rank + p))
    edges = [lo for lo, _ in chunk_bounds(flat.size, p)] + [flat.size]

    def group(d, c):
        """View the d chunks, from a multiple of d on, of which c is one."""
        first = c // d * d
        return flat[edges[first] : edges[first + d]]

    distances = [2**k for k in range(p.bit_length() - 1)]
    # (2) Halve: give the partner's half away, keep and complete our own.
    for d in reversed(distances):
        request = link.isend(rank ^ d, group(d, rank ^ d))
        kept = group(d, rank)
        kept[...] = combine(kept, link.recv(rank ^ d))
        request.wait()
    # (3) One chunk is complete.
    if op == "mean":
        group(1, rank)[...] /= n
    # (4) Double: what is complete grows from one chunk to all.
    for d in distances:
        request = link.isend(rank ^ d, group(d, rank))
        group(d, rank ^ d)[...] = link.recv(rank ^ d)
        request.wait()
    # (5) Unfold.
    if rank + p < n:
        link.send(rank + p, flat)
    return flat.reshape(x.shape)


# %% tags=["task"] task="cost"
def cost(alg, n, M, a, b, g=0.0):
    """Predict the seconds of an all-reduce of M bytes on n ranks."""
    if n < 1:
        raise ValueError(f"there are no {n} ranks")
    # Every algorithm sends two bytes for each one that it combines.
    whole = (2 * b + g) * M
    if alg == "ring":
        return 2 * (n - 1) * a + (n - 1) / n * whole
    if alg == "tree":
        return (n - 1).bit_length() * (2 * a + whole)
    if alg == "halving_doubling":
        levels = n.bit_length() - 1
        p = 1 << levels
        fold = 2 * a + whole if p < n else 0.0
        return 2 * levels * a + (p - 1) / p * whole + fold
    raise ValueError(f"unknown algorithm {alg!r}")


def crossover(small, large, n, a, b, g=0.0):
    """Return the size in bytes above which `large` is cheaper than `small`."""
    # A cost is a line over M: its height at 0, and its slope.
    start, start_large = (cost(alg, n, 0, a, b, g) for alg in (small, large))
    slope, slope_large = (cost(alg, n, 1, 0.0, b, g) for alg in (small, large))
    if slope_large < slope:
        return (start_large - start) / (slope - slope_large)
    return 0.0 if slope_large == slope and start_large < start else math.inf


# %% tags=["task"] task="ddp_step"
def ddp_step(rank, n, params, grads, bucket_bytes, link):
    """Average gradients over all ranks, in buckets. Returns a list like grads."""
    if bucket_bytes < 1 or len(params) != len(grads):
        raise ValueError("bucket_bytes < 1, or not one gradient for each parameter")
    for p, g in zip(params, grads, strict=True):
        if g is not None and (g.shape, g.dtype) != (p.shape, p.dtype):
            raise ValueError(f"a gradient is {g.shape} {g.dtype}: {p.shape} {p.dtype}")
    # (1) Who has a gradient? All ranks must fill the same buckets.
    mine = np.array([g is not None for g in grads], dtype=bool)
    used = ring_allreduce(rank, n, mine, "max", link)
    # (2) From the last parameter to the first, as the backward pass produces them.
    buckets, held = [], 0
    for i in reversed(range(len(params))):
        if not used[i]:
            continue
        new = not buckets or params[i].dtype != params[buckets[-1][0]].dtype
        if new or held + params[i].nbytes > bucket_bytes:
            buckets.append([])
            held = 0
        buckets[-1].append(i)
        held += params[i].nbytes
    # (3) One ring for each bucket.
    averages = [None] * len(params)
    for bucket in buckets:
        filled = [
            np.zeros_like(params[i]) if grads[i] is None else grads[i] for i in bucket
        ]
        flat = np.concatenate([g.ravel() for g in filled])
        mean = ring_allreduce(rank, n, flat, "mean", link)
        for i in bucket:
            averages[i] = mean[: params[i].size].reshape(params[i].shape)
            mean = mean[params[i].size :]
    return averages
