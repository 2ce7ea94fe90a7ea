"""The tree combines on the way down too.

task: cost
look: Chapter, step 7.
"""


def cost(alg, n, M, a, b, g=0.0):
    """Predict the seconds of an all-reduce of M bytes on n ranks."""
    if n < 1:
        raise ValueError(f"there are no {n} ranks")
    whole = (2 * b + g) * M
    if alg == "ring":
        return 2 * (n - 1) * a + (n - 1) / n * whole
    if alg == "tree":
        whole = 2 * (b + g) * M
        return (n - 1).bit_length() * (2 * a + whole)
    if alg == "halving_doubling":
        levels = n.bit_length() - 1
        p = 1 << levels
        fold = 2 * a + whole if p < n else 0.0
        return 2 * levels * a + (p - 1) / p * whole + fold
    raise ValueError(f"unknown algorithm {alg!r}")
