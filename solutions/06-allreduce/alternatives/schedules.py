# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% tags=["setup"]
"""Each algorithm is a table of moves, written before any is sent, then executed."""

import math
from collections import namedtuple
from itertools import pairwise

import numpy as np

# One step of a rank: elements give go to a peer, elements take come from another.
Move = namedtuple("Move", "to give source take combined")


# %%
def combiner(op, dtype):
    """Return the function of two arrays behind op, or raise ValueError."""
    kind = np.dtype(dtype).kind
    allowed = {"sum": "iuf", "mean": "f", "max": "biuf", "min": "biuf"}
    if kind not in allowed.get(op, ""):
        raise ValueError(f"no op {op!r} for dtype {np.dtype(dtype)}")
    return {"max": np.maximum, "min": np.minimum}.get(op, np.add)


# %%
def execute(moves, buffer, combine, link):
    """Carry out the moves of one rank on its buffer."""
    for move in moves:
        request = None
        if move.to is not None:
            # The link borrows what it sends, so it gets a copy.
            request = link.isend(move.to, buffer[move.give].copy())
        if move.source is not None:
            came = link.recv(move.source)
            if move.combined:
                came = combine(buffer[move.take], came)
            buffer[move.take] = came
        if request is not None:
            request.wait()


def slices(length, parts):
    return [slice(lo, hi) for lo, hi in chunk_bounds(length, parts)]


def ring_moves(rank, n, length, first, combined):
    """Plan n - 1 steps round the ring; the first sends chunk `first`."""
    cut = slices(length, n)
    return [
        Move(
            (rank + 1) % n,
            cut[(first - i) % n],
            (rank - 1) % n,
            cut[(first - i - 1) % n],
            combined,
        )
        for i in range(n - 1)
    ]


def tree_moves(rank, n):
    """Plan the way up and the way down of one rank."""
    whole, up, down, d = slice(None), [], [], 1
    while d < n and not rank & (d - 1):
        if rank & d:
            up.append(Move(rank - d, whole, None, None, True))
            down.append(Move(None, None, rank - d, whole, False))
            break
        if rank + d < n:
            up.append(Move(None, None, rank + d, whole, True))
            down.append(Move(rank + d, whole, None, None, False))
        d <<= 1
    return up, down[::-1]


def halving_moves(rank, p, length):
    """Plan both halves for a rank below p; the second is the first backwards."""
    cut, halve = slices(length, p), []
    lo, hi = 0, p
    while hi - lo > 1:
        middle = (lo + hi) // 2
        parts = (lo, middle), (middle, hi)
        mine, theirs = parts if rank < middle else parts[::-1]
        keep, give = (slice(cut[a].start, cut[b - 1].stop) for a, b in (mine, theirs))
        peer = rank + theirs[0] - mine[0]
        halve.append(Move(peer, give, peer, keep, True))
        lo, hi = mine
    double = [Move(m.to, m.take, m.to, m.give, False) for m in reversed(halve)]
    return halve, cut[rank], double


# %% tags=["task"] task="chunk_bounds"
def chunk_bounds(L, n):
    if L < 0 or n <= 0:
        raise ValueError("a length of 0 or more, and one chunk or more")
    found, lo = [], 0
    for c in range(n):
        hi = lo + (L + n - 1 - c) // n
        found.append((lo, hi))
        lo = hi
    return found


# %% tags=["task"] task="reduce_scatter"
def reduce_scatter(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    buffer = np.array(x, order="C", copy=True).reshape(-1)
    execute(ring_moves(rank, n, buffer.size, rank, True), buffer, combine, link)
    own = (rank + 1) % n
    chunk = buffer[slices(buffer.size, n)[own]].copy()
    if op == "mean":
        chunk /= n
    return own, chunk


# %% tags=["task"] task="all_gather"
def all_gather(rank, n, chunk_id, chunk, L, link):
    if chunk_id not in range(n):
        raise ValueError("chunk_id is none of the chunks")
    own = slices(L, n)[chunk_id]
    if chunk.ndim != 1 or len(chunk) != own.stop - own.start:
        raise ValueError("the chunk has another length")
    buffer = np.zeros(L, chunk.dtype)
    buffer[own] = chunk
    execute(ring_moves(rank, n, L, chunk_id, False), buffer, None, link)
    return buffer


# %% tags=["task"] task="ring_allreduce"
def ring_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    buffer = np.array(x, order="C", copy=True).reshape(-1)
    execute(ring_moves(rank, n, x.size, rank, True), buffer, combine, link)
    execute(ring_moves(rank, n, x.size, rank + 1, False), buffer, combine, link)
    if op == "mean":  # every element once, here on every rank
        buffer /= n
    return buffer.reshape(x.shape)


# %% tags=["task"] task="tree_allreduce"
def tree_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    buffer = np.array(x, order="C", copy=True).reshape(-1)
    up, down = tree_moves(rank, n)
    execute(up, buffer, combine, link)
    execute(down, buffer, combine, link)
    if op == "mean":
        buffer /= n
    return buffer.reshape(x.shape)


# %% tags=["task"] task="halving_doubling"
def halving_doubling(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    buffer = np.array(x, order="C", copy=True).reshape(-1)
    p = 2 ** int(math.log2(n))
    whole = slice(None)
    if rank < p:
        halve, own, double = halving_moves(rank, p, buffer.size)
        if rank + p < n:
            halve.insert(0, Move(None, None, rank + p, whole, True))
            double.append(Move(rank + p, whole, None, None, False))
        execute(halve, buffer, combine, link)
        if op == "mean":
            buffer[own] /= n
        execute(double, buffer, combine, link)
    else:
        lend = Move(rank - p, whole, None, None, True)
        fetch = Move(None, None, rank - p, whole, False)
        execute([lend, fetch], buffer, combine, link)
    return buffer.reshape(x.shape)


# %% tags=["task"] task="cost"
def table(alg, n):
    """Return steps, shares of M sent and shares combined, along the busiest rank."""
    if n < 1:
        raise ValueError("at least one rank")
    levels = math.floor(math.log2(n))
    p = 2**levels
    if alg == "ring":
        return 2 * (n - 1), 2 * (n - 1) / n, (n - 1) / n
    if alg == "tree":
        up = levels if p == n else levels + 1
        return 2 * up, 2 * up, up
    if alg == "halving_doubling":
        fold = int(p < n)
        share = sum(2.0**-k for k in range(1, levels + 1)) + fold
        return 2 * (levels + fold), 2 * share, share
    raise ValueError(f"no algorithm {alg}")


def cost(alg, n, M, a, b, g=0.0):
    return float(np.dot(table(alg, n), [a, M * b, M * g]))


def crossover(small, large, n, a, b, g=0.0):
    (steps, sent, added), (steps_l, sent_l, added_l) = table(small, n), table(large, n)
    saved = (sent - sent_l) * b + (added - added_l) * g  # seconds for every byte
    paid = (steps_l - steps) * a
    if saved > 0:
        return paid / saved
    return 0.0 if saved == 0 and paid < 0 else math.inf


# %% tags=["task"] task="ddp_step"
def ddp_step(rank, n, params, grads, bucket_bytes, link):
    if bucket_bytes < 1:
        raise ValueError("a bucket holds at least one byte")
    if len(params) != len(grads):
        raise ValueError("one gradient for each parameter, or None")
    for p, g in zip(params, grads, strict=True):
        if g is not None and (g.shape != p.shape or g.dtype != p.dtype):
            raise ValueError("a gradient looks like its parameter")
    present = np.array([g is not None for g in grads], bool)
    wanted = np.flatnonzero(ring_allreduce(rank, n, present, "max", link))[::-1]
    answer, start = [None] * len(params), 0
    while start < len(wanted):
        stop = start + 1
        while stop < len(wanted):
            bucket = [params[i] for i in wanted[start : stop + 1]]
            if len({p.dtype for p in bucket}) > 1:
                break
            if sum(p.nbytes for p in bucket) > bucket_bytes:
                break
            stop += 1
        members = wanted[start:stop]
        ends = np.cumsum([0] + [params[i].size for i in members])
        flat = np.zeros(ends[-1], params[members[0]].dtype)
        places = [slice(a, b) for a, b in pairwise(ends)]
        for i, place in zip(members, places, strict=True):
            if grads[i] is not None:
                flat[place] = grads[i].reshape(-1)
        flat = ring_allreduce(rank, n, flat, "mean", link)
        for i, place in zip(members, places, strict=True):
            answer[i] = flat[place].reshape(params[i].shape)
        start = stop
    return answer
