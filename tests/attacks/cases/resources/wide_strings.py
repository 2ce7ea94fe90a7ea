"""Return an array of one string, a gigabyte wide.

task: scale
verdict: memory | output | crash
"""

import numpy as np


def scale(x, factor):
    return np.zeros(7, "U100000000")
