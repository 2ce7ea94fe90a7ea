"""hi is the last element of the chunk instead of the first one after it.

task: chunk_bounds
look: Chapter, step 1.
"""


def chunk_bounds(L, n):
    """Cut L elements into n chunks. Returns [(lo, hi), ...]."""
    if n < 1 or L < 0:
        raise ValueError(f"cannot cut {L} elements into {n} chunks")
    size, longer = divmod(L, n)
    edges = [c * size + min(c, longer) for c in range(n + 1)]
    return [(lo, hi - 1) for lo, hi in pairwise(edges)]
