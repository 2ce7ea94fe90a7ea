"""Every rank sends its whole array to all others: (n - 1) M bytes.

task: ring_allreduce
look: Chapter, step 4.
"""


def ring_allreduce(rank, n, x, op, link):
    combine = combiner(op, x.dtype)
    requests = [link.isend(r, x) for r in range(n) if r != rank]
    total = None
    for r in range(n):
        part = x.copy() if r == rank else link.recv(r)
        total = part if total is None else combine(total, part)
    for request in requests:
        request.wait()
    return np.asarray(total / n if op == "mean" else total).reshape(x.shape)
