"""A kink counts only where the gap is above 0.1; it must be above the allowance.

task: gradcheck
severity: idea
look: The contract in the docstring.
"""


def is_kink(f: Function, x: np.ndarray, i: int, allowed: float) -> bool:
    h = default_step(x, x[i], 3)
    gaps, largest = [], 0.0
    for step in (h, h / 2):
        points = [x.copy(), x.copy(), x.copy()]
        points[0][i] -= step
        points[2][i] += step
        left, middle, right = (float(p[i]) for p in points)  # before f sees them
        low, centre, high = (float(number(f(p))) for p in points)
        gaps.append(
            (high - centre) / (right - middle) - (centre - low) / (middle - left)
        )
        largest = max(largest, abs(low), abs(centre), abs(high))
    limit = abs(2 * gaps[1] - gaps[0])
    noise = 64 * float(np.finfo(x.dtype).eps) * largest / h
    return bool(limit > max(0.1, allowed + noise))
