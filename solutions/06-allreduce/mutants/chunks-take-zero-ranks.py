"""n = 0 divides by zero instead of raising ValueError.

task: chunk_bounds
look: Chapter, step 1.
"""


def chunk_bounds(L, n):
    """Cut L elements into n chunks. Returns [(lo, hi), ...]."""
    if n < 0 or L < 0:
        raise ValueError(f"cannot cut {L} elements into {n} chunks")
    size, longer = divmod(L, n)
    edges = [c * size + min(c, longer) for c in range(n + 1)]
    return list(pairwise(edges))
