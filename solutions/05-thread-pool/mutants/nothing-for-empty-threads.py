"""Where a thread has no steps, nothing is yielded.

task: interleavings
look: Chapter, step 2.
"""


def interleavings(a: Sequence[Any], b: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield every merge of a and b that keeps the order within each."""
    length = len(a) + len(b)
    if not len(a) or not len(b):
        return
    for places in itertools.combinations(range(length), len(a)):
        taken, first, second = set(places), iter(a), iter(b)
        yield tuple(next(first if i in taken else second) for i in range(length))
