"""Return an array of objects that compare as they please.

task: scale
verdict: wrong | crash
"""

import numpy as np


class Yes:
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __hash__ = None
    __rsub__ = __sub__


def scale(x, factor):
    return np.array([Yes() for _ in x], dtype=object)
