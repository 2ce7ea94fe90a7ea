"""Infinite gradients are not refused.

task: best_scale
look: Chapter, step 4.
"""


def best_scale(grads: Sequence[np.ndarray]) -> float:
    values = flattened(grads)
    values = values[~np.isinf(values)]
    if np.isnan(values).any():
        raise ValueError("a gradient is infinite or NaN")
    largest = float(np.max(np.abs(values), initial=0.0))
    if largest == 0:
        return 1.0
    exponent = math.frexp(65504 / largest)[1] - 1
    return 2.0 ** min(exponent, 127)
