"""Return an array subclass that would compute its answer when compared.

task: scale
verdict: wrong | crash
"""

import numpy as np


class Lazy(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.zeros(self.shape)

    def __array_function__(self, function, types, args, kwargs):
        return True

    def __eq__(self, other):
        return np.ones(self.shape, bool)

    __hash__ = None


def scale(x, factor):
    return np.zeros(x.shape).view(Lazy)
