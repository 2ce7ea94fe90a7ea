"""The divisor is the step asked for, not the distance between the rounded points.

task: partial
look: Chapter, step 2.
"""


def partial(
    f: Function,
    x: np.ndarray,
    i: int,
    h: float | None = None,
    scheme: str = "central",
) -> float:
    x = point(x)
    if not 0 <= i < x.size:
        raise IndexError(f"coordinate {i} is outside 0..{x.size - 1}")
    if scheme not in ("central", "forward", "complex"):
        raise ValueError(f"unknown scheme {scheme!r}")
    if h is None:
        order = 3 if scheme == "central" else 2
        h = 1e-30 if scheme == "complex" else default_step(x, x[i], order)
    if not (h > 0 and math.isfinite(h)):
        raise ValueError("h must be positive and finite")
    if scheme == "complex":
        z = x.astype(np.complex128)
        z[i] += 1j * h
        return float(number(f(z)).imag / h)
    right, left = x.copy(), x.copy()
    right[i] += h
    if scheme == "central":
        left[i] -= h
    distance = h * (2 if scheme == "central" else 1)
    if right[i] == left[i]:
        raise ValueError("h is too small beside x_i: the sample points coincide")
    return float(number(f(right)) - number(f(left))) / distance
