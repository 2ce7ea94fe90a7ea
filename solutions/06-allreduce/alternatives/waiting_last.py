# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% tags=["setup"]
"""Sends are waited for at the very end; arrays in flight are never touched again."""

import contextlib
import itertools
import math

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
class Post:
    """Posts arrays without waiting; leaving the context waits for all of them."""

    def __init__(self, link):
        self.link, self.requests = link, []

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        if problem[0] is None:
            for request in self.requests:
                request.wait()

    def put(self, to, array):
        self.requests.append(self.link.isend(to, np.array(array)))


def ring_of(post, n, first):
    """Yield what comes from the left; send(value) passes a value on to the right."""
    rank, value = post.link.rank, first
    for _ in range(n - 1):
        post.put((rank + 1) % n, value)
        value = yield post.link.recv((rank - 1) % n)


def lowest_bit(number):
    return number & -number


# %% tags=["task"] task="chunk_bounds"
def chunk_bounds(L, n):
    if n < 1 or L < 0:
        raise ValueError("a positive number of chunks of a real array")
    each, more = L // n, L % n
    long, short = [each + 1] * more, [each] * (n - more)
    ends = [0, *itertools.accumulate(long + short)]
    return [(ends[c], ends[c + 1]) for c in range(n)]


# %% tags=["task"] task="reduce_scatter"
def reduce_scatter(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    parts = [np.array(x).ravel()[lo:hi] for lo, hi in chunk_bounds(x.size, n)]
    order = [(rank - i) % n for i in range(n)]
    total = parts[rank]
    with Post(link) as post, contextlib.suppress(StopIteration):
        lap = ring_of(post, n, total)
        came = next(lap)
        for c in order[1:]:
            total = combine(parts[c], came)
            came = lap.send(total)
    if op == "mean":
        total = total / total.dtype.type(n)
    return order[-1], total


# %% tags=["task"] task="all_gather"
def all_gather(rank, n, chunk_id, chunk, L, link):
    bounds = dict(enumerate(chunk_bounds(L, n)))
    if chunk_id not in bounds:
        raise ValueError("chunk_id")
    lo, hi = bounds[chunk_id]
    if np.shape(chunk) != (hi - lo,):
        raise ValueError("chunk")
    found = {chunk_id: np.array(chunk)}
    with Post(link) as post, contextlib.suppress(StopIteration):
        lap = ring_of(post, n, chunk)
        came = next(lap)
        for i in itertools.count(1):
            found[(chunk_id - i) % n] = came
            came = lap.send(came)
    return np.concatenate([found[c] for c in range(n)])


# %% tags=["task"] task="ring_allreduce"
def ring_allreduce(rank, n, x, op, link):
    once = "sum" if op == "mean" else op
    combiner(op, x.dtype)
    own, chunk = reduce_scatter(rank, n, x, once, link)
    total = all_gather(rank, n, own, chunk, x.size, link)
    if op == "mean":
        total = (total / n).astype(x.dtype, copy=False)
    return total.reshape(x.shape)


# %% tags=["task"] task="tree_allreduce"
def tree_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    total = np.array(x).ravel()
    # The lowest bit that is set says to whom a rank hands over; smaller ones, to it.
    reach = lowest_bit(rank) if rank else 1 << (n - 1).bit_length()
    children = [rank + (1 << k) for k in range(reach.bit_length() - 1)]
    children = [child for child in children if child < n]
    with Post(link) as post:
        for child in children:
            total = combine(total, link.recv(child))
        if rank:
            post.put(rank - reach, total)
            total = link.recv(rank - reach)
        elif op == "mean":
            total = total / n
        for child in reversed(children):
            post.put(child, total)
    return total.reshape(x.shape)


# %% tags=["task"] task="halving_doubling"
def halving_doubling(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    levels = n.bit_length() - 1
    p = 2**levels
    value = np.array(x).ravel()
    with Post(link) as post:
        if rank >= p:
            post.put(rank - p, value)
            return link.recv(rank - p).reshape(x.shape)
        if rank + p < n:
            value = combine(value, link.recv(rank + p))
        # held: {chunk: values}; every exchange splits or joins the dictionary.
        bounds = chunk_bounds(value.size, p)
        held = {c: value[lo:hi] for c, (lo, hi) in enumerate(bounds)}
        for k in reversed(range(levels)):
            partner = rank ^ (1 << k)
            give = [c for c in sorted(held) if (c ^ rank) >> k & 1]
            post.put(partner, np.concatenate([held.pop(c) for c in give]))
            came = split(link.recv(partner), [held[c].size for c in sorted(held)])
            for c, part in zip(sorted(held), came, strict=True):
                held[c] = combine(held[c], part)
        if op == "mean":
            held[rank] = held[rank] / n
        for k in range(levels):
            partner = rank ^ (1 << k)
            post.put(partner, np.concatenate([held[c] for c in sorted(held)]))
            theirs = sorted(c ^ (1 << k) for c in held)
            lengths = [bounds[c][1] - bounds[c][0] for c in theirs]
            came = split(link.recv(partner), lengths)
            held.update(zip(theirs, came, strict=True))
        value = np.concatenate([held[c] for c in range(p)])
        if rank + p < n:
            post.put(rank + p, value)
        return value.reshape(x.shape)


def split(array, lengths):
    return np.split(array, list(itertools.accumulate(lengths))[:-1])


# %% tags=["task"] task="cost"
def cost(alg, n, M, a, b, g=0.0):
    if n < 1 or alg not in ("ring", "tree", "halving_doubling"):
        raise ValueError(f"{alg} on {n} ranks")
    up = []  # shares of M, message by message, towards the sum
    if alg == "ring":
        up = [1 / n] * (n - 1)
    elif alg == "tree":
        up = [1.0] * math.ceil(math.log2(n))
    else:
        p = 1 << (n.bit_length() - 1)
        up = [1.0] if n > p else []
        while p > 1:
            up.append(0.5 ** (len(up) + 1 - (n & (n - 1) > 0)))
            p //= 2
    return math.fsum(2 * (a + share * M * b) + share * M * g for share in up)


def crossover(small, large, n, a, b, g=0.0):
    gaps = [
        cost(large, n, *at, b, g) - cost(small, n, *at, b, g) for at in ((0, a), (1, 0))
    ]
    if gaps[1] < 0:
        return -gaps[0] / gaps[1]
    return 0.0 if gaps[0] < 0 == gaps[1] else math.inf


# %% tags=["task"] task="ddp_step"
def ddp_step(rank, n, params, grads, bucket_bytes, link):
    fits = [
        g is None or (g.shape == p.shape and g.dtype == p.dtype)
        for p, g in zip(params, grads, strict=False)
    ]
    if not all(fits) or len(grads) != len(params) or bucket_bytes < 1:
        raise ValueError("gradients do not fit the parameters, or no room at all")
    has = np.array([g is not None for g in grads]).astype(bool)
    has = ring_allreduce(rank, n, has, "max", link)
    number, held, kind, members = 0, 0, None, {}
    for i in range(len(params))[::-1]:
        if has[i]:
            size, dtype = params[i].nbytes, params[i].dtype
            if members and (dtype != kind or held + size > bucket_bytes):
                number, held = number + 1, 0
            members[i], kind, held = number, dtype, held + size
    answer = [None] * len(params)
    for _, bucket in itertools.groupby(members, key=members.get):
        bucket = list(bucket)
        blank = {i: np.zeros(params[i].shape, params[i].dtype) for i in bucket}
        flat = [blank[i] if grads[i] is None else grads[i] for i in bucket]
        flat = np.concatenate([np.array(g).reshape(-1) for g in flat])
        mean = iter(ring_allreduce(rank, n, flat, "mean", link))
        for i in bucket:
            blank[i].flat = list(itertools.islice(mean, blank[i].size))
            answer[i] = blank[i]
    return answer
