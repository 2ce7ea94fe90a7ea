"""Sleep a little in everything that runs while loading.

task: scale
verdict: crash | timeout | wrong
"""

import time

for _ in range(5):
    time.sleep(0.2)


def scale(x, factor):
    time.sleep(0.5)
    return x
