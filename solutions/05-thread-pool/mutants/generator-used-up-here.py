"""A mapper that is a generator does its work in the calling thread.

task: map_reduce
look: Chapter, step 7.
"""


def _pairs(mapper: Callable[[Any], Iterable[tuple[Any, Any]]], item: Any) -> list[Any]:
    return mapper(item)
