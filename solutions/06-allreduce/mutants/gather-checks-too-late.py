"""The chunk is checked after the first message.

task: all_gather
severity: edge
look: Chapter, step 3.
"""


def all_gather(rank, n, chunk_id, chunk, L, link):
    bounds = chunk_bounds(L, n)
    whole = np.empty(L, chunk.dtype)
    requests = []
    for i in range(n):
        if i < n - 1:
            requests.append(link.isend((rank + 1) % n, chunk))
        lo, hi = bounds[(chunk_id - i) % n]
        if not 0 <= chunk_id < n or chunk.shape != (hi - lo,):
            raise ValueError("the chunk does not fit")
        whole[lo:hi] = chunk
        if i < n - 1:
            chunk = link.recv((rank - 1) % n)
    for request in requests:
        request.wait()
    return whole
