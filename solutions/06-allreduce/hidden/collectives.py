"""What the hidden tests of lesson 06 share."""

import numpy as np

from autograder.student.testing import check

FUNCTIONS = {"sum": np.add, "mean": np.add, "max": np.maximum, "min": np.minimum}


# --- what is right: the additions one after another, without any network ------------


def sizes(length, n):
    """Return the elements of every chunk."""
    return [length // n + (c < length % n) for c in range(n)]


def cut(flat, n):
    return np.split(flat, np.cumsum(sizes(flat.size, n))[:-1])


def divided(total, n, op):
    return total / n if op == "mean" else total


def ring_chunk(xs, c, op):
    """Return chunk c, which starts at rank c and meets c + 1, c + 2, ... in turn."""
    n = len(xs)
    parts = [cut(x.ravel(), n)[c] for x in xs]
    total = parts[c]
    for k in range(1, n):
        total = FUNCTIONS[op](total, parts[(c + k) % n])
    return divided(total, n, op)


def ring(xs, op):
    whole = np.concatenate([ring_chunk(xs, c, op) for c in range(len(xs))])
    return whole.reshape(xs[0].shape)


def tree(xs, op):
    n, d, totals = len(xs), 1, list(xs)
    while d < n:
        for r in range(0, n - d, 2 * d):
            totals[r] = FUNCTIONS[op](totals[r], totals[r + d])
        d *= 2
    return divided(totals[0], n, op)


def halving(xs, op):
    n, f = len(xs), FUNCTIONS[op]
    p = 1 << (n.bit_length() - 1)
    parts = [f(xs[r], xs[r + p]) if r + p < n else xs[r] for r in range(p)]
    d = p // 2
    while d:
        parts = [f(parts[r], parts[r ^ d]) for r in range(p)]
        d //= 2
    chunks = [cut(parts[r].ravel(), p)[r] for r in range(p)]
    return divided(np.concatenate(chunks), n, op).reshape(xs[0].shape)


TRUTH = {"ring_allreduce": ring, "tree_allreduce": tree, "halving_doubling": halving}


def ring_elements(length, n):
    """Return the elements that every rank sends: twice all chunks but one."""
    s = sizes(length, n)
    return [2 * length - s[(r + 1) % n] - s[(r + 2) % n] for r in range(n)]


def ring_messages(n, each):
    return {(r, (r + 1) % n): each for r in range(n)} if n > 1 else {}


# --- inputs -------------------------------------------------------------------------


def uneven(rng, n, shape, dtype=np.float64):
    """Return n arrays whose sum depends on the order of adding, and shows it.

    Sizes differ widely, and in every fourth element large parts cancel: there another
    order, or another rounding, changes the leading digit.
    """
    spread = 4.0 if np.dtype(dtype) == np.float16 else 12.0
    x = rng.standard_normal((n, *shape)) * 2.0 ** rng.uniform(-spread, spread, shape)
    x *= rng.choice([1.0, 7.0], x.shape)
    flat = x.reshape(n, -1)[:, 1::4]
    parts = rng.integers(-8, 9, flat.shape)
    parts[-1] = -parts[:-1].sum(axis=0)
    flat[...] = parts / 4 / np.finfo(dtype).eps + rng.standard_normal(flat.shape)
    return list(x.astype(dtype))


def room(xs):
    """Return how far rounding may move each element, whatever the order."""
    x = np.stack(xs)
    if x.dtype.kind != "f":
        return np.zeros(x.shape[1:])
    wide = np.abs(np.where(np.isfinite(x), x, 0).astype(np.float64))
    return len(xs) * float(np.finfo(x.dtype).eps) * wide.sum(axis=0)


# --- asking and judging -------------------------------------------------------------


def ask(ranks, name, xs, op="sum", **network):
    """Run an all-reduce, or reduce_scatter, of one array a rank."""
    n = len(xs)
    return ranks.run(
        name, n, args=lambda rank: (rank, n, xs[rank], op, ranks.LINK), **network
    )


def finished(out, where, look):
    check.true(out.deadlock is None, where=where, evidence=str(out.deadlock), look=look)


def waited(outs, name):
    """Check that no rank returned before all that it sent was taken."""
    unwaited = max(number for out in outs for number in out.unwaited)
    where = f"{name}: requests of isend without wait() when a rank returns"
    check.equal(unwaited, 0, where=where, look="Exercise: the network.")


def same_bits(got, want, where, look, allowed=0.0):
    """Check dtype, shape and bits, and tell a wrong value from another rounding."""
    check.shape(got, want.shape, where=where, look=look)
    check.dtype(got, want.dtype, where=where, look=look)
    check.close(got, want, atol=allowed, where=where, look=look)
    check.true(
        np.array_equal(got, want, equal_nan=want.dtype.kind == "f"),
        where=where,
        evidence="right up to rounding: another order of adding, or dividing elsewhere",
        look=look,
    )
    if want.dtype.kind == "f":
        real = ~np.isnan(want)
        check.true(
            np.array_equal(np.signbit(got[real]), np.signbit(want[real])),
            where=where,
            evidence="a zero has the wrong sign",
            look=look,
        )


def same_everywhere(out, want, where, look, allowed=0.0):
    """Check that every rank returned these bits."""
    finished(out, where, look)
    for rank, got in enumerate(out.results):
        same_bits(got, want, f"{where}, rank {rank}", look, allowed)


def traffic(out, elements, itemsize, messages, where, look):
    """Check bytes of every rank and messages of every link."""
    finished(out, where, look)
    for rank, (got, want) in enumerate(zip(out.sent_bytes, elements, strict=True)):
        at = f"{where}: bytes that rank {rank} of {len(elements)} sends"
        check.equal(got, want * itemsize, where=at, look=look)
    used = {link: count for link, count in out.messages.items() if count}
    for link in sorted(used.keys() | messages.keys()):
        at = f"{where}: messages from rank {link[0]} to rank {link[1]}"
        check.equal(used.get(link, 0), messages.get(link, 0), where=at, look=look)


def steps(out, want, where, look):
    check.equal(out.steps, want, where=f"{where}: longest chain of messages", look=look)


def refusals(ranks, name, cases, look):
    """Check that every rank raises ValueError before it sends anything.

    Args:
        cases: (kind, n, what rank r gets) of every call.
    """
    got = [ranks.run(name, n, args=make, check=False) for _, n, make in cases]
    for (kind, n, _), out in zip(cases, got, strict=True):
        where = f"{name}, {kind}, n = {n}"
        for rank in range(n):
            error = out.errors.get(rank)
            found = "no error" if error is None else error.type_name
            check.equal(found, "ValueError", where=where, look=look)
        where = f"{where}: messages before the error"
        check.equal(sum(out.messages.values()), 0, where=where, look=look)


def look_after(module, name, place, *args):
    """Call twice: return the answer, the argument afterwards, and what is amiss."""
    import numpy as np

    answers = [getattr(module, name)(*args) for _ in range(2)]
    first, second = (a[1] if isinstance(a, (tuple, list)) else a for a in answers)
    amiss = ""
    if np.shares_memory(second, args[place]) or np.shares_memory(first, args[place]):
        amiss = "the result shares memory with the argument: return a new array"
    elif np.shares_memory(first, second):
        amiss = "two calls return the same memory: return a new array"
    elif not np.array_equal(first, second):
        amiss = "a second call with the same arguments returns something else"
    return answers[1], args[place], amiss


def untouched(ranks, name, xs, op, look):
    """Check that contiguous arrays, which no copy protects, stay as they were."""
    n, before = len(xs), [x.copy() for x in xs]
    out = ranks.run(
        look_after,
        n,
        args=lambda rank: (name, 2, rank, n, xs[rank], op, ranks.LINK),
    )
    where = f"{name}, n = {n}, {op}"
    finished(out, where, look)
    for rank, (_, after, amiss) in enumerate(out.results):
        check.unchanged(after, before[rank], where=f"{where}, x", look=look)
        check.true(not amiss, where=where, evidence=amiss, look=look)


def check_refusals(ranks, name, look, counts=(1, 2)):
    """Check the ops that `combiner` refuses, on one rank and on several."""
    whole, flags = np.arange(6, dtype=np.int32), np.ones(6, bool)
    cases = [
        ("an unknown op", np.ones(6), "product"),
        ("mean of integers", whole, "mean"),
        ("sum of bools", flags, "sum"),
        ("mean of bools", flags, "mean"),
        ("an unknown op, no elements", np.ones(0), "product"),
        ("mean of integers, no elements", whole[:0], "mean"),
    ]
    calls = [
        (kind, n, lambda r, n=n, x=x, op=op: (r, n, x, op, ranks.LINK))
        for kind, x, op in cases
        for n in counts
    ]
    refusals(ranks, name, calls, look)


# --- 4 to 6: the three all-reduces --------------------------------------------------


def check_all(ranks, name, cases, look, **network):
    """Ask for every case (kind, op, xs), then judge every answer."""
    got = [ask(ranks, name, xs, op, **network) for _, op, xs in cases]
    for (kind, op, xs), out in zip(cases, got, strict=True):
        with np.errstate(all="ignore"):
            want = TRUTH[name](xs, op)
        same_everywhere(out, want, f"{name}, {kind}", look, room(xs))
    return got


def check_shapes(ranks, name, rng, look):
    base = uneven(rng, 3, (4, 10))
    cases = [
        ("a transposed matrix", "sum", [x.T for x in base]),
        ("every second row, backwards", "sum", [x[::2, ::-1] for x in base]),
        ("a column of a matrix", "max", [x[:, 3] for x in base]),
        ("three axes", "sum", [x.reshape(2, 5, 4) for x in base]),
        ("no axes", "mean", [x[1, 1].reshape(()) for x in base]),
        ("five axes", "sum", [x.reshape(2, 2, 1, 5, 2) for x in base]),
        ("rows of no elements", "sum", [x[:3, :0] for x in base]),
    ]
    check_all(ranks, name, cases, look)


def check_dtypes(ranks, name, rng, look):
    n = 3
    integers = [rng.integers(-120, -10, 11) for _ in range(2)]
    large = [x * (2**53 + 1) for x in integers]  # no float64 holds these
    least = [large[0].copy(), large[1]]
    least[0][3], integers[0][3] = -(2**63), -(2**7)  # which have no negative
    cases = [
        ("sum of large int64", "sum", large),
        ("sum of uint8", "sum", [(-x // 4).astype(np.uint8) for x in integers]),
        ("max of negative int8", "max", [x.astype(np.int8) for x in integers]),
        ("min of large int64", "min", least),
        ("max of bool", "max", [rng.random(11) < 0.2 for _ in range(2)]),
        ("min of bool", "min", [rng.random(11) < 0.8 for _ in range(2)]),
        ("max of float32", "max", uneven(rng, n, (50,), np.float32)),
        ("mean of float16", "mean", uneven(rng, n, (50,), np.float16)),
        ("mean of float32", "mean", uneven(rng, n, (50,), np.float32)),
    ]
    outs = check_all(ranks, name, cases, look)
    for (kind, _, xs), out in zip(cases, outs, strict=True):
        at = f"{name}, {kind}: bytes that all ranks send"
        want = 2 * (len(xs) - 1) * xs[0].nbytes
        check.equal(sum(out.sent_bytes), want, where=at, look=look)


def check_odd_values(ranks, name, look):
    xs = [np.full(9, -0.0) for _ in range(3)]
    other = [np.arange(9.0) for _ in range(3)]
    for x, y in ((0, 1), (1, 4), (2, 8)):
        other[x][y] = np.nan
    other[0][2], other[2][2], other[1][6], other[2][7] = (
        np.inf,
        -np.inf,
        np.inf,
        -np.inf,
    )
    tiny = [np.arange(9.0) * 2.0**-1074] * 2  # half of an odd one is rounded
    cases = [("only -0.0", "sum", xs), ("only -0.0", "mean", xs)]
    cases.append(("subnormals", "mean", tiny))
    cases += [(f"{op} with NaN and inf", op, other) for op in ("sum", "max", "min")]
    check_all(ranks, name, cases, look)


def check_small(ranks, name, rng, look):
    """Fewer elements than ranks, none at all, one rank."""
    for n, length in ((5, 3), (4, 0), (3, 1), (1, 4), (1, 0)):
        xs = uneven(rng, n, (length,), np.float32)
        check_all(ranks, name, [(f"n = {n}, {length} elements", "mean", xs)], look)


def check_links(ranks, name, rng, counts, look):
    """Links that hold no message, or one; other orders in which ranks run."""
    trials = [
        (capacity, n, uneven(rng, n, (11,))) for capacity in (0, 1) for n in counts
    ]
    trials.append((0, counts[0], uneven(rng, counts[0], (0,))))  # only empty messages
    outs = [
        ask(ranks, name, xs, capacity=capacity, seed=n) for capacity, n, xs in trials
    ]
    for (capacity, n, xs), out in zip(trials, outs, strict=True):
        where = f"{name}, links that hold {capacity or 'no'} message, n = {n}"
        same_everywhere(out, TRUTH[name](xs, "sum"), where, look, room(xs))
    waited(outs, name)


def check_dead_links(ranks, name, rng, n, used, look):
    """Only the links that the algorithm names carry anything; the first is slow."""
    every = [(i, j) for i in range(n) for j in range(n) if i != j]
    links = {link: ranks.Wire(dead=True) for link in every if link not in used}
    links[min(used)] = ranks.Wire(latency_s=0.5)
    xs = uneven(rng, n, (10,))
    kind = "where only the links of the algorithm work, and one is slow"
    check_all(ranks, name, [(kind, "sum", xs)], look, links=links)


def check_counts(ranks, name, rng, cases, plan, look):
    """Check bytes, messages and steps, and the result, given (n, elements).

    Args:
        plan: gives for (elements, n) what each rank sends, the messages of each link
            and the longest chain of messages.
    """
    inputs = [uneven(rng, n, (length,)) for n, length in cases]
    got = [ask(ranks, name, xs) for xs in inputs]
    for (n, length), xs, out in zip(cases, inputs, got, strict=True):
        where = f"{name}, n = {n}, {length} elements"
        sent, messages, chain = plan(length, n)
        traffic(out, sent, 8, messages, where, look)
        steps(out, chain, where, look)
        same_everywhere(out, TRUTH[name](xs, "sum"), where, look, room(xs))
