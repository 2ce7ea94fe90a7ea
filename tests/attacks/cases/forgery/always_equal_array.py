"""Return an object that claims to equal every array.

task: scale
verdict: wrong | crash
"""


class AlwaysEqual:
    shape, dtype, ndim, size = (7,), "float64", 1, 7

    def __eq__(self, other):
        return True

    def __array__(self, *args, **kwargs):
        return self

    def __getattr__(self, name):
        return lambda *args, **kwargs: self

    __hash__ = None
    __ne__ = __lt__ = __gt__ = lambda self, other: False
    __le__ = __ge__ = __eq__
    __sub__ = __rsub__ = __abs__ = __getitem__ = lambda self, *args: self


def scale(x, factor):
    return AlwaysEqual()
