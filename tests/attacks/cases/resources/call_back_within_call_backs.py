"""Call the judge's function with an object whose product calls it again, and so on.

task: root
verdict: crash
"""


def root(f, low, high):
    class Again:
        def __mul__(self, other):
            return f(self)

        __rmul__ = __mul__

    return f(Again())
