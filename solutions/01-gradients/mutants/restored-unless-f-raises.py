"""x itself is moved and put back, but stays moved when f raises.

task: partial
severity: edge
look: Chapter, step 2: a fresh vector of floats.
"""


def partial(f, x, i, h=None, scheme="central"):
    n = point(x).size
    if not 0 <= i < n:
        raise IndexError(f"coordinate {i} is outside 0..{n - 1}")
    if scheme not in ("central", "forward", "complex"):
        raise ValueError(f"unknown scheme {scheme!r}")
    if scheme == "complex":
        h = 1e-30 if h is None else h
        z = point(x).astype(np.complex128)
        z[i] += 1j * h
        return float(number(f(z)).imag / h)
    x = x if x.dtype in (np.float32, np.float64) and x.ndim == 1 else point(x)
    if h is None:
        h = default_step(x, x[i], 3 if scheme == "central" else 2)
    if not (h > 0 and math.isfinite(h)):
        raise ValueError("h must be positive and finite")
    middle = x[i]
    x[i] = middle + h
    right, high = float(x[i]), f(x.copy())
    x[i] = middle - h if scheme == "central" else middle
    left, low = float(x[i]), f(x.copy())
    x[i] = middle
    if right == left:
        raise ValueError("h is too small beside x_i: the sample points coincide")
    return float(number(high) - number(low)) / (right - left)
