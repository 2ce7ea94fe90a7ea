"""x and v of different length are cut to the shorter one.

task: jvp
look: The contract in the docstring.
"""


def jvp(
    f: Callable[[Sequence[Dual]], "Dual | float"],
    x: Sequence[float],
    v: Sequence[float],
) -> tuple[float, float]:
    y = lift(f([Dual(x_i, v_i) for x_i, v_i in zip(x, v, strict=False)]))
    return y.value, y.tangent
