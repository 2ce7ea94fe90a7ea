"""sin, exp and log turn a plain number into a Dual.

task: Dual
look: The contract in the docstring.
"""


def sin(x):
    x = lift(x)
    return Dual(math.sin(x.value), math.cos(x.value) * x.tangent)


def exp(x):
    x = lift(x)
    return Dual(math.exp(x.value), math.exp(x.value) * x.tangent)


def log(x):
    x = lift(x)
    return Dual(math.log(x.value), x.tangent / x.value)
