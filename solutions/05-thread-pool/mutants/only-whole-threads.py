"""Only two orders are yielded: one thread runs whole, then the other.

task: interleavings
look: Chapter, step 2.
"""


def interleavings(a, b):
    yield (*a, *b)
    if len(a) and len(b):
        yield (*b, *a)
