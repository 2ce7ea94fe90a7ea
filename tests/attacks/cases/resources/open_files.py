"""Use up every file descriptor.

task: scale
verdict: wrong
"""

import os


def scale(x, factor):
    try:
        while True:
            os.dup(0)
    except OSError:
        pass
    return x
