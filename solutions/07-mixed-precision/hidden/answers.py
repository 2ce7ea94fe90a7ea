"""How answers are judged in every task: where to read on, numbers, and refusals."""

import math

import numpy as np

from autograder.student.testing import check

STEP_1, STEP_2, STEP_3, STEP_4, STEP_5, STEP_6, STEP_7, STEP_8 = (
    f"Chapter, step {n}." for n in range(1, 9)
)
CONTRACT = "The contract in the docstring."
INF, NAN = math.inf, math.nan


def number(got, want, where, look=CONTRACT, atol=0.0, rtol=0.0):
    """Check that an answer is one number and no array, and its value."""
    check.plain(got, where, look)
    good = isinstance(got, (int, float, np.floating)) and not isinstance(got, bool)
    evidence = f"got {check.show(got)}, expected a float"
    check.true(good, where=where, evidence=evidence, look=look)
    check.close(float(got), want, atol=atol, rtol=rtol, where=where, look=look)


def python_float(got, where):
    """Check that a number is Python's own float, which NumPy's float64 is too."""
    evidence = f"got a {type(got).__name__}, expected a Python float"
    good = isinstance(got, float)
    check.true(good, where=f"{where}: its type", evidence=evidence, look=CONTRACT)


def refusals(kind, function, cases):
    """Ask for all that must be refused, then judge; cases: where -> arguments."""
    failed = []
    for where, args in cases.items():
        try:
            check.raises(kind, function, *args, where=where, look=CONTRACT)
        except check.CheckFailed as failure:
            failed.append(failure)
    if failed:
        raise failed[0]
