"""Gradient descent with a fixed step, which the chapter takes apart."""


# --8<-- [start:slow]
def slow_minimum(a, b, x, step, steps):
    for _ in range(steps):
        slopes = (a + a.T) @ x + b
        x = x - step * slopes
    return x


# --8<-- [end:slow]
