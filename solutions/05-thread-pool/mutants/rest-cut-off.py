"""A merge ends when one of the threads has no steps left.

task: interleavings
severity: idea
look: Chapter, step 2.
"""


def interleavings(a, b):
    if not len(a) or not len(b):
        yield ()
        return
    for rest in interleavings(a[1:], b):
        yield (a[0], *rest)
    for rest in interleavings(a, b[1:]):
        yield (b[0], *rest)
