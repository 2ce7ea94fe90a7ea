"""What is below 2**-14 before the cast counts as subnormal, even if it rounds up.

task: underflow_report
severity: edge
look: Chapter, step 4.
"""


def underflow_report(grads: Sequence[np.ndarray], scale: float = 1.0) -> Underflow:
    values = flattened(grads)
    size = np.abs(values * np.float32(scale))
    half = np.abs((values * np.float32(scale)).astype(np.float16))
    zero = values == 0
    places = (
        zero,
        (half == 0) & ~zero,
        (half > 0) & (size < 2.0**-14),
        (size >= 2.0**-14) & np.isfinite(half),
        ~np.isfinite(half) & ~zero,
    )
    return Underflow(*(int(np.count_nonzero(place)) for place in places))
