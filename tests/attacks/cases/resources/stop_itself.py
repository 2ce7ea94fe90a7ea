"""Stop itself, so that no clock runs.

task: scale
verdict: timeout
"""

import os
import signal


def scale(x, factor):
    os.kill(os.getpid(), signal.SIGSTOP)
    return factor * x
