"""The edges come from floats: they are rounded, and wrong for long arrays.

task: chunk_bounds
look: Chapter, step 1.
"""


def chunk_bounds(L, n):
    """Cut L elements into n chunks. Returns [(lo, hi), ...]."""
    if n < 1 or L < 0:
        raise ValueError(f"cannot cut {L} elements into {n} chunks")
    edges = [int(e) for e in np.linspace(0, L, n + 1)]
    return list(pairwise(edges))
