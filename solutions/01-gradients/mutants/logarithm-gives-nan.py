"""The logarithm of a number that is not positive is NaN instead of a ValueError.

task: Dual
look: The contract in the docstring.
"""


def log(x):
    value = x.value if isinstance(x, Dual) else x
    result = math.log(value) if value > 0 else math.nan
    return (
        Dual(result, x.tangent / value if value else 0.0)
        if isinstance(x, Dual)
        else result
    )
