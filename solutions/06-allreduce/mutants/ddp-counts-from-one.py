"""The bytes of a bucket are counted from -1: one byte too many fits.

task: ddp_step
look: Chapter, step 8.
"""


def ddp_step(rank, n, params, grads, bucket_bytes, link):
    """Average gradients over all ranks, in buckets. Returns a list like grads."""
    if bucket_bytes < 1 or len(params) != len(grads):
        raise ValueError("bucket_bytes < 1, or not one gradient for each parameter")
    for p, g in zip(params, grads, strict=True):
        if g is not None and (g.shape, g.dtype) != (p.shape, p.dtype):
            raise ValueError(f"a gradient is {g.shape} {g.dtype}: {p.shape} {p.dtype}")
    mine = np.array([g is not None for g in grads], dtype=bool)
    used = ring_allreduce(rank, n, mine, "max", link)
    buckets, held = [], 0
    for i in reversed(range(len(params))):
        if not used[i]:
            continue
        new = not buckets or params[i].dtype != params[buckets[-1][0]].dtype
        if new or held + params[i].nbytes > bucket_bytes:
            buckets.append([])
            held = -1
        buckets[-1].append(i)
        held += params[i].nbytes
    averages = [None] * len(params)
    for bucket in buckets:
        filled = [
            np.zeros_like(params[i]) if grads[i] is None else grads[i] for i in bucket
        ]
        flat = np.concatenate([g.ravel() for g in filled])
        mean = ring_allreduce(rank, n, flat, "mean", link)
        for i in bucket:
            averages[i] = mean[: params[i].size].reshape(params[i].shape)
            mean = mean[params[i].size :]
    return averages
