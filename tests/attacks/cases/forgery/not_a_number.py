"""Return NaN everywhere, for a comparison that NaN slips through.

task: scale
verdict: wrong
"""


def scale(x, factor):
    return x * float("nan")
