"""The gradient is divided by its norm: only for l2 is that the steepest direction.

task: steepest
look: Chapter, step 4.
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
        return grad / np.max(np.abs(grad))
    if norm == "l1":
        return grad / np.max(np.abs(grad)) / np.sum(np.abs(grad) / np.max(np.abs(grad)))
    u = grad / np.max(np.abs(grad))
    return u / np.sqrt(u @ u)
