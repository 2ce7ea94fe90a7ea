"""Wait for ever without using the processor.

task: scale
verdict: timeout
"""

import time


def scale(x, factor):
    time.sleep(10**6)
