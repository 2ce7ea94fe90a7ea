"""Whatever is asked, tree and ring are compared.

task: cost
look: Chapter, step 7.
"""


def crossover(small, large, n, a, b, g=0.0):
    """Return the size in bytes above which `large` is cheaper than `small`."""
    cost(small, n, 0, a, b), cost(large, n, 0, a, b)
    small, large = ("tree", "ring") if large != "tree" else ("ring", "tree")
    start, start_large = (cost(alg, n, 0, a, b, g) for alg in (small, large))
    slope, slope_large = (cost(alg, n, 1, 0.0, b, g) for alg in (small, large))
    if slope_large < slope:
        return (start_large - start) / (slope - slope_large)
    return 0.0 if slope_large == slope and start_large < start else math.inf
