"""Hidden tests of `minimise`: each of the four answers, then scales and refusals."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hidden.answers import (
    CONTRACT,
    STEP_3,
    keeps_its_arguments,
    number,
    refuses,
    turned,
    vector,
)
from hidden.test_classify import DOWN, PLANE

from autograder.student.testing import check


def minimum_of(student, *args):
    """Call minimise and read every field."""
    got = student.minimise(*args)
    return SimpleNamespace(
        kind=got.kind, x=got.x, value=got.value, directions=got.directions
    )


def judge_columns(got, n, k, where, look=STEP_3):
    """Check that the directions are k orthonormal columns; return them."""
    check.shape(got.directions, (n, k), where=f"{where}: directions", look=look)
    check.dtype(got.directions, np.float64, where=f"{where}: directions", look=CONTRACT)
    d = np.asarray(got.directions)
    where = f"{where}: products of the columns of directions"
    check.close(d.T @ d, np.eye(k), atol=1e-9, where=where, look=look)
    return d


def judge_minimum(got, kind, x, value, k, H, where, tol=1e-9, look=STEP_3):
    """Check a bowl's or a trough's answer, whose x and value are known."""
    check.equal(got.kind, kind, where=f"{where}: kind", look=look)
    vector(got.x, x, tol, f"{where}: x", look)
    number(got.value, value, max(tol, 1e-9), f"{where}: value", look)
    d = judge_columns(got, len(x), k, where, look)
    size = float(np.max(np.abs(H), initial=0.0))
    if k and size:
        where = f"{where}: H times the directions"
        check.close(H @ d / size, 0 * d, atol=1e-9, where=where, look=look)


def judge_way_down(got, kind, H, h, where, look=STEP_3):
    """Check a ramp's or a saddle's answer by what it proves."""
    check.equal(got.kind, kind, where=f"{where}: kind", look=look)
    check.equal(got.x, None, where=f"{where}: x", look=look)
    check.equal(got.value, -math.inf, where=f"{where}: value", look=look)
    d = judge_columns(got, len(h), 1, where, look)[:, 0]
    scaled = H / (np.max(np.abs(H)) or 1.0)
    if kind == "saddle":
        bend = float(d @ scaled @ d)
        evidence = f"d'Hd is {bend:.3g} times the largest entry of H"
        check.true(bend < -1e-9, where=f"{where}: d'Hd", evidence=evidence, look=look)
        return
    check.close(scaled @ d, 0 * d, atol=1e-9, where=f"{where}: Hd", look=look)
    fall = float(d @ h) / math.sqrt(h @ h)
    evidence = f"h'd is {fall:.3g} |h|"
    check.true(fall > 1e-9, where=f"{where}: h'd", evidence=evidence, look=look)


def level_of(x, h, c):
    return c - float(h @ x) / 2


@pytest.mark.task("minimise", weight=2, core=True)
def test_bowls(student, rng):
    for values in ([0.5, 1, 2, 8], [1e-3, 1, 1, 1], [3, 3, 3, 3]):
        H, _ = turned(values, rng)
        x, c = rng.uniform(1, 2, size=4) * np.array([1, -1, -1, 1]), 10.0
        h = H @ x
        got = minimum_of(student, H, h, c)
        where = f"minimise, eigenvalues {values}"
        judge_minimum(got, "bowl", x, level_of(x, h, c), 0, H, where)


@pytest.mark.task("minimise", weight=2, core=True)
def test_troughs(student, rng):
    for values, k in (([0, 0, 1, 3, 20], 2), ([0, 0.5, 1, 1, 2], 1)):
        H, axes = turned(values, rng)
        x, c = axes[:, k:] @ rng.uniform(1, 2, size=5 - k), -3.0
        h = H @ x
        got = minimum_of(student, H, h, c)
        where = f"minimise, eigenvalues {values}, h in the range"
        judge_minimum(got, "trough", x, level_of(x, h, c), k, H, where)


@pytest.mark.task("minimise", weight=2, core=True)
def test_ramps(student, rng):
    for values, k in (([0, 0, 1, 3, 20], 2), ([0, 0.5, 1, 1, 2], 1)):
        H, axes = turned(values, rng)
        slope = rng.uniform(1, 2, size=k) * np.array([-1, 1])[:k]
        for sign in (1, -1):
            h = H @ rng.normal(size=5) + sign * axes[:, :k] @ slope
            got = minimum_of(student, H, h, 1.0)
            where = f"minimise, eigenvalues {values}, h outside the range"
            judge_way_down(got, "ramp", H, h, where)
    H = np.diag([0.0, 0.0, 0.0, 1.0])
    for h in (np.array([2.0, -2.0, 0.0, 1.0]), np.array([0.0, 2.0, -2.0, 1.0])):
        got = minimum_of(student, H, h, 1.0)
        where = "minimise, h at a right angle to a flat axis"
        judge_way_down(got, "ramp", H, h, where)
    # A part of 1e-8 outside the range: h minus its other part is mostly rounding.
    H, axes = turned([0, 1, 2, 4], rng)
    h = H @ rng.uniform(1, 2, size=4) + 1e-8 * axes[:, 0]
    got = minimum_of(student, H, h, 1.0)
    where = "minimise, h hardly outside the range"
    check.equal(got.kind, "ramp", where=f"{where}: kind", look=CONTRACT)
    d = judge_columns(got, 4, 1, where)[:, 0]
    check.close(H @ d, 0 * d, atol=4e-10, where=f"{where}: Hd", look=CONTRACT)


@pytest.mark.task("minimise", weight=2, core=True)
def test_saddles(student, rng):
    for values in ([-0.01, 1, 2, 5], [-4, -3, -2, -1], [-1, 0, 0, 9], [-1e-5, 1, 1, 1]):
        H, _ = turned(values, rng)
        h = rng.normal(size=4)
        got = minimum_of(student, H, h, 1.0)
        judge_way_down(got, "saddle", H, h, f"minimise, eigenvalues {values}")
    H, h = np.array([[0.0, 1.0], [1.0, 0.0]]), np.ones(2)
    got = minimum_of(student, H, h, 1.0)
    judge_way_down(got, "saddle", H, h, "minimise, H = ((0, 1), (1, 0))")


@pytest.mark.task("minimise")
def test_accuracy_of_an_ill_conditioned_bowl(student, rng):
    H, _ = turned(10.0 ** -np.arange(9.0), rng)
    x = rng.uniform(1, 2, size=9)
    got = minimum_of(student, H, H @ x, 0.0)
    look = "An error of kappa * 1e-14, not of kappa squared. " + CONTRACT
    where = "minimise, a condition number of 1e8"
    judge_minimum(got, "bowl", x, level_of(x, H @ x, 0.0), 0, H, where, 4e-6, look)


@pytest.mark.task("minimise")
def test_scales_of_minimise(student, rng):
    H, axes = turned([0, 1, 3, 20], rng)
    full, _ = turned([0.5, 1, 2, 4], rng)
    x = axes[:, 1:] @ rng.uniform(1, 2, size=3)
    for s, t in ((1e-60, 1e-60), (1e60, 1e-40), (1e-40, 1e60), (1e50, 1e60)):
        where = f"minimise, H of size {s:g}, h of size {t:g}"
        h = H @ x * t
        at, c = x / s * t, float(x @ H @ x) / s * t * t
        got = minimum_of(student, H * s, h, c)
        value = level_of(at, h, c)
        judge_minimum(got, "trough", at, value, 1, H, where, look=CONTRACT)
        got = minimum_of(student, full * s, full @ x * t, c)
        value = level_of(at, full @ x * t, c)
        judge_minimum(got, "bowl", at, value, 0, H, where, look=CONTRACT)
        got = minimum_of(student, H * s, h - axes[:, 0] * t, c)
        judge_way_down(got, "ramp", H * s, h - axes[:, 0] * t, where, CONTRACT)
    H, h = np.diag([2e60, 1e60]), np.array([2e60, 3e60])
    got = minimum_of(student, H, h, 0.0, np.float32(1e-7))
    where = "minimise, H of size 1e60, rtol in float32"
    judge_minimum(got, "bowl", [1.0, 3.0], -5.5e60, 0, H, where, look=CONTRACT)
    H, _ = turned(np.linspace(1, 2, 24), rng)
    got = minimum_of(student, H, H @ np.ones(24), 0.0)
    value = level_of(np.ones(24), H @ np.ones(24), 0.0)
    judge_minimum(got, "bowl", np.ones(24), value, 0, H, "minimise, n = 24")


@pytest.mark.task("minimise")
def test_tolerances_of_minimise(student):
    thin, h = np.diag([2.0, 2e-11]), np.array([4.0, 4e-11])
    got = minimum_of(student, thin, h, 1.0)
    where = "minimise, eigenvalues 2 and 2e-11"
    judge_minimum(got, "trough", [2.0, 0.0], -3.0, 1, thin / 1e2, where, look=CONTRACT)
    got = minimum_of(student, thin, h, 1.0, 1e-13)
    where = f"{where}, rtol = 1e-13"
    judge_minimum(got, "bowl", [2.0, 2.0], -3.0, 0, thin, where, look=CONTRACT)
    got = minimum_of(student, np.diag([1.0, 5e-11]), np.array([1.0, 0.0]), 0.0)
    check.equal(got.kind, "trough", where="minimise, 1 and 5e-11", look=CONTRACT)
    thin = np.diag([1.0, 5e-13])
    got = minimum_of(student, thin, np.array([1.0, 5e-13]), 0.0, 1e-13)
    where = "minimise, eigenvalues 1 and 5e-13, rtol = 1e-13"
    judge_minimum(got, "bowl", [1.0, 1.0], -0.5, 0, thin, where, look=CONTRACT)
    flat = np.diag([4.0, 1.0])
    got = minimum_of(student, flat, np.array([8.0, 0.0]), 0.0, 0.25)
    where = "minimise, eigenvalues 4 and 1, rtol = 1/4"
    check.equal(got.kind, "trough", where=f"{where}: kind", look=CONTRACT)
    judge_columns(got, 2, 1, where, CONTRACT)
    got = minimum_of(student, flat, np.array([8.0, 0.0]), 0.0, 0.4)
    where = "minimise, eigenvalues 4 and 1, rtol = 0.4"
    check.equal(got.kind, "trough", where=f"{where}: kind", look=CONTRACT)
    check.shape(got.directions, (2, 1), where=f"{where}: directions", look=CONTRACT)
    vector(np.abs(got.directions[:, 0]), [0.0, 1.0], 1e-9, f"{where}: directions")


@pytest.mark.task("minimise")
def test_small_and_empty_and_integers_of_minimise(student):
    nothing = np.zeros((0, 0))
    got = minimum_of(student, nothing, np.zeros(0), 2.5)
    judge_minimum(got, "bowl", np.zeros(0), 2.5, 0, nothing, "minimise, n = 0")
    one = np.array([[4.0]])
    c = np.float32(0.1)
    got = minimum_of(student, one, np.array([-2.0]), c)
    where = "minimise, n = 1, c in float32"
    judge_minimum(got, "bowl", [-0.5], float(c) - 0.5, 0, one, where)
    for h in (3.0, -3.0):
        where = f"minimise, n = 1, h = {h:g}"
        got = minimum_of(student, -one, np.array([h]), 1.0)
        judge_way_down(got, "saddle", -one, np.array([h]), f"{where}, H = -4")
        got = minimum_of(student, 0 * one, np.array([h]), 1.0)
        judge_way_down(got, "ramp", 0 * one, np.array([h]), f"{where}, H = 0")
    zero = np.zeros((3, 3))
    got = minimum_of(student, zero, np.zeros(3), 7.0)
    judge_minimum(got, "trough", np.zeros(3), 7.0, 3, zero, "minimise, H = 0, h = 0")
    got = minimum_of(student, PLANE, np.array([4, 2, 0]), np.int64(3))
    x = np.array([1.0, 0.0, 0.0])
    x -= DOWN * (DOWN @ x) / (DOWN @ DOWN)
    judge_minimum(got, "trough", x, 1.0, 1, PLANE, "minimise, integers")


@pytest.mark.task("minimise")
def test_refusals_of_minimise(student):
    bent, h = np.eye(2), np.ones(2)
    bent[0, 1], bent[1, 0] = 0.25, np.nextafter(0.25, 1.0)
    cases = (
        ("a matrix of 2 x 3", (np.ones((2, 3)), h, 0.0)),
        ("an H that is not symmetric", (np.array([[1.0, 2.0], [0.0, 1.0]]), h, 0.0)),
        ("an h of three numbers", (np.eye(2), np.ones(3), 0.0)),
        ("a NaN in H", (np.diag([1.0, math.nan]), h, 0.0)),
        ("an infinity in h", (np.eye(2), np.array([0.0, math.inf]), 0.0)),
        ("minus infinity in h", (np.eye(2), np.array([0.0, -math.inf]), 0.0)),
        ("an infinity in H", (np.diag([math.inf, 1.0]), h, 0.0)),
        ("h as a row", (np.eye(2), np.ones((1, 2)), 0.0)),
        ("h as a column", (np.eye(2), np.ones((2, 1)), 0.0)),
        ("n = 1 and an h without an axis", (np.eye(1), np.array(1.0), 0.0)),
        ("a NaN in h", (np.eye(2), np.array([math.nan, 0.0]), 0.0)),
        ("a one-dimensional H", (h[:1], h[:1], 0.0)),
        ("a matrix of 2 x 2 x 2", (np.ones((2, 2, 2)), h, 0.0)),
        ("an H that is not symmetric in its last bit", (bent, h, 0.0)),
    )
    refuses(student.minimise, cases, "minimise")


@pytest.mark.task("minimise")
def test_arguments_are_kept_of_minimise(student, rng):
    H, _ = turned([0, 1, 2], rng)
    parts = [("x",), ("directions",)]
    for kind in (H, np.eye(3), np.zeros((3, 3))):
        h = kind @ DOWN
        keeps_its_arguments(student, "minimise", [kind, h, 1.0], parts)
    parts = [("directions",)]
    for kind in (np.zeros((3, 3)), -np.eye(3)):
        unit = np.array([0.0, 1.0, 0.0])
        keeps_its_arguments(student, "minimise", [kind, unit, 1.0], parts)
