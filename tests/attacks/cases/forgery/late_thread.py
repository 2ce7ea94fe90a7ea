"""Return a buffer that a thread goes on filling after the call.

task: scale
verdict: wrong
"""

import threading

import numpy as np


def scale(x, factor):
    result = np.zeros_like(x)

    def fill():
        for _ in range(10**6):
            pass
        result[:] = factor * x

    threading.Thread(target=fill, daemon=True).start()
    return result
