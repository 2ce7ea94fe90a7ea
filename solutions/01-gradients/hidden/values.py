"""Functions whose gradients stand in `hidden.slopes`, for `gradcheck`."""

import math

import numpy as np


def squares(x, scale=1):
    return scale * float(np.sum(np.asarray(x, dtype=np.float64) ** 2))


def cubic(x):
    """Return a smooth function of three coordinates of very different slope."""
    a, b, c = (float(t) for t in x)
    return 1e3 * math.sin(a) + b**3 + 1e-2 * math.exp(c) + a * b


def exps(x):
    return float(np.sum(np.exp(x)))


def logs(x):
    return float(np.sum(np.log(np.abs(x))))


def line(x, slope=2, at_zero=0.0):
    return at_zero + slope * float(x[0])


def parabola(x, k, at=0.0):
    return k * (float(x[0]) - at) ** 2


def product(x):
    """Return an array of one."""
    return x[:1] * x[1:]


def constant(x):
    return 5.0


def size(x, scale, at_zero=0.0):
    return at_zero + scale * abs(float(x[0]))


def wave(x, at_zero):
    return at_zero + math.sin(float(x[0]))


def jump(x):
    return float(x[0] > 0)


def corners(x):
    """Return |x0| + x1^2 + min(x2, 0): a convex kink and a concave one."""
    return abs(float(x[0])) + float(x[1]) ** 2 + min(float(x[2]), 0.0)


def edge(x):
    """Return x0, but NaN where x1 is below 1."""
    return float(x[0]) if float(x[1]) >= 1.0 else math.nan


def cliff(x):
    """Return x0, but infinity where x1 is below 1."""
    return float(x[0]) if float(x[1]) >= 1.0 else -math.inf


def leaning(x):
    """Return 1e4 x0 + 0.02 |x1|."""
    return 1e4 * float(x[0]) + 0.02 * abs(float(x[1]))


def dented(x):
    """Return 1e3 x0 + 1e-3 |x0|."""
    return 1e3 * float(x[0]) + 1e-3 * abs(float(x[0]))


def coarse(x):
    """Return 1e7 + sin(x0), rounded to 2**-27, about four units in the last place."""
    return round((1e7 + math.sin(float(x[0]))) * 2**27) / 2**27


def narrow(x):
    """Return 100 + sin(x0), computed in float32."""
    return np.float32(100) + np.sin(x[0])
