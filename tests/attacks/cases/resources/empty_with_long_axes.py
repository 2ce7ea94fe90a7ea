"""Return arrays that hold nothing, along axes of a hundred million.

task: scale
verdict: wrong | output
"""

import numpy as np


def scale(x, factor):
    return [np.empty((0, 2**27))] * 100
