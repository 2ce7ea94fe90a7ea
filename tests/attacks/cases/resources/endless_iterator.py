"""Return an iterator that never ends, for a judge that would list it.

task: scale
verdict: wrong | crash | timeout | output
"""

import itertools


def scale(x, factor):
    return itertools.count()
