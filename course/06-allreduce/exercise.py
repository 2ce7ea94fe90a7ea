# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---
# %% [markdown]
# # All-reduce: one sum on every machine
# Read the [chapter](index.md) first; each task names its step there. Every rank runs
# your function; `check("all_gather")` runs the public tests of one task. The grader
# runs more tests: awkward sizes, slow links, links that hold no message. Cells marked
# *explore* are yours and are never graded.

# %% tags=["setup"]
import math

import numpy as np

from autograder.student import attempt, check


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


# %% [markdown]
# ## The network
# Every rank calls the same function with its own `rank`, its own array and its own
# `link`. `rank` and `n` are `link.rank` and `link.n`.
#
# - `link.send(to, array)` sends a copy and waits until the link has taken it.
# - `link.isend(to, array)` returns at once. Until `.wait()` on what it returns, the
#   array belongs to the link and must not change. Wait for each before you return. One
#   array may be on its way to several ranks.
# - `link.recv(source)` waits for the next array from that rank, in order of sending.
#
# A link may hold any number of messages, one, or none: then `send` waits for `recv`.
# What you write must finish on each of them. An array of no elements is a message too,
# of shape (0,). A message has at most four axes.

# %% [markdown]
# ## 1. `chunk_bounds`
# Chapter, step 1. Cut `L` elements into `n` chunks, in order and without gaps. The
# first `L mod n` chunks are one element longer than the others.
#
# - Returns a list of `n` tuples `(lo, hi)` of ints; chunk `c` is `x[lo:hi]`, perhaps
#   empty. `L` may be as large as an int: no float is exact there.
# - ValueError where `n < 1` or `L < 0`.


# %% tags=["task"] task="chunk_bounds"
def chunk_bounds(L, n):
    """Cut L elements into n chunks. Returns [(lo, hi), ...]."""
    raise NotImplementedError("chunk_bounds: chapter, step 1")


# %% tags=["explore"]
with attempt():
    print(chunk_bounds(10, 4), "want (0, 3), (3, 6), (6, 8), (8, 10)")

# %% tags=["check"]
check("chunk_bounds")

# %% [markdown]
# ## 2. `reduce_scatter`
# Chapter, step 2. `x` has any shape, the same on every rank, perhaps strided; its
# elements in C order are cut by `chunk_bounds`. There are n - 1 steps; in step
# i = 0, 1, ... rank r
#
# - sends chunk (r - i) mod n to the right, to (r + 1) mod n;
# - receives chunk (r - i - 1) mod n from the left and combines it with its own.
#
# So chunk c starts at rank c, meets c + 1, c + 2, ... in this order, and ends complete
# at rank (c - 1) mod n.
#
# - Returns `(chunk_id, chunk)`: (r + 1) mod n, and a new 1-D array of x's dtype.
# - "mean": the owner divides its chunk by n, once, at the end.
# - `x` stays as it was. What `combiner` refuses is refused before the first message.
# - All links are busy at once: no chain of messages is longer than n - 1.


# %% tags=["task"] task="reduce_scatter"
def reduce_scatter(rank, n, x, op, link):
    """Leave chunk (rank + 1) % n reduced on this rank. Returns (chunk_id, chunk)."""
    raise NotImplementedError("reduce_scatter: chapter, step 2")


# %% tags=["explore"]
with attempt():
    from autograder.lab.ranks import run

    x = np.arange(40.0).reshape(4, 10)
    out = run(lambda link: reduce_scatter(link.rank, 4, x[link.rank], "sum", link), 4)
    print(out.results, "bytes sent:", out.sent_bytes, "steps:", out.steps)

# %% tags=["check"]
check("reduce_scatter")

# %% [markdown]
# ## 3. `all_gather`
# Chapter, step 3. Rank r holds chunk `chunk_id` of an array of `L` elements; its right
# neighbour holds the next one (after n - 1 comes 0). Afterwards every rank has all of
# them, in n - 1 steps. In each, a rank sends to the right what it received in the step
# before, at first its own chunk.
#
# - `chunk_id` need not be (r + 1) mod n: any start round the ring is possible.
# - Returns a new 1-D array of L elements, of the chunk's dtype.
# - ValueError, before the first message, where `chunk_id` is not in 0 ... n - 1 or
#   `chunk` is not 1-D with the length that `chunk_bounds` gives it.


# %% tags=["task"] task="all_gather"
def all_gather(rank, n, chunk_id, chunk, L, link):
    """Collect every rank's chunk. Returns the whole array, 1-D."""
    raise NotImplementedError("all_gather: chapter, step 3")


# %% tags=["explore"]
with attempt():
    parts = [np.full(3, 10.0 * c) for c in range(4)]
    out = run(
        lambda link: all_gather(link.rank, 4, link.rank, parts[link.rank], 12, link), 4
    )
    print(out.results[0], "bytes sent:", out.sent_bytes)

# %% tags=["check"]
check("all_gather")

# %% [markdown]
# ## 4. `ring_allreduce`
# Chapter, step 4. Both halves together. The result is new, has the shape and dtype of
# `x`, and is the same on every rank, bit for bit.
#
# - 2 (n - 1) messages a rank, and no chain of messages longer than that.
# - n = 1: a copy, and no message. "mean" divides each element once.


# %% tags=["task"] task="ring_allreduce"
def ring_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a ring. Returns an array like x."""
    raise NotImplementedError("ring_allreduce: chapter, step 4")


# %% tags=["explore"]
with attempt():
    x = np.arange(12.0).reshape(4, 3)
    for n in (1, 2, 3, 4):
        out = run(
            lambda link: ring_allreduce(link.rank, link.n, x[link.rank], "sum", link), n
        )
        print(n, out.results[0], "bytes sent:", out.sent_bytes, "steps:", out.steps)

# %% tags=["check"]
check("ring_allreduce")

# %% [markdown]
# ## 5. `tree_allreduce`
# Chapter, step 5. The same result contract as task 4, with whole arrays and few steps.
#
# - Up, for d = 1, 2, 4, ... < n: a rank with r mod 2d = d sends all it has to r - d,
#   which combines its own array with it, and sends nothing more on the way up.
# - Rank 0 now has the result ("mean" divides here, once).
# - Down, for the same d from the largest to 1: a rank with r mod 2d = 0 sends the
#   result to r + d, where that rank exists.
# - What `combiner` refuses is refused before the first message, also where n = 1.


# %% tags=["task"] task="tree_allreduce"
def tree_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a binomial tree. Returns an array like x."""
    raise NotImplementedError("tree_allreduce: chapter, step 5")


# %% tags=["explore"]
with attempt():
    out = run(lambda link: tree_allreduce(link.rank, 4, x[link.rank], "sum", link), 4)
    print(out.results[0], "bytes sent:", out.sent_bytes, "steps:", out.steps)

# %% tags=["check"]
check("tree_allreduce")

# %% [markdown]
# ## 6. `halving_doubling`
# Chapter, step 6. The same result contract, with p the largest power of two <= n and
# the elements cut into p chunks.
#
# 1. Fold: rank r >= p sends its array to r - p, which combines its own with it.
# 2. Halve, for d = p/2, p/4, ..., 1: ranks r and r XOR d (both < p) hold the same 2d
#    chunks. Each sends, in one message, the half that does not contain chunk r, and
#    combines the other half with what it receives.
# 3. Rank r < p now has chunk r complete ("mean" divides it by n here, once).
# 4. Double, for d = 1, 2, ..., p/2: r and r XOR d send each other all that they have.
# 5. Unfold: rank r - p sends the result to r.
#
# No chain of messages is longer than 2 log2 p, plus 2 where n > p.


# %% tags=["task"] task="halving_doubling"
def halving_doubling(rank, n, x, op, link):
    """Combine x over all ranks by recursive halving. Returns an array like x."""
    raise NotImplementedError("halving_doubling: chapter, step 6")


# %% tags=["explore"]
with attempt():
    out = run(lambda link: halving_doubling(link.rank, 3, x[link.rank], "sum", link), 3)
    print(out.results[0], "bytes sent:", out.sent_bytes, "steps:", out.steps)

# %% tags=["check"]
check("halving_doubling")

# %% [markdown]
# ## 7. `cost`, with `crossover`
# Chapter, step 7. Seconds for an array of `M` bytes on `n` ranks: every step costs `a`
# seconds, every byte sent `b`, every byte combined `g`. Count along the busiest rank,
# in shares of M (as if every chunk were M/n, or M/p, bytes).
#
# - `alg` is "ring", "tree" (with ceil(log2 n) levels each way) or "halving_doubling"
#   (with the fold where n is no power of two). One rank costs 0.0.
# - ValueError for another `alg` and for `n < 1`.
#
# `crossover(small, large, n, a, b, g)`: the size in bytes above which the algorithm
# `large` is cheaper than `small`; 0.0 where it is cheaper at every size above 0,
# `math.inf` where it never is, or only below some size. It refuses what `cost` does.


# %% tags=["task"] task="cost"
def cost(alg, n, M, a, b, g=0.0):
    """Predict the seconds of an all-reduce of M bytes on n ranks."""
    raise NotImplementedError("cost: chapter, step 7")


def crossover(small, large, n, a, b, g=0.0):
    """Return the size in bytes above which `large` is cheaper than `small`."""
    raise NotImplementedError("cost: chapter, step 7")


# %% tags=["explore"]
with attempt():
    for n in (4, 8, 64):
        kilobytes = crossover("tree", "ring", n, 10e-6, 1 / 12.5e9) / 1e3
        print(f"n = {n:2d}: the ring beats the tree above {kilobytes:.1f} kB")
    print(crossover("ring", "tree", 8, 10e-6, 1 / 12.5e9), "want", math.inf)

# %% tags=["check"]
check("cost")

# %% [markdown]
# ## 8. `ddp_step`
# Chapter, step 8. Average the gradients of a model over all ranks. `params` are its
# parameters (float arrays, the same shapes and dtypes on every rank); `grads[i]` is
# this rank's gradient of `params[i]`, or None where the parameter was not used here.
#
# 1. One `ring_allreduce` with "max" of a bool array, one entry a parameter: is there a
#    gradient? A parameter that no rank used is left out and stays None everywhere.
#    Where another rank used it, None counts as zeros.
# 2. Fill buckets with the others, from the last parameter to the first. A bucket ends
#    where the next gradient has another dtype, or would take it beyond `bucket_bytes`;
#    so a larger gradient has a bucket of its own. Gradients are never split.
# 3. One `ring_allreduce` with "mean" for each bucket in order: its gradients, flat, end
#    to end in the order in which they entered.
#
# - Returns a list: new arrays like the parameters, and None. `grads` stay as they are.
# - Without parameters it still makes the first ring, of no elements, and returns [].
# - ValueError, before the first message, where `bucket_bytes < 1`, the lists differ in
#   length, or a gradient has another shape or dtype than its parameter.


# %% tags=["task"] task="ddp_step"
def ddp_step(rank, n, params, grads, bucket_bytes, link):
    """Average gradients over all ranks, in buckets. Returns a list like grads."""
    raise NotImplementedError("ddp_step: chapter, step 8")


# %% tags=["explore"]
with attempt():
    params = [np.zeros((2, 3)), np.zeros(3), np.zeros((3, 1))]
    grads = [[np.full(p.shape, float(rank)) for p in params] for rank in range(4)]
    out = run(
        lambda link: ddp_step(link.rank, 4, params, grads[link.rank], 64, link), 4
    )
    print(out.results[0], "messages:", out.messages[0, 1], "steps:", out.steps)

# %% tags=["check"]
check("ddp_step")
