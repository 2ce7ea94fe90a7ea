"""Hidden tests of `residual_bounds`: one for each pair, then refusals."""

import math

import numpy as np
import pytest
from hidden.answers import CONTRACT, STEP_8, keeps_its_arguments, number, refuses

from autograder.student.testing import check

NAME = "residual_bounds"


def judge(student, field, want, rng):
    """Check one pair for several sizes; `want(r, h, s, l)` gives its two ends."""
    for s, m in ((0.02, 7.0), (3.0, 50.0), (1e-6, 1e-2)):
        r, h = rng.uniform(1, 2, size=5) * 1e-3, rng.uniform(3, 5, size=5)
        r[2] *= -1.0
        pair = getattr(student.residual_bounds(r, h, s, m), field)
        where = f"{NAME}, eigenvalues {s:g} to {m:g}: {field}"
        judge_pair(pair, want(np.sqrt(r @ r), np.sqrt(h @ h), s, m), where, STEP_8)


def judge_pair(pair, want, where, look=CONTRACT):
    check.plain(pair, where, look)
    good = isinstance(pair, (tuple, list)) and len(pair) == 2
    evidence = f"got {check.show(pair)}, expected a pair of numbers"
    check.true(good, where=where, evidence=evidence, look=look)
    for got, end, name in zip(pair, want, ("low", "high"), strict=True):
        number(got, float(end), 1e-12, f"{where}, {name}", look)


WANTS = {
    "error": lambda r, h, s, m: (r / m, r / s),
    "energy": lambda r, h, s, m: (r / math.sqrt(m), r / math.sqrt(s)),
    "gap": lambda r, h, s, m: (r * r / (2 * m), r * r / (2 * s)),
    "relative": lambda r, h, s, m: (r / h * (s / m), r / h * (m / s)),
}


@pytest.mark.task("residual_bounds", weight=2, core=True)
@pytest.mark.parametrize("field", sorted(WANTS))
def test_pairs(student, rng, field):
    judge(student, field, WANTS[field], rng)


@pytest.mark.task("residual_bounds")
def test_kinds_of_numbers_and_sizes_of_residual_bounds(student):
    for kind, r, h, s, m in (
        (
            "integers",
            np.array([100, -100], np.int8),
            np.array([90, 120], np.int8),
            1,
            4,
        ),
        ("large int64", np.array([4, 3]) * 10**9, np.array([2, 4]) * 10**9, 1, 4),
        ("n = 80, h is 0 but for its end", np.ones(80), np.eye(80)[-1], 0.5, 2.0),
        ("float16", np.full(2, 300, np.float16), np.ones(2, np.float16), 0.5, 2.0),
        ("float32", np.full(2, 0.1, np.float32), np.ones(2, np.float32), 0.5, 2.0),
        ("numbers of NumPy", np.ones(2), np.ones(2), np.int64(1), np.int64(4)),
        ("narrow integers", np.ones(2), np.ones(2), np.int8(1), np.int8(100)),
        ("narrow floats", np.ones(2) / 3, np.ones(2), np.float32(0.5), np.float32(3)),
        ("ends far apart", np.ones(2), np.ones(2), 1e-60, 1e60),
        ("r = 0", np.zeros(2), np.ones(2), 0.5, 2.0),
        ("one eigenvalue", np.array([3.0, 4.0]), np.array([0.0, 2.0]), 2.0, 2.0),
        ("an h that sums to 0", np.ones(2), np.array([2.0, -2.0]), 0.5, 2.0),
        ("n = 1", np.array([-3.0]), np.array([-2.0]), 0.5, 8.0),
        ("r and h of size 1e-60", np.full(2, 3e-60), np.full(2, 1e-60), 0.5, 2.0),
        ("r and h of size 1e60", np.full(2, 3e60), np.full(2, 1e60), 0.5, 2.0),
        ("eigenvalues of 1e-30 and 1", np.ones(2), np.full(2, 2.0), 1e-30, 1.0),
        ("eigenvalues of 1e-60", np.ones(2), np.ones(2), 1e-60, 2e-60),
        ("eigenvalues of 1e60", np.ones(2), np.ones(2), 1e60, 2e60),
    ):
        got = student.residual_bounds(r, h, s, m)
        sizes = [math.hypot(*map(float, v)) for v in (r, h)]
        for field, want in WANTS.items():
            where = f"{NAME}, {kind}: {field}"
            judge_pair(getattr(got, field), want(*sizes, float(s), float(m)), where)


@pytest.mark.task("residual_bounds")
def test_refusals_of_residual_bounds(student):
    r, h = np.ones(2), np.array([0.0, 3.0])
    cases = (
        ("h = 0", (r, np.zeros(2), 1.0, 2.0)),
        ("an r of one number", (np.ones(1), h, 1.0, 2.0)),
        ("an r of three numbers", (np.ones(3), h, 1.0, 2.0)),
        ("r as a row of a matrix", (np.ones((1, 2)), h, 1.0, 2.0)),
        ("n = 0", (np.zeros(0), np.zeros(0), 1.0, 2.0)),
        ("r of 2 x 3, h of 3 x 2", (np.ones((2, 3)), np.ones((3, 2)), 1.0, 2.0)),
        ("n = 1 and an r without an axis", (np.array(2.0), h[1:], 1.0, 2.0)),
        ("smallest just above largest", (r, h, math.nextafter(2.0, 3.0), 2.0)),
        ("smallest = 0", (r, h, 0.0, 2.0)),
        ("smallest = -1", (r, h, -1.0, 2.0)),
        ("both eigenvalues negative", (r, h, -2.0, -1.0)),
        ("smallest above largest", (r, h, 3.0, 2.0)),
        ("smallest = NaN", (r, h, math.nan, 2.0)),
        ("largest = NaN", (r, h, 1.0, math.nan)),
        ("an infinite largest", (r, h, 1.0, math.inf)),
        ("two infinite eigenvalues", (r, h, math.inf, math.inf)),
        ("r as a column", (np.ones((2, 1)), h, 1.0, 2.0)),
    )
    refuses(student.residual_bounds, cases, NAME)


@pytest.mark.task("residual_bounds")
def test_arguments_are_kept_of_residual_bounds(student, rng):
    args = [rng.normal(size=3), rng.normal(size=3), 1.0, 2.0]
    keeps_its_arguments(student, NAME, args, [])
