"""f is called once for each coordinate: one call with all tangents set is enough.

task: jvp
look: Chapter, step 5.
"""


def jvp(f, x, v):
    if len(x) != len(v):
        raise ValueError("x and v must have the same length")
    value = slope = 0.0
    for i, v_i in enumerate(v):
        y = lift(f([Dual(x_k, float(k == i)) for k, x_k in enumerate(x)]))
        value, slope = y.value, slope + y.tangent * v_i
    return float(value), float(slope)
