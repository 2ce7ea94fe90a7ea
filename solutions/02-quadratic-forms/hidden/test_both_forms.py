"""Hidden tests of `both_forms`: either form, then what counts as quadratic."""

import math

import numpy as np
import pytest
from hidden.answers import (
    CONTRACT,
    STEP_2,
    keeps_its_arguments,
    number,
    refuses,
    vector,
)
from hidden.test_evaluate import POLYNOMIALS

from autograder.student.testing import check


def forms_of(student, a, b, c):
    """Ask for both forms; return the fields of each."""
    pair = student.both_forms(a, b, c)
    return [(form.matrix, form.vector, form.constant) for form in pair]


def judge(got, a, b, c, second, where, look=STEP_2, tol=1e-14):
    """Check one form against the sum of a_ij and a_ji."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    matrix, v, constant = got
    name = "second" if second else "first"
    want = a + a.T if second else a / 2 + a.T / 2
    vector(matrix, want, tol, f"{where}: the {name} matrix", look)
    want = 0.0 - b if second else b
    vector(v, want, tol, f"{where}: the vector of the {name} form", look)
    number(constant, float(c), 0.0, f"{where}: the constant of the {name} form", look)


def judge_ordinary(student, rng, second):
    for kind, shape in POLYNOMIALS[:3]:
        a = shape(rng.uniform(1, 3, size=(4, 4)) * rng.choice([-1, 1], size=(4, 4)))
        b, c = rng.uniform(2, 5, size=4), float(rng.uniform(1, 2))
        got = forms_of(student, a, b, c)
        where = f"both_forms, {kind}, n = 4"
        judge(got[int(second)], a, b, c, second, where)


@pytest.mark.task("both_forms", weight=2, core=True)
def test_first_form(student, rng):
    judge_ordinary(student, rng, second=False)


@pytest.mark.task("both_forms", weight=2, core=True)
def test_second_form(student, rng):
    judge_ordinary(student, rng, second=True)


@pytest.mark.task("both_forms")
def test_symmetric_to_the_last_bit(student, rng):
    a = rng.normal(size=(30, 30)) * 10.0 ** rng.integers(-20, 20, size=(30, 30))
    wide = a / 2 + a.T / 2
    for (matrix, _, _), name in zip(
        forms_of(student, a, a[0], 0.0), ("first", "second"), strict=True
    ):
        where = f"both_forms, entries of very different size: the {name} matrix"
        evidence = "it differs from its transpose"
        good = np.array_equal(matrix, np.asarray(matrix).T)
        check.true(good, where=where, evidence=evidence, look=CONTRACT)
        want = wide if name == "first" else 2 * wide
        check.close(matrix, want, rtol=1e-14, where=where, look=CONTRACT)


@pytest.mark.task("both_forms")
def test_kinds_of_numbers_and_sizes_of_both_forms(student):
    wide = np.array([[3, 100, 0], [90, 0, -128], [1, -100, 5]])
    b = np.array([120, 0, 7])
    cases = [
        (f"{kind.__name__} arrays", wide.astype(kind), b.astype(kind), 4)
        for kind in (np.int8, np.int64, np.float32)
    ]
    cases += [
        (
            "uint8 arrays",
            np.array([[200, 100], [200, 3]], np.uint8),
            b[:2].astype("u1"),
            1,
        ),
        ("n = 1", np.array([[-3.0]]), np.array([2.0]), -1.0),
        (
            "float16 arrays, c of NumPy",
            np.array([[1, 40_000], [40_000, 1]], np.float16),
            np.ones(2, np.float16),
            np.int64(3),
        ),
        ("tiny numbers", np.array([[0, 3e-60], [0, 0]]), np.full(2, 1e-60), 1e-60),
        ("huge numbers", np.array([[2e60, 1e60], [0, 0]]), np.full(2, 1e60), 1e60),
        ("a zero diagonal", np.array([[0.0, 1.0], [3.0, 0.0]]), np.zeros(2), 0.0),
        ("a trace of zero", np.array([[1.0, 0.0], [0.0, -1.0]]), np.ones(2), 0.0),
        (
            "terms that nearly cancel",
            np.array([[0, 1], [-1 + 2**-53, 0]]),
            np.ones(2),
            0,
        ),
        ("one term in a corner", np.diag([0.0, 0.0, 1.0]), np.zeros(3), 2.0),
    ]
    for kind, a, b, c in cases:
        got = forms_of(student, a, b, c)
        for second in (False, True):
            judge(got[int(second)], a, b, c, second, f"both_forms, {kind}", CONTRACT)


@pytest.mark.task("both_forms", weight=2)
def test_no_quadratic_part(student):
    twisted = np.array([[0.0, 2.0, -1.0], [-2.0, 0.0, 3.0], [1.0, -3.0, 0.0]])
    cases = (
        ("a = 0", (np.zeros((2, 2)), np.ones(2), 1.0)),
        ("n = 0", (np.zeros((0, 0)), np.zeros(0), 1.0)),
        ("a_ij = -a_ji", (twisted, np.ones(3), 1.0)),
    )
    refuses(student.both_forms, cases, "both_forms")


@pytest.mark.task("both_forms")
def test_refusals_of_both_forms(student):
    a, b = np.eye(2), np.ones(2)
    nan, infinite = a.copy(), a.copy()
    nan[0, 1], infinite[1, 0] = math.nan, math.inf
    cases = (
        ("a matrix of 2 x 3", (np.ones((2, 3)), b, 0.0)),
        ("a one-dimensional a", (b, b, 0.0)),
        ("a b of one number", (a, np.ones(1), 0.0)),
        ("a b of three numbers", (a, np.ones(3), 0.0)),
        ("b as a column", (a, np.ones((2, 1)), 0.0)),
        ("b as a row", (a, np.ones((1, 2)), 0.0)),
        ("n = 1 and a b without an axis", (np.eye(1), np.array(2.0), 0.0)),
        ("a matrix of 2 x 2 x 2", (np.ones((2, 2, 2)), b, 0.0)),
        ("a NaN in a", (nan, b, 0.0)),
        ("an infinity in b", (a, np.array([1.0, -math.inf]), 0.0)),
        ("minus infinity on the diagonal", (np.diag([1.0, -math.inf]), b, 0.0)),
        ("plus infinity in b", (a, np.array([1.0, math.inf]), 0.0)),
        ("c = inf", (a, b, math.inf)),
        ("an infinity in a", (infinite, b, 0.0)),
        ("a NaN in b", (a, np.array([math.nan, 1.0]), 0.0)),
        ("an infinite c", (a, b, -math.inf)),
        ("c = NaN", (a, b, math.nan)),
    )
    refuses(student.both_forms, cases, "both_forms")


@pytest.mark.task("both_forms")
def test_arguments_are_kept_of_both_forms(student, rng):
    a = rng.normal(size=(3, 3))
    parts = [(k, name) for k in (0, 1) for name in ("matrix", "vector")]
    for kind in (a, a + a.T):
        for b in (a[0].copy(), np.zeros(3)):
            keeps_its_arguments(student, "both_forms", [kind, b, 1.0], parts)
