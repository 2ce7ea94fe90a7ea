"""The second thread's steps are tried before the first's.

task: interleavings
look: Chapter, step 2.
"""


def interleavings(a: Sequence[Any], b: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield every merge of a and b that keeps the order within each."""
    length = len(a) + len(b)
    for places in reversed(
        list(itertools.combinations(range(length), len(a)))
        if length < 20
        else [tuple(range(length))]
    ):
        taken, first, second = set(places), iter(a), iter(b)
        yield tuple(next(first if i in taken else second) for i in range(length))
