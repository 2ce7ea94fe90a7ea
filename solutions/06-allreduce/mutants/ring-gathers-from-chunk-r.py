"""all_gather is told that rank r holds chunk r.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a ring. Returns an array like x."""
    _, chunk = reduce_scatter(rank, n, x, op, link)
    return all_gather(rank, n, rank, chunk, x.size, link).reshape(x.shape)
