"""Read address zero.

task: scale
verdict: crash
"""

import ctypes


def scale(x, factor):
    ctypes.string_at(0)
