"""f may return an array of one element, which float() does not take.

task: partial
severity: edge
look: The contract in the docstring.
"""


def number(y: object) -> float | complex:
    if np.ndim(y) != 0:
        raise ValueError("f must return a number")
    return np.asarray(y).item()
