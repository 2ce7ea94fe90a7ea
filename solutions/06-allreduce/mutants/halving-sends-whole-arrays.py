"""Partners exchange whole arrays at every level: few steps, many bytes.

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
    for d in reversed([2**k for k in range(p.bit_length() - 1)]):
        request = link.isend(rank ^ d, flat)
        flat = combine(flat, link.recv(rank ^ d))
        request.wait()
    if op == "mean":
        flat = flat / n
    if rank + p < n:
        link.send(rank + p, flat)
    return flat.reshape(x.shape)
