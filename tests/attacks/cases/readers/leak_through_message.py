"""Fail on purpose with the hidden input in the exception's text.

task: scale
verdict: crash
"""


def scale(x, factor):
    raise ValueError("LEAK " + ",".join(repr(float(v)) for v in x) * 50)
