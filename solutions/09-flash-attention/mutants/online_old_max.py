"""A tile is summed against the maximum from before that tile.

task: online_softmax
look: Chapter, step 2.
"""


def online_softmax(x, block):
    z = x.astype(accumulator(x.dtype))
    rows, cols = z.shape
    m_i = np.full(rows, -np.inf, z.dtype)
    l_i = np.zeros(rows, z.dtype)
    m_after, l_after = [], []
    for start in range(0, cols, block):
        tile = z[:, start : start + block]
        m_new = np.maximum(m_i, tile.max(axis=1))  # (1)
        m_safe = np.where(np.isneginf(m_new), 0, m_new)
        alpha = np.exp(m_i - m_safe)  # (2)
        l_i = alpha * l_i + np.exp(
            tile - np.where(np.isneginf(m_i), m_safe, m_i)[:, None]
        ).sum(axis=1)  # (3)
        m_i = m_new
        m_after.append(m_i)
        l_after.append(l_i)
    m_safe = np.where(np.isneginf(m_i), 0, m_i)
    l_safe = np.where(l_i == 0, 1, l_i)
    p = np.exp(z - m_safe[:, None]) / l_safe[:, None]  # (4)
    shape = (len(m_after), rows)
    return (
        p.astype(x.dtype),
        np.array(m_after, z.dtype).reshape(shape),
        np.array(l_after, z.dtype).reshape(shape),
    )
