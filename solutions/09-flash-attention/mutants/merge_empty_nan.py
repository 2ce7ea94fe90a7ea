"""Two empty states give NaN: -inf minus -inf.

task: merge
look: Chapter, step 3.
"""


def merge(a, b):
    m_a, l_a, o_a = a
    m_b, l_b, o_b = b
    m = np.maximum(m_a, m_b)  # (1)
    m_safe = m
    alpha = np.asarray(np.exp(m_a - m_safe))  # (2)
    beta = np.asarray(np.exp(m_b - m_safe))
    return (
        m,
        alpha * l_a + beta * l_b,  # (3)
        alpha[..., None] * o_a + beta[..., None] * o_b,
    )
