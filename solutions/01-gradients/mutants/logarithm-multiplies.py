"""The derivative of log is 1/a: the tangent is divided by the value, not multiplied.

task: Dual
look: Chapter, step 5.
"""


def log(x):
    if not isinstance(x, Dual):
        return math.log(x)
    return Dual(math.log(x.value), x.tangent * x.value)
