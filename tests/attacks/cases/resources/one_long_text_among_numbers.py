"""Return a list of numbers and one long text, which NumPy makes as wide each.

task: scale
verdict: wrong
"""


def scale(x, factor):
    return ["x" * 7_000] + [0.0] * 130_000
