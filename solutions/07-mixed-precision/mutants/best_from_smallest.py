"""The scale is chosen by the smallest gradient.

task: best_scale
look: Chapter, step 4.
"""


def best_scale(grads: Sequence[np.ndarray]) -> float:
    values = flattened(grads)
    if not np.isfinite(values).all():
        raise ValueError("a gradient is infinite or NaN")
    largest = float(np.min(np.abs(values[values != 0]), initial=np.inf))
    if math.isinf(largest):
        return 1.0
    exponent = math.frexp(65504 / largest)[1] - 1
    return 2.0 ** min(exponent, 127)
