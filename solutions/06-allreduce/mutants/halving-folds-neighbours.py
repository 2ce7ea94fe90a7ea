"""Odd ranks at the front fold into their neighbour: another pairing than r - p.

task: halving_doubling
look: Chapter, step 6.
"""


def halving_doubling(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    flat = x.flatten()
    p = 1 << (n.bit_length() - 1)
    extra = n - p
    if rank < 2 * extra and rank % 2:
        link.send(rank - 1, flat)
        return link.recv(rank - 1).reshape(x.shape)
    if rank < 2 * extra:
        flat = combine(flat, link.recv(rank + 1))
    place = rank // 2 if rank < 2 * extra else rank - extra
    whose = [2 * r if r < extra else r + extra for r in range(p)]
    edges = [lo for lo, _ in chunk_bounds(flat.size, p)] + [flat.size]

    def group(d, c):
        first = c // d * d
        return flat[edges[first] : edges[first + d]]

    distances = [2**k for k in range(p.bit_length() - 1)]
    for d in reversed(distances):
        partner = whose[place ^ d]
        request = link.isend(partner, group(d, place ^ d))
        kept = group(d, place)
        kept[...] = combine(kept, link.recv(partner))
        request.wait()
    if op == "mean":
        group(1, place)[...] /= n
    for d in distances:
        partner = whose[place ^ d]
        request = link.isend(partner, group(d, place))
        group(d, place ^ d)[...] = link.recv(partner)
        request.wait()
    if rank < 2 * extra:
        link.send(rank + 1, flat)
    return flat.reshape(x.shape)
