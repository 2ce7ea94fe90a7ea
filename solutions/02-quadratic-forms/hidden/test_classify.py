"""Hidden tests of `classify`: the four shapes, then scales and refusals."""

import math

import numpy as np
import pytest
from hidden.answers import CONTRACT, STEP_3, keeps_its_arguments, refuses, turned

from autograder.student.testing import check

PLANE = np.array([[4, 2, 0], [2, 5, 2], [0, 2, 1]])  # its null space is (1, -2, 4)
DOWN = np.array([1.0, -2.0, 4.0])
MANY = np.array([2.4, 1.0, 1.0, 1.0])
HUGE, HUGE_BOWL = np.full(2, 1e60), np.diag([1e60, 5e59])
SINGLE = np.float32(1e-7)


def judge(student, cases, look):
    with student.together() as batch:
        answers = [batch.classify(H, h, *rest) for _, H, h, _, *rest in cases]
    for (kind, _, _, want, *_), got in zip(cases, answers, strict=True):
        where = f"classify, {kind}"
        check.equal(batch.result(got), want, where=where, look=look)


@pytest.mark.task("classify", weight=2, core=True)
def test_bowls_and_saddles(student, rng):
    h = rng.normal(size=4)
    judge(
        student,
        [
            ("eigenvalues 1e-3 to 5", turned([1e-3, 1, 2, 5], rng)[0], h, "bowl"),
            ("eigenvalues 1e-8 to 1", turned([1e-8, 0.5, 1, 1], rng)[0], h, "bowl"),
            ("one is negative", turned([-0.01, 1, 2, 5], rng)[0], h, "saddle"),
            ("one is -1e-7", turned([-1e-7, 1, 1, 1], rng)[0], h, "saddle"),
            ("two are negative", turned([-2, -1, 3, 5], rng)[0], h, "saddle"),
            ("all are negative", turned([-4, -3, -2, -1], rng)[0], h, "saddle"),
            ("a positive diagonal", np.array([[1.0, 2], [2, 1]]), h[:2], "saddle"),
            ("1 and -1", np.array([[0.0, 1], [1, 0]]), h[:2], "saddle"),
            ("large off the diagonal", np.array([[1, 9.0], [9, 90]]), h[:2], "bowl"),
        ],
        STEP_3,
    )


@pytest.mark.task("classify", weight=2, core=True)
def test_troughs_and_ramps(student, rng):
    H, axes = turned([0, 0, 1, 3, 20], rng)
    inside = H @ rng.normal(size=5)
    out = inside + 1e-3 * axes[:, 1]
    level = PLANE @ np.array([3.0, -1.0, 2.0])
    judge(
        student,
        [
            ("two zeros, h in the range", H, inside, "trough"),
            ("two zeros, h partly outside", H, out, "ramp"),
            ("one zero, h in the range", PLANE / 1.0, level, "trough"),
            ("one zero, h outside alone", PLANE / 1.0, -DOWN, "ramp"),
            ("one zero, h a little outside", PLANE / 1.0, level - 1e-6 * DOWN, "ramp"),
            ("H = diag(4, 0)", np.diag([4.0, 0.0]), np.array([-3.0, 0.0]), "trough"),
            ("one zero, h = 0", PLANE / 1.0, np.zeros(3), "trough"),
        ],
        STEP_3,
    )


@pytest.mark.task("classify", weight=2, core=True)
def test_negative_beside_zero(student, rng):
    H, _ = turned([-2, 0, 1, 3], rng)
    inside, h = H @ rng.normal(size=4), rng.normal(size=4)
    judge(
        student,
        [
            ("-2, 0, 1 and 3, h in the range", H, inside, "saddle"),
            ("-2, 0, 1 and 3, h outside", H, h, "saddle"),
            ("-2, 0, 1 and 3, h = 0", H, 0 * h, "saddle"),
            ("-3 and 0", np.diag([-3.0, 0.0]), np.array([1.0, 0.0]), "saddle"),
        ],
        STEP_3,
    )


@pytest.mark.task("classify", weight=2)
def test_scales_of_classify(student, rng):
    H, axes = turned([0, 1, 3, 20], rng)
    full = turned([1e-4, 1, 1, 2], rng)[0]
    fall = turned([-1e-4, 1, 1, 2], rng)[0]
    inside = H @ rng.normal(size=4)
    out = inside + 1e-3 * axes[:, 0]
    wide, _ = turned([-1e-3, *np.linspace(1, 2, 23)], rng)
    cases = [
        ("n = 24, one is negative", wide, wide[0], "saddle"),
        ("n = 24, all are positive", wide + 0.01 * np.eye(24), wide[0], "bowl"),
    ]
    for s in (1e-60, 1e60):
        cases += [
            (f"a bowl of size {s:g}", full * s, out, "bowl"),
            (f"a saddle of size {s:g}", fall * s, out, "saddle"),
            (f"a trough of size {s:g}", H * s, inside, "trough"),
            (f"a ramp of size {s:g}", H * s, out, "ramp"),
            (f"a trough, h of size {s:g}", H, inside * s, "trough"),
            (f"a ramp, h of size {s:g}", H, out * s, "ramp"),
        ]
    judge(student, cases, CONTRACT)


@pytest.mark.task("classify")
def test_the_part_of_h_beside_several_zeros(student, rng):
    H, axes = turned([0, 0, 0, 10, 13, 20], rng)
    cases = []
    for k in range(3):
        for part, want in ((0.2 - 1e-6, "trough"), (0.2 + 1e-6, "ramp")):
            h = part * axes[:, k] + math.sqrt(1 - part**2) * axes[:, 5]
            cases.append((f"three zeros, h_0 is {part} of h", H, h, want, 0.2))
    judge(student, cases, CONTRACT)


@pytest.mark.task("classify")
def test_tolerances_of_classify(student):
    thin, steep = np.diag([1.0, 1e-11]), np.array([1.0, 1.0])
    near = np.array([1.0, 1e-8])
    judge(
        student,
        [
            ("1 and 1e-11", thin, steep, "ramp"),
            ("1 and 1e-11, rtol = 1e-13", thin, steep, "bowl", 1e-13),
            ("1 and -1e-11", np.diag([1.0, -1e-11]), 0 * steep, "trough"),
            ("1 and 5e-11", np.diag([1.0, 5e-11]), 0 * steep, "trough"),
            ("1 and 2e-10", np.diag([1.0, 2e-10]), 0 * steep, "bowl"),
            ("1, 5e-13, rtol = 1e-13", np.diag([1, 5e-13]), steep, "bowl", 1e-13),
            ("1 and -1/4, rtol = 1/4", np.diag([1, -0.25]), 0 * steep, "trough", 0.25),
            ("three of h_0", np.diag([1.0, 0, 0, 0]), MANY, "ramp", 0.5),
            ("rtol in float32", np.diag([1.0, 0.0]), HUGE, "ramp", SINGLE),
            ("H of size 1e60, rtol in float32", HUGE_BOWL, HUGE, "bowl", SINGLE),
            ("h_0 is half of h", np.diag([1.0, 1, 1, 0]), np.ones(4), "trough", 0.5),
            (
                "h_0 is 5e-13 of h, rtol = 1e-13",
                np.diag([1.0, 0.0]),
                np.array([1.0, 5e-13]),
                "ramp",
                1e-13,
            ),
            ("1 and -1e-9", np.diag([1.0, -1e-9]), 0 * steep, "saddle"),
            (
                "1 and -1e-11, rtol = 1e-13",
                np.diag([1.0, -1e-11]),
                0 * steep,
                "saddle",
                1e-13,
            ),
            (
                "0.4, 0.4 and 3.4, rtol = 0.2",
                np.ones((3, 3)) + 0.4 * np.eye(3),
                np.ones(3),
                "trough",
                0.2,
            ),
            ("h_0 = (1, -1)", np.diag([1.0, 0, 0]), np.array([1.0, 1, -1]), "ramp"),
            ("h_0 = (1, 1)", np.diag([1.0, 0, 0]), np.ones(3), "ramp"),
            ("1 and 0.3, rtol = 0.2", np.diag([1.0, 0.3]), steep, "bowl", 0.2),
            ("1 and 0.3, rtol = 0.4", np.diag([1.0, 0.3]), 0 * steep, "trough", 0.4),
            (
                "9, 1, 1, 1, rtol = 0.2",
                np.diag([9.0, 1, 1, 1]),
                np.ones(4),
                "ramp",
                0.2,
            ),
            (
                "9, 9, 9, 2.5, rtol = 0.2",
                np.diag([9, 9, 9, 2.5]),
                np.ones(4),
                "bowl",
                0.2,
            ),
            (
                "h_0 is 1.5, h five times 2, rtol = 0.5",
                np.diag([1.0, 1.0, 1.0, 1.0, 1.0, 0.0]),
                np.array([2.0, 2.0, 2.0, 2.0, 2.0, 1.5]),
                "trough",
                0.5,
            ),
            (
                "h_0 is (1.6, 1.6), h (3.3, 1.6, 1.6), rtol = 0.5",
                np.diag([1.0, 0.0, 0.0]),
                np.array([3.3, 1.6, 1.6]),
                "ramp",
                0.5,
            ),
            ("h_0 is 1e-8 of h", np.diag([1.0, 0.0]), near, "ramp"),
            ("h_0 is 1e-8 of h, rtol = 1e-7", np.diag([1.0, 0]), near, "trough", 1e-7),
            ("h_0 is 0.8 of h, rtol = 0.5", np.diag([2.0, 0]), 4 * steep, "ramp", 0.5),
            (
                "h_0 is 0.47 of h in size, rtol = 0.5",
                np.diag([1.0, 0.0, 0.0]),
                np.array([4.0, 1.0, -1.9]),
                "trough",
                0.5,
            ),
        ],
        CONTRACT,
    )


@pytest.mark.task("classify")
def test_small_and_empty_and_integers_of_classify(student):
    one, none = np.array([1.0]), np.array([0.0])
    cases = [
        (f"n = 1, H = {v:g}, h = {float(h[0]):g}", np.array([[v]]), h, want)
        for v, h, want in (
            (2.0, one, "bowl"),
            (-2.0, one, "saddle"),
            (-2.0, none, "saddle"),
            (0.0, none, "trough"),
            (0.0, one, "ramp"),
        )
    ]
    cases += [
        ("n = 0", np.zeros((0, 0)), np.zeros(0), "bowl"),
        ("H = 0, h = 0", np.zeros((3, 3)), np.zeros(3), "trough"),
        ("H = 0", np.zeros((3, 3)), DOWN, "ramp"),
        ("integers", PLANE, np.array([4, 2, 0]), "trough"),
        ("integers, h outside", PLANE, np.array([1, 0, 0]), "ramp"),
        (
            "float32",
            np.array([[4, 6], [6, 9]], np.float32),
            np.array([2, 3], np.float32),
            "trough",
        ),
        (
            "int8 h with a large part outside",
            np.diag([1, 0, 0]),
            np.array([100, 90, 0], np.int8),
            "ramp",
            0.5,
        ),
        (
            "int64 h, whose square overflows",
            np.diag([1, 0, 0]),
            np.array([4 * 10**9, 2 * 10**9, 0]),
            "trough",
            0.5,
        ),
        ("int8", (PLANE + 100 * np.eye(3)).astype(np.int8), DOWN.astype("i1"), "bowl"),
    ]
    judge(student, cases, CONTRACT)


BENT = ((0, 3), (3, 2))


def bent_at(i, j):
    """Return a matrix that is symmetric but for one entry."""
    H = 4 * np.eye(4) + 1
    H[i, j] += 1
    return H


@pytest.mark.task("classify")
def test_refusals_of_classify(student):
    bent, nan, h = np.eye(2), np.diag([1.0, math.nan]), np.ones(2)
    bent[0, 1], bent[1, 0] = 0.25, np.nextafter(0.25, 1.0)
    cases = (
        ("a matrix of 2 x 3", (np.ones((2, 3)), h)),
        ("a one-dimensional H", (h, h)),
        ("an H that is not symmetric", (np.array([[1.0, 2.0], [0.0, 1.0]]), h)),
        ("an H that is not symmetric in its last bit", (bent, h)),
        *((f"an H bent at {at}", (bent_at(*at), np.ones(4))) for at in BENT),
        ("an h of one number", (np.eye(2), np.ones(1))),
        ("h as a row", (np.eye(2), np.ones((1, 2)))),
        ("minus infinity in H", (np.diag([1.0, -math.inf]), h)),
        ("minus infinity in h", (np.eye(2), np.array([-math.inf, 0.0]))),
        ("h as a column", (np.eye(2), np.ones((2, 1)))),
        ("a matrix of 2 x 2 x 2", (np.ones((2, 2, 2)), h)),
        ("n = 1 and an h without an axis", (np.eye(1), np.array(1.0))),
        ("infinities off the diagonal", (np.array([[1, np.inf], [np.inf, 1]]), h)),
        ("a NaN in H", (nan, h)),
        ("an infinity in H", (np.diag([math.inf, 1.0]), h)),
        ("a NaN in h", (np.eye(2), np.array([math.nan, 0.0]))),
        ("an infinity in h", (np.eye(2), np.array([0.0, math.inf]))),
    )
    refuses(student.classify, cases, "classify")


@pytest.mark.task("classify")
def test_arguments_are_kept_of_classify(student, rng):
    H, _ = turned([0, 1, 2], rng)
    keeps_its_arguments(student, "classify", [H, H @ DOWN], [])
