"""A bucket stays open while gradients of another dtype go elsewhere.

task: ddp_step
look: Chapter, step 8.
"""


def ddp_step(rank, n, params, grads, bucket_bytes, link):
    if bucket_bytes < 1 or len(params) != len(grads):
        raise ValueError("bucket_bytes < 1, or not one gradient for each parameter")
    for p, g in zip(params, grads, strict=True):
        if g is not None and (g.shape, g.dtype) != (p.shape, p.dtype):
            raise ValueError("a gradient does not fit its parameter")
    mine = np.array([g is not None for g in grads], dtype=bool)
    used = ring_allreduce(rank, n, mine, "max", link)
    buckets, opened, held = [], {}, {}
    for i in reversed(range(len(params))):
        if not used[i]:
            continue
        kind = params[i].dtype
        if kind not in opened or held[kind] + params[i].nbytes > bucket_bytes:
            opened[kind], held[kind] = [], 0
            buckets.append(opened[kind])
        opened[kind].append(i)
        held[kind] += params[i].nbytes
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
