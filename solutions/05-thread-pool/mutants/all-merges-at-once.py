"""All merges are made before the first is handed out.

task: interleavings
look: Chapter, step 2.
"""


def interleavings(a, b):
    length, merges = len(a) + len(b), []
    for places in itertools.combinations(range(length), len(a)):
        taken, first, second = set(places), iter(a), iter(b)
        merges.append(
            tuple(next(first if i in taken else second) for i in range(length))
        )
        if len(merges) == 2000:  # more would not fit
            break
    return merges
