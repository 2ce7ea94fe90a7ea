"""delta sums over one tile of keys instead of the whole row.

task: flash_backward
look: Chapter, step 5.
"""


def flash_backward(
    q, k, v, o, lse, do, *, causal=False, bq=32, bk=32, scale=None, kv_len=None
):
    batch, heads, n, d = q.shape
    m = k.shape[2]
    acc_dtype = accumulator(q.dtype)
    scale = 1 / np.sqrt(d) if scale is None else scale
    lengths = [m] * batch if kv_len is None else [int(length) for length in kv_len]
    dq = np.zeros(q.shape, acc_dtype)
    dk = np.zeros(k.shape, acc_dtype)
    dv = np.zeros(v.shape, acc_dtype)
    delta = (do.astype(acc_dtype) * o.astype(acc_dtype)).sum(axis=-1)  # (1)
    for b, h in np.ndindex(batch, heads):
        for start_n in range(0, lengths[b], bk):
            cols = np.arange(start_n, min(start_n + bk, lengths[b]))
            k_j = k[b, h, cols].astype(acc_dtype)
            v_j = v[b, h, cols].astype(acc_dtype)
            for start_m in range(0, n, bq):
                rows = np.arange(start_m, min(start_m + bq, n))
                q_i = q[b, h, rows].astype(acc_dtype)
                do_i = do[b, h, rows].astype(acc_dtype)
                seen = visible(rows, cols, n, lengths[b], causal)
                s = np.where(seen, q_i @ k_j.T * acc_dtype(scale), -np.inf)
                lse_i = lse[b, h, rows]
                lse_i = np.where(np.isneginf(lse_i), 0, lse_i)
                p = np.exp(s - lse_i[:, None])  # (2)
                dv[b, h, cols] += p.T @ do_i  # (3)
                dp = do_i @ v_j.T  # (4)
                ds = p * (dp - (p * dp).sum(axis=1, keepdims=True))  # (5)
                dq[b, h, rows] += ds @ k_j * acc_dtype(scale)  # (6)
                dk[b, h, cols] += ds.T @ q_i * acc_dtype(scale)
    return dq.astype(q.dtype), dk.astype(k.dtype), dv.astype(v.dtype)
