"""The first axis is cut into chunks: other bytes, and a number cannot be cut.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    if x.ndim < 2:
        chunk_id, chunk = reduce_scatter(rank, n, x, op, link)
        whole = all_gather(rank, n, chunk_id, chunk, x.size, link)
        return whole.reshape(x.shape)
    combine = combiner(op, x.dtype)
    chunks = [x[lo:hi] for lo, hi in chunk_bounds(len(x), n)]
    right, left = (rank + 1) % n, (rank - 1) % n
    for i in range(2 * (n - 1)):
        request = link.isend(right, chunks[(rank - i) % n])
        came, c = link.recv(left), (rank - i - 1) % n
        came = combine(came, chunks[c]) if i < n - 1 else came
        chunks[c] = came / n if i == n - 2 and op == "mean" else came
        request.wait()
    return np.concatenate(chunks)
