"""The squares in the length of v overflow for very long v and vanish for very short.

task: directional
look: Chapter, step 3.
"""


def directional(f: Function, x: np.ndarray, v: np.ndarray, *, normalise: bool) -> float:
    x = point(x)
    v = np.array(v, dtype=np.float64)
    if v.shape != x.shape or not np.isfinite(v).all():
        raise ValueError("v must be a finite vector of x's shape")
    largest = float(np.max(np.abs(v)))
    if largest == 0:
        if normalise:
            raise ValueError("the zero vector has no direction")
        return 0.0
    u, largest = v, 1.0
    length = float(np.sqrt(u @ u))
    u = u / length
    h = default_step(x, np.max(np.abs(x * u)), 3)
    right, left = (x + h * u).astype(x.dtype), (x - h * u).astype(x.dtype)
    distance = float((right.astype(np.float64) - left.astype(np.float64)) @ u)
    slope = float(number(f(right)) - number(f(left))) / distance
    return slope if normalise else slope * length * largest
