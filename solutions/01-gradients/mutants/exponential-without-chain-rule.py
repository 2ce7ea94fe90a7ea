"""The derivative of exp lacks the tangent of its argument.

task: Dual
look: Chapter, step 5.
"""


def exp(x):
    if not isinstance(x, Dual):
        return math.exp(x)
    return Dual(math.exp(x.value), math.exp(x.value))
