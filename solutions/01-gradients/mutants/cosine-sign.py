"""The derivative of sin is cos, not -cos.

task: Dual
look: Chapter, step 5.
"""


def sin(x):
    if not isinstance(x, Dual):
        return math.sin(x)
    return Dual(math.sin(x.value), -math.cos(x.value) * x.tangent)
