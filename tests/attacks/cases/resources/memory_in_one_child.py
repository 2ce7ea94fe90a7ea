"""Let a child take all of its memory, and answer wrongly when it has ended.

task: scale
verdict: wrong
"""

import os


def scale(x, factor):
    if os.fork() == 0:
        taken = []
        while True:
            taken.append(bytearray(2**24))
    os.wait()
    return x
