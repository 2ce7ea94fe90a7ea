"""Leave the process while the submission is being loaded.

task: scale
verdict: crash
"""

import os

os._exit(0)


def scale(x, factor):
    return factor * x
