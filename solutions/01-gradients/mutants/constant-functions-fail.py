"""An f that does not depend on x returns a plain number, which has no tangent.

task: jvp
look: The contract in the docstring.
"""


def jvp(
    f: Callable[[Sequence[Dual]], "Dual | float"],
    x: Sequence[float],
    v: Sequence[float],
) -> tuple[float, float]:
    if len(x) != len(v):
        raise ValueError("x and v must have the same length")
    y = f([Dual(x_i, v_i) for x_i, v_i in zip(x, v, strict=True)])
    return y.value, y.tangent
