"""Give the judge's function a new object each time, whose products are new objects.

task: root
verdict: timeout | crash
"""


class Thing:
    def __mul__(self, other):
        return Thing()

    __rmul__ = __sub__ = __mul__


def root(f, low, high):
    while True:
        f(Thing())
