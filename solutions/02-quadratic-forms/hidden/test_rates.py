"""Hidden tests of `rates`: the measured ratios and the two bounds, then refusals."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hidden.answers import (
    STEP_6,
    keeps_its_arguments,
    number,
    refuses,
    turned,
    vector,
)

PARTS = ("measured", "descent_bound", "conjugate_bound")


def rates_of(student, H, x_star, path):
    """Call rates and read every field."""
    got = student.rates(H, x_star, path)
    fields = {name: getattr(got, name) for name in PARTS}
    return SimpleNamespace(kappa=got.kappa, **fields)


def measured_of(H, x_star, path):
    """Return the ratios of energies, point by point."""
    energies = []
    for x in path:
        e = np.asarray(x, dtype=np.float64) - x_star
        energies.append(math.sqrt(e @ H @ e))
    return np.array(energies) / energies[0]


def bound_of(q, factor, points):
    return np.array([factor * q**k for k in range(points)])


def walk(rng, n, points):
    return [rng.normal(size=n) * 0.5**k for k in range(points)]


@pytest.mark.task("rates", weight=2, core=True)
def test_measured(student, rng):
    H, _ = turned([0.5, 2, 8, 50], rng)
    x_star, path = rng.normal(size=4), walk(rng, 4, 6)
    got = rates_of(student, H, x_star, path)
    where = "rates, n = 4, six points: measured"
    vector(got.measured, measured_of(H, x_star, path), 1e-10, where, STEP_6)


@pytest.mark.task("rates", weight=2, core=True)
def test_bounds(student, rng):
    for values in ([0.5, 2, 8, 50], [2, 2, 3], [1e-3, 1, 1e3]):
        H, _ = turned(values, rng)
        x_star, path = rng.normal(size=len(values)), walk(rng, len(values), 7)
        got = rates_of(student, H, x_star, path)
        judge_bounds(got, values[-1] / values[0], 7, f"rates, eigenvalues {values}")


def judge_bounds(got, kappa, points, where):
    """Check kappa and both bounds after 0, 1, ... steps."""
    root = math.sqrt(kappa)
    number(got.kappa, kappa, 1e-9, f"{where}: kappa", STEP_6)
    want = bound_of((kappa - 1) / (kappa + 1), 1.0, points)
    vector(got.descent_bound, want, 1e-9, f"{where}: descent_bound", STEP_6)
    want = bound_of((root - 1) / (root + 1), 2.0, points)
    vector(got.conjugate_bound, want, 1e-9, f"{where}: conjugate_bound", STEP_6)


@pytest.mark.task("rates")
def test_kinds_of_paths(student, rng):
    H, _ = turned([1, 2, 5], rng)
    x_star, path = np.array([1.0, -2.0, 3.0]), walk(rng, 3, 4)
    ends = [*path, x_star]
    many = np.int64(10**9)
    whole = np.array([[4, 0, 1], [-20, -2, 30], [120, 5, -110]], np.int8)
    tiny = [x_star + 1e-12 * p for p in path]
    one, large = np.array([[3.0]]), turned(np.linspace(1, 2, 30), rng)[0]
    for kind, matrix, star, points, tol in (
        ("an array of points", H, x_star, np.array(path), 1e-10),
        ("one point", H, x_star, path[:1], 1e-10),
        ("the last point is x_star", H, x_star, ends, 1e-10),
        (
            "integers",
            np.array([[2, 0, 0], [0, 3, 0], [0, 0, 4]]),
            whole[1],
            whole,
            1e-10,
        ),
        ("large int64", np.diag([2, 3, 4]), many * whole[1], many * whole, 1e-10),
        ("points close to x_star", H, x_star, tiny, 1e-3),
        ("n = 30", large, 2 * large[0], large[:3], 1e-10),
        ("H of size 1e-40", H * 1e-40, x_star, path, 1e-10),
        ("H of size 1e40", H * 1e40, x_star, path, 1e-10),
        ("points of size 1e-60", H, 0 * x_star, [1e-60 * p for p in path], 1e-10),
        (
            "float32",
            H.astype(np.float32),
            x_star.astype(np.float32) / 3,
            np.array(path, np.float32),
            1e-10,
        ),
        ("n = 1", one, np.array([1.0]), [np.array([3.0]), np.array([0.5])], 1e-10),
    ):
        got = rates_of(student, matrix, star, points)
        where = f"rates, {kind}"
        want = measured_of(matrix, star, points)
        vector(got.measured, want, tol, f"{where}: measured")
        values = np.linalg.eigvalsh(np.asarray(matrix, dtype=np.float64))
        judge_bounds(got, values[-1] / values[0], len(points), where)


@pytest.mark.task("rates")
def test_a_long_path_from_beside_x_star(student, rng):
    H, star, count = np.diag([1.0, 2.0, 1.5]), np.array([1.0, -2.0, 3.0]), 150
    path = [np.nextafter(star, 9.0)]
    path += [star + 0.9**k * rng.uniform(0.5, 1, size=3) for k in range(1, count)]
    got = rates_of(student, H, star, path)
    where = "rates, 150 points, the first a rounding away from x_star"
    vector(got.measured, measured_of(H, star, path), 1e-9, f"{where}: measured")
    root = math.sqrt(2)
    for name, ratio, factor in (
        ("descent_bound", 1 / 3, 1.0),
        ("conjugate_bound", (root - 1) / (root + 1), 2.0),
    ):
        want = bound_of(ratio, factor, count)
        vector(getattr(got, name), want, 1e-9, f"{where}: {name}", STEP_6)


@pytest.mark.task("rates")
def test_an_ill_conditioned_matrix(student):
    H = np.diag([1e-13, 1.0])
    path = [np.array([1.0, 0.0]), np.array([0.5, 0.0])]
    got = rates_of(student, H, np.zeros(2), path)
    where = "rates, eigenvalues 1e-13 and 1"
    number(got.kappa, 1e13, 1e-9, f"{where}: kappa")
    thin = rates_of(student, np.diag([2e-14, 1.0]), np.zeros(2), path)
    number(thin.kappa, 5e13, 1e-9, "rates, eigenvalues 2e-14 and 1: kappa")
    vector(got.measured, [1.0, 0.5], 1e-9, f"{where}: measured")


@pytest.mark.task("rates")
def test_refusals_of_rates(student):
    H, star, path = np.eye(2), np.zeros(2), [np.ones(2), np.zeros(2)]
    one = np.eye(1)
    cases = (
        ("a negative eigenvalue", (np.diag([1.0, -2.0]), star, path)),
        ("two negative eigenvalues", (-H, star, path)),
        ("an eigenvalue of 0", (np.diag([1.0, 0.0]), star, path)),
        ("eigenvalues 1 and 1e-15", (np.diag([1.0, 1e-15]), star, path)),
        ("H = 0", (0 * H, star, path)),
        ("eigenvalues 1 and 5e-15", (np.diag([1.0, 5e-15]), star, path)),
        ("eigenvalues 1 and 1e-14", (np.diag([1.0, 1e-14]), star, path)),
        ("a matrix of 1 x 2 x 2", (H[None], star, path)),
        ("an x_star that is a column", (H, star[:, None], path)),
        ("an x_star that is a row", (H, star[None], path)),
        ("n = 1 and an x_star without an axis", (one, np.array(0.0), path[0][:, None])),
        ("n = 1 and points without an axis", (one, star[:1], path[0])),
        ("a one-dimensional H", (path[0], star, path)),
        ("n = 1 and an H without an axis", (np.array(2.0), star[:1], np.ones((2, 1)))),
        ("points that are rows", (H, star, np.ones((3, 1, 2)))),
        ("a point of one number amid others", (H, star, [path[0], np.ones(1), star])),
        ("points that are columns", (H, star, np.ones((3, 2, 1)))),
        ("an empty path", (H, star, [])),
        ("an array of no points", (H, star, np.zeros((0, 2)))),
        ("x_0 = x_star", (H, star, path[::-1])),
        ("a matrix of 2 x 3", (np.ones((2, 3)), star, path)),
        ("an x_star of one number", (H, np.zeros(1), path)),
        ("points of one number", (H, star, [np.ones(1), np.zeros(1)])),
        ("points of three numbers", (H, star, [np.ones(3), np.zeros(3)])),
        ("a single point instead of a path", (H, star, np.ones(2))),
    )
    refuses(student.rates, cases, "rates")


@pytest.mark.task("rates")
def test_arguments_are_kept_of_rates(student, rng):
    H, _ = turned([1, 2, 5], rng)
    path = rng.normal(size=(4, 3))
    parts = [(name,) for name in PARTS]
    keeps_its_arguments(student, "rates", [H, path[0] + 1, path], parts)
