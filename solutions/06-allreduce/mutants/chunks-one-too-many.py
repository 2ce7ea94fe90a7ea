"""The remainder becomes a chunk of its own.

task: chunk_bounds
look: Chapter, step 1.
"""


def chunk_bounds(L, n):
    """Cut L elements into n chunks. Returns [(lo, hi), ...]."""
    if n < 1 or L < 0:
        raise ValueError(f"cannot cut {L} elements into {n} chunks")
    size = L // n
    edges = [c * size for c in range(n + 1)] + ([L] if L % n else [])
    return list(pairwise(edges))
