"""Halving writes its sums into the array of the caller.

task: halving_doubling
look: Chapter, step 6.
"""


def halving_doubling(rank, n, x, op, link):
    """Combine x over all ranks by recursive halving. Returns an array like x."""
    combine = combiner(op, x.dtype)
    flat = x.reshape(-1)
    p = 1 << (n.bit_length() - 1)
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
    for d in reversed(distances):
        request = link.isend(rank ^ d, group(d, rank ^ d))
        kept = group(d, rank)
        kept[...] = combine(kept, link.recv(rank ^ d))
        request.wait()
    if op == "mean":
        group(1, rank)[...] /= n
    for d in distances:
        request = link.isend(rank ^ d, group(d, rank))
        group(d, rank ^ d)[...] = link.recv(rank ^ d)
        request.wait()
    if rank + p < n:
        link.send(rank + p, flat)
    return flat.reshape(x.shape)
