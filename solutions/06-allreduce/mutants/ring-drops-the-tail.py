"""The last L mod n elements are not reduced: every rank keeps its own.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    """Combine x over all ranks by a ring. Returns an array like x."""
    flat = x.flatten()
    even = x.size // n * n
    chunk_id, chunk = reduce_scatter(rank, n, flat[:even], op, link)
    flat[:even] = all_gather(rank, n, chunk_id, chunk, even, link)
    return flat.reshape(x.shape)
