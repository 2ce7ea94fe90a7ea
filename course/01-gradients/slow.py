"""The textbook difference quotient that the chapter takes apart."""


# --8<-- [start:slow]
def slope(f, x, i, h=1e-8):
    low = f(x)
    x[i] += h
    high = f(x)
    x[i] -= h
    return (high - low) / h


def slow_gradient(f, x):
    return [slope(f, x, i) for i in range(len(x))]


# --8<-- [end:slow]
