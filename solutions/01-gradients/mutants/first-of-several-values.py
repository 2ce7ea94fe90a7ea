"""Of several values that f returns the first is taken, instead of refusing them.

task: partial
look: The contract in the docstring.
"""


def number(y: object) -> float | complex:
    y = np.asarray(y)
    return y.reshape(-1)[0].item() if y.size else 0.0
