"""Hidden tests of `evaluate`: the value, the gradient, then kinds of numbers."""

import math

import numpy as np
import pytest
from hidden.answers import STEP_1, keeps_its_arguments, number, refuses, vector

POLYNOMIALS = (
    ("a full matrix", lambda a: a),
    ("only a_ij with i <= j", np.triu),
    ("only a_ij with i > j", lambda a: np.tril(a, -1)),
    ("a_ij = -a_ji", lambda a: a - a.T),
)


def value_of(a, b, c, x):
    """Return the sum of the contract, term by term."""
    square = [
        float(a[i, j]) * float(x[i]) * float(x[j])
        for i in range(len(x))
        for j in range(len(x))
    ]
    line = [float(s) * float(t) for s, t in zip(b, x, strict=True)]
    return math.fsum([*square, *line, float(c)])


def slope_of(a, b, x):
    """Return the gradient of that sum, coordinate by coordinate."""
    n = range(len(x))
    return [
        math.fsum(
            [float(b[k])]
            + [float(a[k, j]) * float(x[j]) for j in n]
            + [float(a[i, k]) * float(x[i]) for i in n]
        )
        for k in n
    ]


def polynomials(rng):
    """Yield matrices of four kinds; no entry is small beside the others."""
    for kind, shape in POLYNOMIALS:
        a = shape(rng.uniform(1, 3, size=(4, 4)) * rng.choice([-1, 1], size=(4, 4)))
        b, c = rng.uniform(2, 5, size=4), float(rng.uniform(20, 40))
        yield kind, a, b, c, rng.uniform(1, 2, size=4) * np.array([1, -1, 1, 1])


@pytest.mark.task("evaluate", weight=2, core=True)
def test_values(student, rng):
    for kind, a, b, c, x in polynomials(rng):
        got, _ = student.evaluate(a, b, c, x)
        want = value_of(a, b, c, x)
        assert abs(want) > 1e-3
        number(got, want, 1e-9, f"evaluate, {kind}, n = 4: f(x)", STEP_1)


@pytest.mark.task("evaluate", weight=3, core=True)
def test_gradients(student, rng):
    for kind, a, b, c, x in polynomials(rng):
        _, got = student.evaluate(a, b, c, x)
        where = f"evaluate, {kind}, n = 4: the gradient"
        vector(got, slope_of(a, b, x), 1e-12, where, STEP_1)


@pytest.mark.task("evaluate")
def test_kinds_of_numbers_and_sizes_of_evaluate(student, rng):
    small = np.array([[100, 90], [80, -70]], dtype=np.int8)
    single = rng.uniform(1, 2, size=(3, 3)).astype(np.float32)
    one = np.array([[3.0]])
    large = rng.uniform(1, 2, size=(30, 30))
    cases = (
        ("n = 30", large, large[0], 1.0, large[1]),
        ("int8 arrays", small, np.array([100, 5], np.int8), 7, small[0]),
        (
            "float32 arrays and c",
            single,
            single[0],
            np.float32(0.1),
            1000 * single[1],
        ),
        (
            "large int64 arrays",
            small * np.int64(4e7),
            small[0] * np.int64(1e9),
            np.int64(7),
            small[1] * np.int64(6e7),
        ),
        (
            "uint8 b",
            small.astype(float),
            np.array([200, 9], np.uint8),
            0,
            one[0, [0, 0]],
        ),
        ("n = 1", one, np.array([-2.0]), 0.5, np.array([-4.0])),
        ("n = 0", np.zeros((0, 0)), np.zeros(0), 2.5, np.zeros(0)),
        ("a = 0", np.zeros((2, 2)), np.array([1.0, 2.0]), 3.0, np.array([4.0, 5.0])),
        (
            "float16 arrays, c of NumPy",
            np.float16(300) * one.astype(np.float16),
            np.full(1, 300, np.float16),
            np.int64(3),
            np.full(1, 300, np.float16),
        ),
        ("tiny numbers", one * 1e-60, one[0] * 1e-60, 1e-60, one[0]),
        ("huge numbers", one * 1e60, one[0] * 1e60, 1e60, one[0] * 1e30),
    )
    for kind, a, b, c, x in cases:
        value, slopes = student.evaluate(a, b, c, x)
        where = f"evaluate, {kind}"
        number(value, value_of(a, b, c, x), 1e-12, f"{where}: f(x)")
        vector(slopes, slope_of(a, b, x), 1e-12, f"{where}: the gradient")


@pytest.mark.task("evaluate")
def test_refusals_of_evaluate(student):
    a, b, x = np.ones((2, 2)), np.ones(2), np.ones(2)
    cases = (
        ("a matrix of 2 x 3", (np.ones((2, 3)), b, 0.0, x)),
        ("a matrix of 3 x 2", (np.ones((3, 2)), b, 0.0, x)),
        ("a one-dimensional a", (b, b, 0.0, x)),
        ("a b of one number", (a, np.ones(1), 0.0, x)),
        ("an x of one number", (a, b, 0.0, np.ones(1))),
        ("an x of three numbers", (a, b, 0.0, np.ones(3))),
        ("b as a column", (a, np.ones((2, 1)), 0.0, x)),
        ("x as a column", (a, b, 0.0, np.ones((2, 1)))),
        ("b as a row", (a, np.ones((1, 2)), 0.0, x)),
        ("x as a row", (a, b, 0.0, np.ones((1, 2)))),
        ("n = 1 and an x without an axis", (np.eye(1), b[:1], 0.0, np.array(2.0))),
        ("a matrix of 2 x 2 x 2", (np.ones((2, 2, 2)), b, 0.0, x)),
        ("a matrix of 0 x 3", (np.zeros((0, 3)), b[:0], 0.0, x[:0])),
        ("n = 0 and a b of two numbers", (np.zeros((0, 0)), b, 0.0, x[:0])),
        ("n = 1 and a b without an axis", (np.eye(1), np.array(2.0), 0.0, x[:1])),
    )
    refuses(student.evaluate, cases, "evaluate")


@pytest.mark.task("evaluate")
def test_arguments_are_kept_of_evaluate(student, rng):
    a, x = rng.normal(size=(3, 3)), rng.normal(size=3)
    for kind in (a, np.zeros((3, 3)), a + a.T):
        keeps_its_arguments(student, "evaluate", [kind, a[0], 1.0, x], [(1,)])
