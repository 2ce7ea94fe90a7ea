"""Match an expression that never ends.

task: scale
verdict: timeout
"""

import re


def scale(x, factor):
    re.match(r"(a|a|aa)*$", "a" * 60 + "b")
    return factor * x
