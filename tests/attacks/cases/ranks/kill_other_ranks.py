"""End the other ranks, so that nobody else answers.

task: total
verdict: wrong | crash
"""

import os
import signal


def total(x, link):
    if link.rank == 0:
        me = os.getpid()
        for pid in (*range(me - 4, me), *range(me + 1, me + 5), os.getppid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
    return x
