"""The factors are upside down: exp(m_new - m_old).

task: merge
look: Chapter, step 3.
"""


def merge(a, b):
    m_a, l_a, o_a = a
    m_b, l_b, o_b = b
    m = np.maximum(m_a, m_b)  # (1)
    m_safe = np.where(np.isneginf(m), 0, m)
    alpha = np.asarray(np.exp(m_safe - m_a))  # (2)
    beta = np.asarray(np.exp(m_safe - m_b))
    return (
        m,
        alpha * l_a + beta * l_b,  # (3)
        alpha[..., None] * o_a + beta[..., None] * o_b,
    )
