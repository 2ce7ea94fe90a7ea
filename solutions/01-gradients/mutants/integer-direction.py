"""An integer gradient gives an integer vector.

task: steepest
look: The contract in the docstring.
"""


def steepest(grad: np.ndarray, norm: str) -> np.ndarray:
    grad = np.array(grad)
    if norm not in ("l1", "l2", "linf"):
        raise ValueError(f"unknown norm {norm!r}")
    if not np.isfinite(grad).all() or not grad.any():
        raise ValueError(
            "a steepest direction needs a finite gradient that is not zero"
        )
    if norm == "linf":
        return np.sign(grad)
    if norm == "l1":
        k = int(np.argmax(np.abs(grad)))
        u = np.zeros_like(grad)
        u[k] = np.sign(grad[k])
        return u
    u = grad / np.max(np.abs(grad))
    return u / np.sqrt(u @ u)
