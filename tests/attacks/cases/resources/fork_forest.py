"""Start as many sleeping children as the limits allow, then answer wrongly.

task: scale
verdict: wrong
"""

import os
import time


def scale(x, factor):
    for _ in range(1000):
        try:
            if os.fork() == 0:
                time.sleep(10**6)
        except OSError:
            break
    return x
