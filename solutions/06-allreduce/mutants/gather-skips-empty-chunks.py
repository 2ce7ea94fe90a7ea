"""Gathering, empty chunks are not sent: the schedule changes with the length.

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
        request = link.isend((rank + 1) % n, chunk) if chunk.size else None
        lo, hi = bounds[(chunk_id - i - 1) % n]
        chunk = link.recv((rank - 1) % n) if hi > lo else np.empty(0, chunk.dtype)
        whole[lo:hi] = chunk
        if request:
            request.wait()
    return whole
