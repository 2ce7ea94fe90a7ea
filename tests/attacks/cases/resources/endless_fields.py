"""Return a named tuple whose list of fields never ends.

task: scale
verdict: timeout | memory | crash
"""

import itertools


class Endless(tuple):
    _fields = property(lambda self: itertools.repeat("x"))
    x = 1.0


Endless._fields = itertools.repeat("x")


def scale(x, factor):
    return Endless()
