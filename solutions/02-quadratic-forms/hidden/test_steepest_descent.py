"""Hidden tests of `steepest_descent`: its points, its endings, then the edges."""

import numpy as np
import pytest
from hidden import descents, keeping
from hidden.answers import CONTRACT, STEP_4, turned, vector
from hidden.descents import run_of

from autograder.student.testing import check

NAME = "steepest_descent"


@pytest.mark.task("steepest_descent", weight=2, core=True)
def test_points_of_steepest_descent(student, reference, rng):
    for kind, H, h, x0 in descents.bowls(rng):
        asked = (NAME, H, h, x0, 1e-12, 7)
        run = run_of(student, *asked, watched=True)
        want = run_of(reference, *asked, watched=True)
        descents.judge_path(run, want, f"{NAME}, {kind}", STEP_4)


@pytest.mark.task("steepest_descent", weight=2, core=True)
def test_convergence(student, reference, rng):
    for kind, H, h, x0 in descents.bowls(rng):
        for rtol in (1e-2, 1e-6):
            where = f"{NAME}, {kind}, rtol = {rtol:g}"
            run = run_of(student, NAME, H, h, x0, rtol)
            want = run_of(reference, NAME, H, h, x0, rtol)
            descents.judge_end(run, "converged", where, STEP_4)
            descents.judge_residuals(run, want, where, STEP_4)
            descents.judge_truth(run, lambda v, H=H: H @ v, h, rtol, where, STEP_4)


@pytest.mark.task("steepest_descent", weight=2, core=True)
def test_no_minimum_of_steepest_descent(student, rng):
    descents.ask_no_minimum(student, NAME, descents.falling_at_once(rng))


@pytest.mark.task("steepest_descent")
def test_products_of_steepest_descent(student, rng):
    H, _ = turned([1, 2, 3, 4, 5], rng)
    h, x0 = rng.normal(size=(2, 5))
    run = run_of(student, NAME, H, h, x0, counts=True, maxiter=300)
    descents.judge_products(run, 1, f"{NAME}, n = 5")


@pytest.mark.task("steepest_descent")
def test_a_large_matrix_of_steepest_descent(student, reference, rng):
    h = rng.normal(size=2000)
    descents.judge_large(student, reference, NAME, h, shift=1.0, rtol=1e-6, look=STEP_4)


@pytest.mark.task("steepest_descent")
def test_many_minima_of_steepest_descent(student, rng):
    H = np.array([[1.0, 1.0], [1.0, 1.0]])
    run = run_of(student, NAME, H, np.array([2.0, 2.0]), np.array([3.0, 0.0]))
    where = f"{NAME}, H = [[1, 1], [1, 1]], h = (2, 2)"
    descents.judge_end(run, "converged", where)
    vector(run.x, [2.5, -0.5], 1e-7, f"{where}: x", CONTRACT)


@pytest.mark.task("steepest_descent")
def test_far_start_of_steepest_descent(student, rng):
    descents.ask_far_start(student, NAME, rng)


@pytest.mark.task("steepest_descent")
def test_scales_of_steepest_descent(student, rng):
    descents.ask_scales(student, NAME, rng)


@pytest.mark.task("steepest_descent")
def test_trivial_of_steepest_descent(student):
    descents.ask_trivial(student, NAME)


@pytest.mark.task("steepest_descent")
def test_limits_of_steepest_descent(student):
    descents.ask_limits(student, NAME)
    steep = np.diag([1.0, 1e6])  # each step saves a part in 500,000
    descents.ask_default_steps(student, NAME, steep, np.ones(2), np.zeros(2))


@pytest.mark.task("steepest_descent")
def test_integers_of_steepest_descent(student):
    descents.ask_integers(student, NAME)


@pytest.mark.task("steepest_descent")
def test_refusals_of_steepest_descent(student):
    descents.ask_refusals(student, NAME)


@pytest.mark.task("steepest_descent")
def test_careless_functions_of_steepest_descent(student, rng):
    keeping.ask_careless(student, NAME, rng)


@pytest.mark.task("steepest_descent")
def test_overflow_of_steepest_descent(student):
    descents.ask_overflow(student, NAME)


@pytest.mark.task("steepest_descent")
def test_saddles_of_steepest_descent(student, rng):
    bent, axes = turned([-1, 1, 2, 4], rng)
    h = axes @ np.array([0.1, 3.0, -2.0, 1.0])
    run = run_of(student, NAME, bent, h, np.zeros(4), maxiter=100)
    where = f"{NAME}, one eigenvalue is negative, r hardly along it"
    good = run.status in ("unbounded", "maxiter")
    evidence = f"got {check.show(run.status)}, and r can only grow"
    check.true(good, where=where, evidence=evidence, look=STEP_4)
    if run.status == "unbounded":
        descents.judge_way_down(run, lambda v: bent @ v, h, where, CONTRACT)


@pytest.mark.task("steepest_descent")
def test_a_long_run_of_steepest_descent(student, reference, rng):
    descents.ask_long_run(student, reference, NAME, rng)


@pytest.mark.task("steepest_descent")
def test_the_last_step_of_steepest_descent(student, rng):
    descents.ask_last_step(student, NAME, rng)


@pytest.mark.task("steepest_descent")
def test_flat_beside_rounding_of_steepest_descent(student):
    """The second residual is (-1e-15, b), of a curvature of 1e-15."""
    H = np.diag([1.0, 0.0])
    run = run_of(student, NAME, H, np.array([1.0, 1.2e-7]), np.zeros(2), maxiter=2)
    where = f"{NAME}, H = diag(1, 0), h = (1, 1.2e-7): p'Hp is 1.4e-14 p'p"
    descents.judge_end(run, "maxiter", where)
    for b in (3e-8, 5e-8, 9.5e-8):
        h, where = np.array([1.0, b]), f"{NAME}, H = diag(1, 0), h = (1, {b:g})"
        run = run_of(student, NAME, H, h, np.zeros(2))
        descents.judge_way_down(run, lambda v: H @ v, h, where, STEP_4)
