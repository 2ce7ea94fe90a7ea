"""Return more bytes than anyone asked for.

task: scale
verdict: output
"""

import numpy as np


def scale(x, factor):
    return np.zeros(18 * 2**20)
