"""The default step does not grow with |x_i|: far from 0 it is lost in round-off.

task: partial
look: Chapter, step 2.
"""


def default_step(x: np.ndarray, size: float, order: int) -> float:
    return float(np.finfo(x.dtype).eps) ** (1 / order)
