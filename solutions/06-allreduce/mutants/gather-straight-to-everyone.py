"""Every rank sends its chunk to all others: other links than those of the ring.

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
    whole = np.empty(L, chunk.dtype)
    whole[lo:hi] = chunk
    requests = [link.isend(r, chunk) for r in range(n) if r != rank]
    for r in range(n):
        if r != rank:
            lo, hi = bounds[(chunk_id + r - rank) % n]
            whole[lo:hi] = link.recv(r)
    for request in requests:
        request.wait()
    return whole
