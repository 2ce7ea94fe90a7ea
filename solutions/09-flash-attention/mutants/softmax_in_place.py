"""The caller's array is changed in place.

task: safe_softmax
look: Chapter, step 1.
"""


def safe_softmax(x):
    z = x.astype(accumulator(x.dtype), copy=False)
    m_i = z.max(axis=-1, keepdims=True, initial=-np.inf)  # (1)
    z -= np.where(np.isneginf(m_i), 0, m_i)
    p = np.exp(z)  # (2)
    l_i = p.sum(axis=-1, keepdims=True)  # (3)
    return (p / np.where(l_i == 0, 1, l_i)).astype(x.dtype)  # (4)
