"""Rank 0 collects all chunks and sends the whole array to everyone.

task: all_gather
look: Chapter, step 3.
"""


def all_gather(rank, n, chunk_id, chunk, L, link):
    bounds = chunk_bounds(L, n)
    if not 0 <= chunk_id < n:
        raise ValueError(f"chunk_id {chunk_id} is not one of {n}")
    lo, hi = bounds[chunk_id]
    if chunk.shape != (hi - lo,):
        raise ValueError(f"chunk {chunk_id} has shape {chunk.shape}")
    if rank > 0:
        link.send(0, chunk)
        return link.recv(0)
    whole = np.empty(L, chunk.dtype)
    whole[lo:hi] = chunk
    for r in range(1, n):
        lo, hi = bounds[(chunk_id + r) % n]
        whole[lo:hi] = link.recv(r)
    for r in range(1, n):
        link.send(r, whole)
    return whole
