"""Strong curvature is taken for a kink: a true gap does not shrink with the step.

task: gradcheck
severity: idea
look: Chapter, step 6.
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
    limit = abs(gaps[1])
    noise = 64 * float(np.finfo(x.dtype).eps) * largest / h
    return bool(limit > allowed + noise)
