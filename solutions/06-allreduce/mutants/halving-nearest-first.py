"""Halving begins with the nearest partner: another order of adding.

task: halving_doubling
look: Chapter, step 6.
"""


def halving_doubling(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    flat = x.flatten()
    p = 1 << (n.bit_length() - 1)
    if rank >= p:
        link.send(rank - p, flat)
        return link.recv(rank - p).reshape(x.shape)
    if rank + p < n:
        flat = combine(flat, link.recv(rank + p))
    edges = [lo for lo, _ in chunk_bounds(flat.size, p)] + [flat.size]
    first, count, trail, d = 0, p, [], 1
    while count > 1:
        count //= 2
        low, high = (first, count), (first + count, count)
        keep, give = (high, low) if rank & d else (low, high)
        request = link.isend(rank ^ d, flat[edges[give[0]] : edges[sum(give)]])
        kept = flat[edges[keep[0]] : edges[sum(keep)]]
        kept[...] = combine(kept, link.recv(rank ^ d))
        request.wait()
        trail.append((d, keep, give))
        first, d = keep[0], 2 * d
    if op == "mean":
        flat[edges[first] : edges[first + 1]] /= n
    for d, keep, give in reversed(trail):
        request = link.isend(rank ^ d, flat[edges[keep[0]] : edges[sum(keep)]])
        flat[edges[give[0]] : edges[sum(give)]] = link.recv(rank ^ d)
        request.wait()
    if rank + p < n:
        link.send(rank + p, flat)
    return flat.reshape(x.shape)
