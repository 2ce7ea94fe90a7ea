"""For l1 the coordinates that tie share the step; the first alone is asked for.

task: steepest
look: The contract in the docstring.
"""


def steepest(grad: np.ndarray, norm: str) -> np.ndarray:
    grad = np.array(grad, dtype=np.float64)
    if norm not in ("l1", "l2", "linf"):
        raise ValueError(f"unknown norm {norm!r}")
    if not np.isfinite(grad).all() or not grad.any():
        raise ValueError(
            "a steepest direction needs a finite gradient that is not zero"
        )
    if norm == "linf":
        return np.sign(grad)
    if norm == "l1":
        u = np.where(np.abs(grad) == np.max(np.abs(grad)), np.sign(grad), 0.0)
        return u / np.sum(np.abs(u))
    u = grad / np.max(np.abs(grad))
    return u / np.sqrt(u @ u)
