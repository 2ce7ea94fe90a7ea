"""Name an argument of the judge's function by thirty million letters; keep its error.

task: root
verdict: output | crash | wrong
"""


def root(f, low, high):
    try:
        return f(**{"k" * 30_000_000: 1})
    except TypeError as error:
        return float(len(str(error)))
