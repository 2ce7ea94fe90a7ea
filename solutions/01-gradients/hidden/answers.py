"""How the hidden tests of lesson 01 judge single numbers and refusals."""

import builtins

import numpy as np

from autograder.student.testing import check

CBRT = float(np.finfo(np.float64).eps) ** (1 / 3)

STEP_2 = "Chapter, step 2."
STEP_5 = "Chapter, step 5."
CONTRACT = "The contract in the docstring."


def number(got, where, look=CONTRACT):
    """Check that an answer is one number and no array; return it as a float."""
    check.plain(got, where, look)
    good = isinstance(got, (int, float, np.floating)) and not isinstance(got, bool)
    evidence = f"got {check.show(got)}, expected a float"
    check.true(good, where=where, evidence=evidence, look=look)
    return float(got)


def near(got, want, rtol, where, look, atol=0.0):
    """Check one number."""
    number(got, where, look)
    check.close(float(got), want, rtol=rtol, atol=atol, where=where, look=look)


def step_matches(step, formula, where, look):
    """Check a default step; by the contract it may be four times off the formula."""
    ratio = step / formula
    evidence = f"the step is {ratio:.2g} times the one in the docstring"
    check.true(0.2 < ratio < 5, where=where, evidence=evidence, look=look)


def told(got):
    """Show an answer, or the words for what was raised instead."""
    raised = isinstance(got, str) and got.removeprefix("raised ") in vars(builtins)
    return got if raised else check.show(got)


def refusal(got, where, look=CONTRACT):
    """Check that what was caught is a ValueError."""
    evidence = f"got {told(got)}, expected ValueError"
    good = isinstance(got, str) and got == "raised ValueError"
    check.true(good, where=where, evidence=evidence, look=look)
