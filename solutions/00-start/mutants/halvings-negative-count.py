"""A scale below the limit gives a negative count instead of 0.

task: halvings
severity: edge
look: The docstring of `halvings`: n >= 0.
"""


def halvings(scale, limit):
    for value in (scale, limit):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(value)
    (a, p), (b, q) = math.frexp(scale), math.frexp(limit)
    return p - q + (a > b)
