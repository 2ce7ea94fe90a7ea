"""Steps that are false, such as 0 and None, are dropped.

task: interleavings
look: Chapter, step 2.
"""


def interleavings(a: Sequence[Any], b: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield every merge of a and b that keeps the order within each."""
    length = len(a) + len(b)
    for places in itertools.combinations(range(length), len(a)):
        taken, first, second = set(places), iter(a), iter(b)
        merge = (next(first if i in taken else second) for i in range(length))
        yield tuple(step for step in merge if step)
