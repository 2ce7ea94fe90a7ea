"""The threads take strict turns; other schedules are missing.

task: interleavings
look: Chapter, step 2.
"""


def interleavings(a, b):
    longest = range(max(len(a), len(b)))
    for one, other in ((a, b), (b, a)):
        turns = [[*one[i : i + 1], *other[i : i + 1]] for i in longest]
        yield tuple(step for turn in turns for step in turn)
