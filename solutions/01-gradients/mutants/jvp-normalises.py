"""v is normalised; jvp takes it as it is.

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
    length = math.sqrt(sum(float(v_i) ** 2 for v_i in v)) or 1.0
    y = lift(f([Dual(x_i, v_i / length) for x_i, v_i in zip(x, v, strict=True)]))
    return y.value, y.tangent
