"""Ignore every signal that can be ignored, swallow every exception, and loop.

task: scale
verdict: timeout
"""

import signal


def scale(x, factor):
    for number in signal.valid_signals():
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
