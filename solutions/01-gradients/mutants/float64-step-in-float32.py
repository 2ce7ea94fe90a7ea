"""The step is that of float64 although x is float32: it is a thousand times too small.

task: partial
look: Chapter, step 2.
"""


def default_step(x: np.ndarray, size: float, order: int) -> float:
    return float(np.finfo(np.float64).eps) ** (1 / order) * max(1.0, abs(float(size)))
