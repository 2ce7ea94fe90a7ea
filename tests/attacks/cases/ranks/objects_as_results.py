"""Return an object that computes only when the judge looks at it.

task: shift
verdict: wrong | crash
"""


class Lazy:
    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return True

    def __array__(self, *args, **kwargs):
        return self.x


def shift(x, link):
    link.isend((link.rank + 1) % link.n, x)
    link.recv((link.rank - 1) % link.n)
    return Lazy(x)
