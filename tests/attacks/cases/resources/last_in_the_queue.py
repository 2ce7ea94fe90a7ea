"""Compute for ever, but only when nobody else wants to.

task: scale
verdict: timeout
"""

import os


def scale(x, factor):
    os.nice(19)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    while True:
        pass
