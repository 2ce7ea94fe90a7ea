"""The tangent of exp(a) is exp(a) times the tangent, not exp of the tangent.

task: Dual
look: Chapter, step 5.
"""


def exp(x):
    if not isinstance(x, Dual):
        return math.exp(x)
    return Dual(math.exp(x.value), math.exp(x.tangent))
