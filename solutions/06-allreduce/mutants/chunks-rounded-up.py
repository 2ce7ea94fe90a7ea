"""All chunks but the last are rounded up: the last ones may be short or empty.

task: chunk_bounds
look: Chapter, step 1.
"""


def chunk_bounds(L, n):
    """Cut L elements into n chunks. Returns [(lo, hi), ...]."""
    if n < 1 or L < 0:
        raise ValueError(f"cannot cut {L} elements into {n} chunks")
    size = -(-L // n)
    edges = [min(c * size, L) for c in range(n + 1)]
    return list(pairwise(edges))
