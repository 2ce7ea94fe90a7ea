"""The default step is a fraction of |x_i| alone, so it vanishes at x_i = 0.

task: partial
look: Chapter, step 2.
"""


def default_step(x: np.ndarray, size: float, order: int) -> float:
    return float(np.finfo(x.dtype).eps) ** (1 / order) * abs(float(size))
