"""Wait for a lock that it holds.

task: scale
verdict: timeout
"""

import threading

LOCK = threading.Lock()


def scale(x, factor):
    LOCK.acquire()
    LOCK.acquire()
    return factor * x
