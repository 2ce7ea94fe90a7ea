"""Gathering, every rank sends and waits before it receives: a circle of waiting ranks.

task: all_gather
look: Chapter, step 3.
"""


def all_gather(rank, n, chunk_id, chunk, L, link):
    """Collect every rank's chunk. Returns the whole array, 1-D."""
    bounds = chunk_bounds(L, n)
    if not 0 <= chunk_id < n:
        raise ValueError(f"chunk_id {chunk_id} is not one of {n}")
    lo, hi = bounds[chunk_id]
    if chunk.shape != (hi - lo,):
        raise ValueError(f"chunk {chunk_id} has shape {chunk.shape}, not ({hi - lo},)")
    whole = np.empty(L, chunk.dtype)
    whole[lo:hi] = chunk
    for i in range(n - 1):
        link.send((rank + 1) % n, chunk)
        chunk = link.recv((rank - 1) % n)
        lo, hi = bounds[(chunk_id - i - 1) % n]
        whole[lo:hi] = chunk
    return whole
