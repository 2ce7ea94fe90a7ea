"""Write callbacks and answers into the channel past the interpreter.

task: shift
verdict: crash
"""

import os
import struct


def shift(x, link):
    for descriptor in range(3, 64):
        for tag in (b"C", b"A", b"H", b"Q", b"R"):
            try:
                os.write(descriptor, struct.pack("<Ic", 3, tag) + b"\x93\xff\x00")
            except OSError:
                break
    return x
