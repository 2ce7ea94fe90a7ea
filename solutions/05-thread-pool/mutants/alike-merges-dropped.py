"""Merges that look alike are yielded once only.

task: interleavings
look: Chapter, step 2.
"""


def interleavings(a, b):
    length, seen = len(a) + len(b), set()
    for places in itertools.combinations(range(length), len(a)):
        taken, first, second = set(places), iter(a), iter(b)
        merge = tuple(next(first if i in taken else second) for i in range(length))
        if merge not in seen:
            seen.add(merge)
            yield merge
