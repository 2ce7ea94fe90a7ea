"""Hidden tests of `normal_error`: both errors, long walks, edges, refusals."""

import math
from fractions import Fraction

import pytest
from hidden.answers import CONTRACT, ask_all, floats, refused, step
from hidden.laws import normal_errors

from autograder.student.testing import check

STEP_7 = step(7)


def judge(got, want, where):
    floats(got, 2, where, CONTRACT)
    for name, one, expected in zip(("plain", "corrected"), got, want, strict=True):
        check.close(one, expected, atol=1e-8, where=f"{where}: {name}", look=STEP_7)


def judge_all(student, cases):
    answers = ask_all(student, "normal_error", cases)
    for (n, p), got in zip(cases, answers, strict=True):
        shown = p if isinstance(p, Fraction) else f"{p:.3g}"
        judge(got, normal_errors(n, p), f"normal_error({n}, {shown})")


@pytest.mark.task("normal_error", weight=2, core=True)
def test_fair_walks(student):
    judge_all(student, [(10, 0.5), (25, 0.5), (64, 0.5)])


@pytest.mark.task("normal_error", weight=2, core=True)
def test_walks_that_lean(student, rng):
    p = float(rng.uniform(0.2, 0.4))
    judge_all(student, [(20, p), (20, 1 - p), (45, 0.1), (45, 0.9)])


@pytest.mark.task("normal_error", weight=1)
def test_long_walks(student, reference):
    cases = [(2000, 0.35), (10_000, 0.5), (10_000, 0.999), (1501, 0.75)]
    cases += [(301, 0.5), (10_000, Fraction(1, 3))]
    answers = ask_all(student, "normal_error", cases)
    for (n, p), got in zip(cases, answers, strict=True):
        judge(got, reference.normal_error(n, p), f"normal_error({n}, {p})")


@pytest.mark.task("normal_error", weight=1)
def test_one_step_and_exact_numbers(student):
    cases = [(1, 0.5), (1, 0.2), (1, 0.8), (2, 0.9), (3, 0.5), (12, Fraction(1, 3))]
    cases += [(9, Fraction(1, 2)), (30, 0.001), (30, 0.999), (60, 1e-4), (60, 0.9999)]
    cases += [(10, 1e-8), (3, 1 - 1e-8)]
    judge_all(student, cases)


@pytest.mark.task("normal_error", weight=1)
def test_normal_error_refuses(student):
    cases = [
        ("with n = 0", (0, 0.5)),
        ("with n = -1", (-1, 0.5)),
        ("with p = 0", (5, 0.0)),
        ("with p = 1", (5, 1.0)),
        ("with p = -0.1", (5, -0.1)),
        ("with p = 1.1", (5, 1.1)),
        ("with p = NaN", (5, math.nan)),
        ("with an exact p = 1", (5, Fraction(1))),
    ]
    refused(student, "normal_error", ValueError, cases)
