"""Gradients of `hidden.values`, right and wrong, for `gradcheck`."""

import math
from types import SimpleNamespace

import numpy as np


def report_of(student, *args):
    """Call gradcheck and read every field of its report."""
    report = student.gradcheck(*args)
    fields = ("ok", "worst_index", "abs_err", "rel_err", "kinks")
    return SimpleNamespace(**{name: getattr(report, name) for name in fields})


def twice(x):
    return 2.0 * np.asarray(x, dtype=np.float64)


def cubic_slope(x):
    a, b, c = (float(t) for t in x)
    return np.array([1e3 * math.cos(a) + b, 3 * b**2 + a, 1e-2 * math.exp(c)])


def planted(change):
    """Return the right gradient of `cubic`, spoilt by `change`."""

    def g(x):
        slope = cubic_slope(x)
        change(slope)
        return slope

    return g


def flip_all(s):
    s *= -1.0


def flip_small(s):
    s[2] *= -1.0


def double_middle(s):
    s[1] *= 2.0


def swap(s):
    s[[1, 2]] = s[[2, 1]]


def drop_last(s):
    s[2] = 0.0


def drift_last(s):
    s[2] += 5e-6


def raise_first(s):
    s[0] *= 1.001


def lower_first(s):
    s[0] *= 0.999


WRONG = (
    ("the sign is flipped", flip_all),
    ("the sign of the smallest coordinate is flipped", flip_small),
    ("one coordinate is doubled", double_middle),
    ("two coordinates are swapped", swap),
    ("the last coordinate is left out", drop_last),
    ("a small coordinate is off by 0.02 %", drift_last),
    ("a large coordinate is 0.1 % too large", raise_first),
    ("a large coordinate is 0.1 % too small", lower_first),
)
