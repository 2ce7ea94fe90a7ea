"""The whole N x M matrix of scores is formed.

task: flash_forward
severity: idea
look: Chapter, step 4: only tiles may exist.
"""


def flash_forward(q, k, v, *, causal=False, bq=32, bk=32, scale=None, kv_len=None):
    batch, heads, n, d = q.shape
    m = k.shape[2]
    acc_dtype = accumulator(q.dtype)
    scale = acc_dtype(1 / np.sqrt(d) if scale is None else scale)
    lengths = [m] * batch if kv_len is None else [int(length) for length in kv_len]
    o = np.zeros(q.shape, q.dtype)
    lse = np.full((batch, heads, n), -np.inf, acc_dtype)
    for b, h in np.ndindex(batch, heads):
        cols = np.arange(lengths[b])
        if not len(cols):
            continue
        q_i, k_j, v_j = (
            x.astype(acc_dtype) for x in (q[b, h], k[b, h, cols], v[b, h, cols])
        )
        seen = visible(np.arange(n), cols, n, lengths[b], causal)
        s = np.where(seen, q_i @ k_j.T * scale, -np.inf)
        m_i = s.max(axis=1)
        p = np.exp(s - np.where(np.isneginf(m_i), 0, m_i)[:, None])
        l_i = p.sum(axis=1)
        l_safe = np.where(l_i > 0, l_i, 1)
        o[b, h] = p @ v_j / l_safe[:, None]
        lse[b, h] = np.where(l_i > 0, m_i + np.log(l_safe), -np.inf)
    return o, lse
