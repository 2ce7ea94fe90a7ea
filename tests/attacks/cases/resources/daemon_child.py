"""Leave a detached child that spins and writes after the answer.

task: scale
verdict: wrong
"""

import os
import time


def scale(x, factor):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in range(64):
                try:
                    os.close(number)
                except OSError:
                    pass
            while True:
                try:
                    with open("/tmp/still-here", "a") as file:
                        file.write(f"{time.time()}\n")
                except OSError:
                    pass
        os._exit(0)
    return x
