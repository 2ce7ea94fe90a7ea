"""Halves are cut in the middle of the elements, not between chunks.

task: halving_doubling
severity: idea
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
    lo, hi, trail, d = 0, flat.size, [], p // 2
    while d:
        middle = (lo + hi) // 2
        keep, give = slice(lo, middle), slice(middle, hi)
        if rank & d:
            keep, give = give, keep
        request = link.isend(rank ^ d, flat[give])
        flat[keep] = combine(flat[keep], link.recv(rank ^ d))
        request.wait()
        trail.append((d, keep, give))
        lo, hi, d = keep.start, keep.stop, d // 2
    if op == "mean":
        flat[lo:hi] /= n
    for d, keep, give in reversed(trail):
        request = link.isend(rank ^ d, flat[keep])
        flat[give] = link.recv(rank ^ d)
        request.wait()
    if rank + p < n:
        link.send(rank + p, flat)
    return flat.reshape(x.shape)
