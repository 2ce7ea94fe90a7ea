"""Hidden tests of `preconditioned`: points, steps, calls, then the edges."""

import functools
import itertools

import numpy as np
import pytest
from hidden import descents, keeping
from hidden.answers import CONTRACT, STEP_7, refuses, turned
from hidden.descents import multiplied, plain, run_of, steps_of

from autograder.student.testing import check

NAME = "preconditioned"


@pytest.mark.task("preconditioned", weight=3, core=True)
def test_points_of_preconditioned(student, reference, rng):
    for kind, H, h, x0 in descents.bowls(rng):
        M, _ = turned(rng.uniform(1, 9, size=len(h)), rng)
        back = np.linalg.inv(M)
        for name, inverse in (
            ("the diagonal", np.diag(1 / np.diag(H))),
            ("a full matrix", back),
            ("nothing", np.eye(len(h))),
        ):
            where = f"{NAME}, {kind}, M is {name}"
            divide = student.keep_function(multiplied, matrix=inverse)
            run = run_of(student, NAME, H, h, x0, divide, 1e-6, 5, watched=True)
            divide = functools.partial(multiplied, matrix=inverse)
            want = run_of(reference, NAME, H, h, x0, divide, 1e-6, 5, watched=True)
            descents.judge_path(run, want, where, STEP_7)
            descents.judge_residuals(run, want, where, STEP_7)


@pytest.mark.task("preconditioned", weight=2, core=True)
def test_fewer_steps(student, rng):
    scales = 10.0 ** np.linspace(-3, 3, 30)
    core, _ = turned(np.repeat([1, 2, 4], 10), rng)
    H = scales[:, None] * core * scales
    h = rng.normal(size=30)
    where = f"{NAME}, rows of sizes 1e-6 to 1e6"
    run = run_of(student, NAME, H, h, np.zeros(30), lambda r: r / scales**2, 1e-9, 30)
    descents.judge_truth(run, lambda v: H @ v, h, 1e-9, where, STEP_7)
    steps = steps_of(run, where)
    check.at_most(steps, 8, where=f"{where}: steps", look=STEP_7)


@pytest.mark.task("preconditioned", core=True)
def test_the_aim_is_about_r(student, reference, rng):
    H, _ = turned(np.linspace(1, 40, 15), rng)
    some, none = rng.normal(size=15), np.zeros(15)
    for size, h, x0 in itertools.chain.from_iterable(
        ((s, some, none), (s, none, some)) for s in (1e-8, 1e8)
    ):
        where = f"{NAME}, M is {size:g} times the identity"
        where += "" if h.any() else ", h = 0"
        asked, limits = (NAME, H, h, x0), (1e-3, 100)
        divide = student.keep_function(divided, sizes=size**0.5)
        run = run_of(student, *asked, divide, *limits)
        want = run_of(reference, *asked, lambda r, s=size: r / s, *limits)
        descents.judge_residuals(run, want, where, STEP_7)
        descents.judge_end(run, "converged", where, STEP_7)


@pytest.mark.task("preconditioned")
def test_calls(student, rng):
    H, _ = turned([1, 3, 9, 27, 81], rng)
    h, count = rng.normal(size=5), check.counted(lambda r: r / np.diag(H))
    run = run_of(student, NAME, H, h, np.ones(5), count, counts=True, maxiter=60)
    where = f"{NAME}: calls of precondition, one for each step"
    check.at_most(count.calls, steps_of(run, where), where=where, look=CONTRACT)
    descents.judge_products(run, 1, NAME)
    for most in (0, 2):
        count = check.counted(lambda r: r / np.diag(H))
        run_of(student, NAME, H, h, np.ones(5), count, maxiter=most)
        where = f"{NAME}, maxiter = {most}: calls of precondition"
        check.at_most(count.calls, most, where=where, look=CONTRACT)
    flat = check.counted(plain)
    end = run_of(
        student, NAME, np.diag([4.0, 0]), np.array([4.0, 1]), np.zeros(2), flat
    )
    where = f"{NAME}, a ramp: calls of precondition"
    check.at_most(flat.calls, steps_of(end, where) + 1, where=where, look=CONTRACT)
    done = check.counted(plain)
    run_of(student, NAME, H, H @ h, h, done)
    where = f"{NAME}, x0 is the minimum: calls of precondition"
    check.equal(done.calls, 0, where=where, look=CONTRACT)


def divided(r, sizes):
    """Return r over the diagonal."""
    return r / sizes**2


@pytest.mark.task("preconditioned")
def test_large_matrices_of_preconditioned(student, reference, rng):
    sizes, h = 10.0 ** np.linspace(-2, 2, 2000), rng.normal(size=2000)
    for shift in (0.5, 0.001):
        scaled = {"shift": shift, "sizes": sizes}
        far = student.keep_function(divided, sizes=sizes)
        run = descents.large_run(student, NAME, h, far, **scaled)
        product = functools.partial(descents.chain, **scaled)
        divide = functools.partial(divided, sizes=sizes)
        want = descents.steps_on_chain(reference, NAME, h, divide, **scaled)
        where = f"{NAME}, n = 2000, badly scaled, shift = {shift:g}"
        descents.judge_truth(run, product, h, 1e-8, where, STEP_7)
        steps, most = steps_of(run, where), 1.1 * want + 6
        check.at_most(steps, most, where=f"{where}: steps", look=STEP_7)


@pytest.mark.task("preconditioned")
def test_no_minimum_of_preconditioned(student, rng):
    descents.ask_no_minimum(student, NAME, descents.falling_at_once(rng))
    descents.ask_no_minimum(student, NAME, descents.falling_later(rng))
    H, _ = turned([-1, 1, 2, 4], rng)
    h, M = rng.normal(size=4), np.array([1.0, 2.0, 3.0, 4.0])
    run = run_of(student, NAME, H, h, 0 * h, lambda r: r / M, maxiter=100)
    where = f"{NAME}, one eigenvalue is negative, M is diagonal"
    descents.judge_way_down(run, lambda v: H @ v, h, where, CONTRACT)


@pytest.mark.task("preconditioned")
def test_far_start_of_preconditioned(student, rng):
    run, where = descents.ask_far_start(student, NAME, rng, plain)
    check.at_most(steps_of(run, where), 20, where=f"{where}: steps", look=CONTRACT)
    H, _ = turned([1, 2, 5, 10, 20, 50, 100], rng)
    seen = []

    def divide(r):
        seen.append(r.tobytes())
        return r / np.arange(1, 8)

    for _ in range(2):
        seen.clear()
        h, x0 = rng.normal(size=7), 1e10 * rng.uniform(1, 2, size=7)
        run = run_of(student, NAME, H, h, x0, divide, 1e-9, 60, watched=True)
        where = f"{NAME} from a start of size 1e10"
        twice = len(seen) - len(set(seen))
        spot = f"{where}: residuals for which precondition is called twice"
        check.at_most(twice, 0, where=spot, look=CONTRACT)
        descents.judge_truth(run, lambda v: H @ v, h, 1e-9, where, CONTRACT)
        descents.judge_restart(run, lambda v: H @ v, h, where, CONTRACT, divide)


def turning():
    """Return a division that gives one number from the second call on."""
    calls = itertools.count()
    return lambda r: r if next(calls) < 1 else r[0]


@pytest.mark.task("preconditioned")
def test_no_such_matrix(student):
    H, h, x0 = np.diag([1.0, 3.0]), np.array([1.0, 2.0]), np.zeros(2)
    fine = lambda v: H @ v  # noqa: E731
    cases = (
        ("an M whose eigenvalues are negative", lambda r: -r),
        ("z at a right angle to r", lambda r: np.array([-r[1], r[0]])),
        ("z = 0", lambda r: 0 * r),
        ("a z of one number", lambda r: r[:1]),
        ("a z that is a row", lambda r: r[None]),
        ("a z that is a column", lambda r: r[:, None]),
        ("a later z that is a number", turning()),
    )
    one = np.ones(1)
    asked = (lambda v: 2 * v, one, 0 * one, lambda r: r[0])
    refuses(student.preconditioned, [("n = 1, a z without an axis", asked)], NAME)
    refuses(student.preconditioned, [(k, (fine, h, x0, f)) for k, f in cases], NAME)


@pytest.mark.task("preconditioned")
def test_no_such_matrix_later(student):
    fine = lambda v: np.arange(1.0, 5.0) * v  # noqa: E731
    for sign, kind in ((-1.0, "r'z < 0"), (0.0, "r'z = 0")):
        signs = iter([1.0, 1.0, sign, sign])
        turns = lambda r, signs=signs: next(signs) * r  # noqa: E731
        asked = (fine, np.ones(4), np.zeros(4), turns)
        refuses(student.preconditioned, [(f"{kind} in the third step", asked)], NAME)


@pytest.mark.task("preconditioned")
def test_flat_is_asked_of_H(student):
    """M may be of any size: only p'Hp / p'p says what is flat."""
    H, h = np.diag([1.0, 2.0]), np.ones(2)
    M = np.array([1, 4e14])
    run = run_of(student, NAME, H, h, np.zeros(2), lambda r: r / M, maxiter=100)
    where = f"{NAME}, H = diag(1, 2), M = diag(1, 4e14)"
    descents.judge_truth(run, lambda v: H @ v, h, 1e-8, where, CONTRACT)
    M, h = np.array([1, 1e40]), np.array([1, 1e20])
    run = run_of(student, NAME, H, h, np.zeros(2), lambda r: r / M, maxiter=100)
    where = f"{NAME}, M = diag(1, 1e40), r'z is 2e-20 |r||z|, yet positive"
    descents.judge_end(run, "converged", where)
    thin, h = np.diag([1.0, 3e-13]), np.array([1.0, 9e-13])
    run = run_of(student, NAME, thin, h, np.zeros(2), plain, 1e-14, 50)
    where = f"{NAME}, eigenvalues 1 and 3e-13: thin, and no ramp"
    descents.judge_end(run, "converged", where)


@pytest.mark.task("preconditioned")
def test_scales_of_preconditioned(student, rng):
    descents.ask_scales(student, NAME, rng, plain)


@pytest.mark.task("preconditioned")
def test_trivial_of_preconditioned(student):
    descents.ask_trivial(student, NAME, plain)


@pytest.mark.task("preconditioned")
def test_limits_of_preconditioned(student, rng):
    descents.ask_limits(student, NAME, plain)
    H, _ = turned(10.0 ** np.linspace(-8, 0, 20), rng)
    h, far = H @ rng.uniform(1, 2, size=20), 1e6 * np.ones(20)
    descents.ask_default_steps(student, NAME, H, h, far, plain, rtol=1e-17)


@pytest.mark.task("preconditioned")
def test_integers_of_preconditioned(student):
    descents.ask_integers(student, NAME, plain)


@pytest.mark.task("preconditioned")
def test_refusals_of_preconditioned(student):
    descents.ask_refusals(student, NAME, plain)


@pytest.mark.task("preconditioned")
def test_careless_functions_of_preconditioned(student, rng):
    keeping.ask_careless(student, NAME, rng)


@pytest.mark.task("preconditioned")
def test_overflow_of_preconditioned(student):
    descents.ask_overflow(student, NAME, plain)


@pytest.mark.task("preconditioned")
def test_a_long_run_of_preconditioned(student, reference, rng):
    descents.ask_long_run(student, reference, NAME, rng, plain)


@pytest.mark.task("preconditioned")
def test_the_last_step_of_preconditioned(student, rng):
    descents.ask_last_step(student, NAME, rng, plain)


@pytest.mark.task("preconditioned")
def test_flat_beside_rounding_of_preconditioned(student, rng):
    descents.ask_flat(student, NAME, rng, plain)
    for ratio, status in ((8e-15, "unbounded"), (1.3e-14, "maxiter")):
        H, where = np.diag([1, 1e-10, 0]), f"{NAME}, the second p'Hp / p'p is"
        for h in (
            [1, 1e-5, (1e-20 / ratio) ** 0.5],
            [1, (1e10 * ratio) ** 0.5, 1e3],  # the second r is longer, p longer still
        ):
            run = run_of(student, NAME, H, np.array(h), np.zeros(3), plain, maxiter=2)
            descents.judge_end(run, status, f"{where} {ratio:g} of the first, h = {h}")
