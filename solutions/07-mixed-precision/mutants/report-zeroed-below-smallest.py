"""Everything below 2**-24 counts as zeroed, though more than half of it rounds up.

task: underflow_report
severity: edge
look: Chapter, step 4.
"""


def underflow_report(grads: Sequence[np.ndarray], scale: float = 1.0) -> Underflow:
    values = flattened(grads)
    lost = np.abs(values * np.float32(scale)) < 2.0**-24
    half = np.abs((values * np.float32(scale)).astype(np.float16))
    zero = values == 0
    places = (
        zero,
        lost & ~zero,
        ~lost & (half < np.float16(2**-14)),
        (half >= np.float16(2**-14)) & np.isfinite(half),
        ~np.isfinite(half) & ~zero,
    )
    return Underflow(*(int(np.count_nonzero(place)) for place in places))
