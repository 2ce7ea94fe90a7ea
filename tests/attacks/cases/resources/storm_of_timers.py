"""Be interrupted ten thousand times a second.

task: scale
verdict: wrong | timeout
"""

import signal


def scale(x, factor):
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)
    for _ in range(200_000):
        pass
    return x
