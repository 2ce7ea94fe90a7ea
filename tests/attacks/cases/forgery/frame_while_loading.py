"""Write answers of the interpreter into the loader's socket while a cell loads.

task: scale
verdict: crash
"""

import os
import struct

import numpy as np

for payload in (
    b"\x90",
    b"\x91\x01",
    b"\xa1x",
    b"\x95\xa1r\xa1r\x90\xa1r\x91\x93\x01\x01\x01",
):
    frame = struct.pack("<Ic", len(payload), b"D") + payload
    for number in range(3, 64):
        try:
            os.write(number, frame)
        except OSError:
            pass


def scale(x, factor):
    return np.asarray(x) * factor
