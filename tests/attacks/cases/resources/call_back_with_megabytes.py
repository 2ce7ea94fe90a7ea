"""Send the judge's function more bytes than it can use.

task: root
verdict: timeout
"""

import numpy as np


def root(f, low, high):
    while True:
        f(np.zeros(4 * 2**20))
