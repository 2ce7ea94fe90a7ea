"""All permutations are yielded: the steps of one thread change their order.

task: interleavings
look: Chapter, step 2.
"""


def interleavings(a, b):
    yield from itertools.permutations([*a, *b])
