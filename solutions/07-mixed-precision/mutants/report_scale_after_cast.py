"""The cast comes before the scale, when small gradients are gone already.

task: underflow_report
look: Chapter, step 4.
"""


def underflow_report(grads: Sequence[np.ndarray], scale: float = 1.0) -> Underflow:
    values = flattened(grads)
    half = np.abs(values.astype(np.float16) * np.float16(scale))
    zero = values == 0
    places = (
        zero,
        (half == 0) & ~zero,
        (half > 0) & (half < np.float16(2**-14)),
        (half >= np.float16(2**-14)) & np.isfinite(half),
        ~np.isfinite(half),
    )
    return Underflow(*(int(np.count_nonzero(place)) for place in places))
