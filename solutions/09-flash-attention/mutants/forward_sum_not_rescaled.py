"""Forward: the running sum is not rescaled when the maximum grows.

task: flash_forward
look: Chapter, step 4.
"""


def flash_forward(q, k, v, *, causal=False, bq=32, bk=32, scale=None, kv_len=None):
    batch, heads, n, d = q.shape
    m = k.shape[2]
    acc_dtype = accumulator(q.dtype)
    scale = 1 / np.sqrt(d) if scale is None else scale
    lengths = [m] * batch if kv_len is None else [int(length) for length in kv_len]
    o = np.zeros((batch, heads, n, v.shape[3]), q.dtype)
    lse = np.full((batch, heads, n), -np.inf, acc_dtype)
    for b, h in np.ndindex(batch, heads):
        for start_m in range(0, n, bq):  # (1)
            rows = np.arange(start_m, min(start_m + bq, n))
            q_i = q[b, h, rows].astype(acc_dtype)
            m_i = np.full(len(rows), -np.inf, acc_dtype)
            l_i = np.zeros(len(rows), acc_dtype)
            acc = np.zeros((len(rows), v.shape[3]), acc_dtype)
            for start_n in range(0, lengths[b], bk):  # (2)
                cols = np.arange(start_n, min(start_n + bk, lengths[b]))
                k_j = k[b, h, cols].astype(acc_dtype)
                v_j = v[b, h, cols].astype(acc_dtype)
                s = q_i @ k_j.T * acc_dtype(scale)  # (3)
                s = np.where(visible(rows, cols, n, lengths[b], causal), s, -np.inf)
                m_new = np.maximum(m_i, s.max(axis=1))  # (4)
                m_safe = np.where(np.isneginf(m_new), 0, m_new)
                alpha = np.exp(m_i - m_safe)
                p = np.exp(s - m_safe[:, None])
                l_i = l_i + p.sum(axis=1)  # (5)
                acc = alpha[:, None] * acc + p @ v_j  # (6)
                m_i = m_new
            some = l_i > 0
            l_safe = np.where(some, l_i, 1)
            o[b, h, rows] = acc / l_safe[:, None]  # (7)
            lse[b, h, rows] = np.where(some, m_i + np.log(l_safe), -np.inf)
    return o, lse
