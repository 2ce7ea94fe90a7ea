"""A product with the gradient costs 2n calls, and is wrong where none exists.

task: directional
look: Chapter, step 3: the definition, along v.
"""


def directional(f, x, v, *, normalise):
    x, v = point(x), np.array(v, dtype=np.float64)
    if v.shape != x.shape or not np.isfinite(v).all():
        raise ValueError("v must be a finite vector of x's shape")
    largest = float(np.max(np.abs(v)))
    if largest == 0:
        if normalise:
            raise ValueError("the zero vector has no direction")
        return 0.0
    u = v / largest
    length = float(np.sqrt(u @ u))
    slope = float(gradient(f, x) @ (u / length))
    return slope if normalise else slope * length * largest
