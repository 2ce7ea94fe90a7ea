"""The slope is a finite difference: Duals give it exactly, for one call.

task: jvp
look: Chapter, step 5.
"""


def jvp(f, x, v):
    if len(x) != len(v):
        raise ValueError("x and v must have the same length")
    h = 1e-6
    high = lift(f([Dual(x_i + h * v_i) for x_i, v_i in zip(x, v, strict=True)]))
    low = lift(f([Dual(x_i - h * v_i) for x_i, v_i in zip(x, v, strict=True)]))
    return (high.value + low.value) / 2, (high.value - low.value) / (2 * h)
