"""Rejected leaves map_reduce: the item should be mapped in this thread.

task: map_reduce
look: Chapter, step 7.
"""


def map_reduce(
    items: Iterable[Any],
    mapper: Callable[[Any], Iterable[tuple[Any, Any]]],
    combine: Callable[[Any, Any], Any],
    pool: Any,
) -> dict[Any, Any]:
    """Map each item on the pool, and combine the values of equal keys."""
    pieces: list[Any] = []
    totals: dict[Any, Any] = {}
    try:
        for item in items:
            pieces.append(pool.submit(_pairs, mapper, item))
        for piece in pieces:
            for key, value in piece.result():
                totals[key] = combine(totals[key], value) if key in totals else value
    except BaseException:
        running = [piece for piece in pieces if not piece.cancel()]
        for piece in running:
            piece.exception()
        raise
    return totals
