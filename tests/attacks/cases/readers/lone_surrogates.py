"""Send text that cannot be written as UTF-8.

task: scale
verdict: crash
"""


def scale(x, factor):
    raise ValueError("\ud800\udfff \x00 passed")
