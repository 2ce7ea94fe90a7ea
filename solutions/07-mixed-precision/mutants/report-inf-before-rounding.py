"""Everything above 65504 counts as infinite, before the cast rounds it.

task: underflow_report
severity: edge
look: Chapter, step 4.
"""


def underflow_report(grads: Sequence[np.ndarray], scale: float = 1.0) -> Underflow:
    values = flattened(grads)
    big = np.abs(values * np.float32(scale)) > 65504
    half = np.abs((values * np.float32(scale)).astype(np.float16))
    zero = values == 0
    places = (
        zero,
        (half == 0) & ~zero,
        (half > 0) & (half < np.float16(2**-14)),
        (half >= np.float16(2**-14)) & np.isfinite(half) & ~big,
        (~np.isfinite(half) | big) & ~zero,
    )
    return Underflow(*(int(np.count_nonzero(place)) for place in places))
