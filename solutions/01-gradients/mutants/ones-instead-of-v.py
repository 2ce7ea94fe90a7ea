"""The coordinates start with tangent 1 instead of v_i.

task: jvp
look: Chapter, step 5.
"""


def jvp(
    f: Callable[[Sequence[Dual]], "Dual | float"],
    x: Sequence[float],
    v: Sequence[float],
) -> tuple[float, float]:
    if len(x) != len(v):
        raise ValueError("x and v must have the same length")
    y = lift(f([Dual(x_i, 1.0) for x_i, v_i in zip(x, v, strict=True)]))
    return y.value, y.tangent
