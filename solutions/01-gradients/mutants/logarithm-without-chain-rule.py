"""The derivative of log lacks the tangent of its argument.

task: Dual
look: Chapter, step 5.
"""


def log(x):
    if not isinstance(x, Dual):
        return math.log(x)
    return Dual(math.log(x.value), 1 / x.value)
