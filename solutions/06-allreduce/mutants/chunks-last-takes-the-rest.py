"""The last chunk takes all of the remainder.

task: chunk_bounds
look: Chapter, step 1.
"""


def chunk_bounds(L, n):
    """Cut L elements into n chunks. Returns [(lo, hi), ...]."""
    if n < 1 or L < 0:
        raise ValueError(f"cannot cut {L} elements into {n} chunks")
    edges = [c * (L // n) for c in range(n)] + [L]
    return list(pairwise(edges))
