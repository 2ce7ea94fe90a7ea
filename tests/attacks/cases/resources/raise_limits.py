"""Raise every resource limit, cancel the alarms, and loop.

task: scale
verdict: timeout
"""

import resource
import signal


def scale(x, factor):
    for name in dir(resource):
        if name.startswith("RLIMIT_"):
            number = getattr(resource, name)
            for wanted in ((-1, -1), (resource.getrlimit(number)[1],) * 2):
                try:
                    resource.setrlimit(number, wanted)
                except (OSError, ValueError):
                    pass
    signal.alarm(0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.setitimer(signal.ITIMER_PROF, 0)
    while True:
        pass
