"""Hidden tests of `conjugate_gradient`: points, steps, honesty, then the edges."""

import numpy as np
import pytest
from hidden import descents, keeping
from hidden.answers import CONTRACT, STEP_5, STEP_8, turned, vector
from hidden.descents import run_of, steps_of

from autograder.student.testing import check

NAME = "conjugate_gradient"


@pytest.mark.task("conjugate_gradient", weight=3, core=True)
def test_points_of_conjugate_gradient(student, reference, rng):
    for kind, H, h, x0 in descents.bowls(rng):
        asked = (NAME, H, h, x0, 1e-6, 5)
        run = run_of(student, *asked, watched=True)
        want = run_of(reference, *asked, watched=True)
        descents.judge_path(run, want, f"{NAME}, {kind}", STEP_5)
        descents.judge_residuals(run, want, f"{NAME}, {kind}", STEP_5)


@pytest.mark.task("conjugate_gradient", weight=2, core=True)
def test_one_step_for_each_eigenvalue(student, rng):
    for values in ([1, 10], [1, 3, 10, 40], [5]):
        H, _ = turned(np.repeat(values, 12 // len(values)), rng)
        h, x0 = rng.normal(size=12), rng.normal(size=12)
        where = f"{NAME}, n = 12, eigenvalues {values}"
        run = run_of(student, NAME, H, h, x0, rtol=1e-7)
        descents.judge_truth(run, lambda v, H=H: H @ v, h, 1e-7, where, STEP_5)
        steps, most = steps_of(run, where), len(values)
        check.equal(steps, most, where=f"{where}: steps", look=STEP_5)


@pytest.mark.task("conjugate_gradient", weight=2, core=True)
def test_no_minimum_of_conjugate_gradient(student, rng):
    descents.ask_no_minimum(student, NAME, descents.falling_at_once(rng))
    descents.ask_no_minimum(student, NAME, descents.falling_later(rng))


@pytest.mark.task("conjugate_gradient", weight=2, core=True)
def test_what_converged_means(student, rng):
    run, where = descents.ask_far_start(student, NAME, rng)
    check.at_most(steps_of(run, where), 20, where=f"{where}: steps", look=STEP_8)


@pytest.mark.task("conjugate_gradient")
def test_a_restart_begins_anew(student, rng):
    H, _ = turned([1, 2, 5, 10, 20, 50, 100], rng)
    for _ in range(2):
        h, x0 = rng.normal(size=7), 1e10 * rng.uniform(1, 2, size=7)
        run = run_of(student, NAME, H, h, x0, 1e-9, 60, watched=True)
        where = f"{NAME} from a start of size 1e10"
        descents.judge_truth(run, lambda v: H @ v, h, 1e-9, where, STEP_8)
        descents.judge_restart(run, lambda v: H @ v, h, where, STEP_8)


@pytest.mark.task("conjugate_gradient")
def test_an_aim_out_of_reach(student, rng):
    H, _ = turned(10.0 ** np.linspace(-8, 0, 20), rng)
    h = H @ rng.uniform(1, 2, size=20)
    far = 1e6 * np.ones(20)  # rounding cannot meet the aim
    descents.ask_default_steps(student, NAME, H, h, far, rtol=1e-17)


@pytest.mark.task("conjugate_gradient")
def test_products_of_conjugate_gradient(student, rng):
    H, _ = turned([1, 2, 3, 4, 5], rng)
    run = run_of(student, NAME, H, *rng.normal(size=(2, 5)), 1e-6, 60, counts=True)
    descents.judge_products(run, 1, f"{NAME}, n = 5")


@pytest.mark.task("conjugate_gradient", weight=2)
def test_large_matrices(student, reference, rng):
    h = rng.normal(size=2000)
    for shift, rtol in ((0.05, 1e-8), (0.001, 1e-6)):
        descents.judge_large(
            student,
            reference,
            NAME,
            h,
            shift=shift,
            rtol=rtol,
            maxiter=4000,
            look=STEP_5,
        )


@pytest.mark.task("conjugate_gradient")
def test_thin_bowls(student):
    for thin in (1e-9, 1e-12, 3e-13):
        H, h = np.diag([1.0, thin]), np.array([1.0, 3 * thin])
        run = run_of(student, NAME, H, h, np.zeros(2), 1e-14, 50)
        where = f"{NAME}, eigenvalues 1 and {thin:g}: thin, and no ramp"
        descents.judge_end(run, "converged", where)
        vector(run.x, [1.0, 3.0], 1e-2, f"{where}: x", CONTRACT)
    H = np.diag([1.0, 1e-15])
    run = run_of(student, NAME, H, np.array([0.0, 1.0]), np.array([2.0, 0.0]))
    where = f"{NAME}, eigenvalues 1 and 1e-15: flat beside rounding"
    descents.judge_end(run, "unbounded", where)


@pytest.mark.task("conjugate_gradient")
def test_many_minima_of_conjugate_gradient(student, rng):
    H, axes = turned([0, 0, 1, 4, 9], rng)
    x0 = rng.normal(size=5)
    h = H @ rng.normal(size=5)
    run = run_of(student, NAME, H, h, x0)
    where = f"{NAME}, two eigenvalues are 0, h in the range"
    descents.judge_truth(run, lambda v: H @ v, h, 1e-8, where, CONTRACT)
    null = axes[:, :2]
    kept, got = null @ (null.T @ x0), null @ (null.T @ np.asarray(run.x))
    where = f"{where}: the part of x in the null space, which no step changes"
    vector(got, kept, 1e-7, where, STEP_5)


@pytest.mark.task("conjugate_gradient")
def test_a_saddle_that_no_step_sees(student):
    H, h = np.diag([1.0, -1.0]), np.array([1.0, 0.0])
    run = run_of(student, NAME, H, h, np.zeros(2))
    where = f"{NAME}, H = diag(1, -1), h = (1, 0), from 0: r is 0 after a step"
    descents.judge_end(run, "converged", where)


@pytest.mark.task("conjugate_gradient")
def test_scales_of_conjugate_gradient(student, rng):
    descents.ask_scales(student, NAME, rng)


@pytest.mark.task("conjugate_gradient")
def test_trivial_of_conjugate_gradient(student):
    descents.ask_trivial(student, NAME)


@pytest.mark.task("conjugate_gradient")
def test_limits_of_conjugate_gradient(student):
    descents.ask_limits(student, NAME)


@pytest.mark.task("conjugate_gradient")
def test_integers_of_conjugate_gradient(student):
    descents.ask_integers(student, NAME)


@pytest.mark.task("conjugate_gradient")
def test_refusals_of_conjugate_gradient(student):
    descents.ask_refusals(student, NAME)


@pytest.mark.task("conjugate_gradient")
def test_careless_functions_of_conjugate_gradient(student, rng):
    keeping.ask_careless(student, NAME, rng)


@pytest.mark.task("conjugate_gradient")
def test_overflow_of_conjugate_gradient(student):
    descents.ask_overflow(student, NAME)


@pytest.mark.task("conjugate_gradient")
def test_a_long_run_of_conjugate_gradient(student, reference, rng):
    descents.ask_long_run(student, reference, NAME, rng)


@pytest.mark.task("conjugate_gradient")
def test_more_steps_than_dimensions(student, reference, rng):
    k = np.arange(24)
    H, _ = turned(0.1 + k / 23 * 99.9 * 0.65 ** (23 - k), rng)
    asked = (NAME, H, rng.normal(size=24), np.zeros(24), 1e-9)
    run, want = run_of(student, *asked), run_of(reference, *asked)
    where = f"{NAME}, n = 24, eigenvalues that crowd"
    descents.judge_truth(run, lambda v: H @ v, asked[2], 1e-9, where, STEP_8)
    steps, most = steps_of(run, where), len(want.residuals) + 4
    check.at_most(steps, most, where=f"{where}: steps", look=STEP_8)


@pytest.mark.task("conjugate_gradient")
def test_the_last_step_of_conjugate_gradient(student, rng):
    descents.ask_last_step(student, NAME, rng)


@pytest.mark.task("conjugate_gradient")
def test_flat_beside_rounding_of_conjugate_gradient(student, rng):
    descents.ask_flat(student, NAME, rng)
    for ratio, status in ((8e-15, "unbounded"), (1.3e-14, "maxiter")):
        H, where = np.diag([1, 1e-10, 0]), f"{NAME}, the second p'Hp / p'p is"
        for h in (
            [1, 1e-5, (1e-20 / ratio) ** 0.5],
            [1, (1e10 * ratio) ** 0.5, 1e3],  # the second r is longer, p longer still
        ):
            run = run_of(student, NAME, H, np.array(h), np.zeros(3), maxiter=2)
            descents.judge_end(run, status, f"{where} {ratio:g} of the first, h = {h}")
