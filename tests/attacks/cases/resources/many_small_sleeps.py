"""Sleep for a thousandth of a second, for ever.

task: scale
verdict: timeout
"""

import time


def scale(x, factor):
    while True:
        time.sleep(0.001)
