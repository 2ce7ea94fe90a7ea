"""Take memory until none is left.

task: scale
verdict: memory
"""

import numpy as np


def scale(x, factor):
    taken = []
    while True:
        taken.append(np.ones(2**22))
