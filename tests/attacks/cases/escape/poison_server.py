"""Change the modules that later submissions share, while being loaded.

task: scale
verdict: wrong
"""

import sys

import numpy as np

np.sqrt = np.multiply = lambda *args, **kwargs: 0.0
sys.modules["shared_answer"] = sys


def scale(x, factor):
    return x
