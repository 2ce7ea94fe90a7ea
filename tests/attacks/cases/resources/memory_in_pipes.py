"""Keep as many bytes in pipes as the kernel holds for it.

task: scale
verdict: wrong | crash
"""

import fcntl
import os


def scale(x, factor):
    ends = []
    while True:
        try:
            ends.append(os.pipe())
        except OSError:
            break
        for size in (2**20, 2**16):
            try:
                fcntl.fcntl(ends[-1][1], 1031, size)
                break
            except OSError:
                pass
        os.set_blocking(ends[-1][1], False)
        try:
            while os.write(ends[-1][1], bytes(2**16)):
                pass
        except BlockingIOError:
            pass
    return x
