"""What the three descents share: how a run is asked for and how it is judged.

More than 400 lines: all three are judged by the same runs, which stand together so that
what is asked of one is asked of the others.
"""

import functools
import itertools
import math
from types import SimpleNamespace

import numpy as np
from hidden.answers import CONTRACT, refuses, turned, vector

from autograder.student.testing import check

SAMPLE = np.array([[3.0, 2.0], [2.0, 6.0]])
SAMPLE_H = np.array([2.0, -8.0])  # the minimum is (2, -2)
SAMPLE_X0 = np.array([-2.0, -2.0])


def multiplied(v, matrix):
    """Return the product of a matrix and v, which a submission may have made large."""
    import numpy as np

    with np.errstate(all="ignore"):
        return matrix @ v


def plain(r):
    """Leave r as it is."""
    return r


def run_of(student, name, product, h, x0, *rest, counts=False, **options):
    """Ask for a descent and read every field of its answer.

    Args:
        student: the submission, or the reference.
        name: the function.
        product: a matrix, or a function v -> Hv.
        h: as in the contract.
        x0: as in the contract.
        rest: as in the contract.
        counts: whether to count the products. Then each is asked for on this side,
            which takes a hundred times as long as beside the submission.
        options: as in the contract; `watched` too collects the points.

    Returns:
        The fields, with the points watched (`path`) and the count of products.
    """
    path = [] if options.pop("watched", False) else None
    if path is not None:
        options["watch"] = lambda x: path.append(np.array(x))
    calls = [0]

    def asked(v):
        calls[0] += 1
        with np.errstate(all="ignore"):  # of numbers that a submission made too large
            return product(v) if callable(product) else product @ v

    if not counts and hasattr(student, "keep_function"):
        if not callable(product):
            asked = student.keep_function(multiplied, matrix=product)
        rest = [student.keep_function(plain) if r is plain else r for r in rest]
    run = getattr(student, name)(asked, h, x0, *rest, **options)
    return SimpleNamespace(
        x=run.x,
        status=run.status,
        residuals=run.residuals,
        direction=run.direction,
        path=path,
        products=calls[0] if counts else None,
    )


def steps_of(run, where):
    """Return how many steps a run took, by its residuals."""
    check.plain(run.residuals, where, CONTRACT)
    residuals = np.asarray(run.residuals)
    check.dtype(residuals, np.float64, where=f"{where}: residuals", look=CONTRACT)
    good = residuals.ndim == 1 and residuals.size >= 1
    evidence = f"residuals has shape {check.show(residuals.shape)}"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    return residuals.size - 1


def judge_path(run, want, where, look, tol=1e-8):
    """Compare the points that were watched, and the last, with the reference's."""
    points = len(want.path)
    evidence = f"watch was called {len(run.path)} times, not {points}"
    check.true(len(run.path) == points, where=where, evidence=evidence, look=look)
    for k, (got, x) in enumerate(zip(run.path, want.path, strict=True)):
        vector(got, x, tol, f"{where}: x after {k} steps", look)
    vector(run.x, want.x, tol, f"{where}: x", look)


def judge_residuals(run, want, where, look, tol=1e-6):
    """Compare the lengths of the residuals with the reference's."""
    vector(run.residuals, want.residuals, tol, f"{where}: residuals", look)


def judge_end(run, status, where, look=CONTRACT):
    """Check how a run ended, and that a direction comes only with "unbounded"."""
    check.equal(run.status, status, where=f"{where}: status", look=look)
    if status != "unbounded":
        check.equal(run.direction, None, where=f"{where}: direction", look=CONTRACT)


def judge_truth(run, product, h, rtol, where, look, scale=None):
    """Check that a run that says "converged" is right, by a product of our own."""
    judge_end(run, "converged", where, look)
    steps_of(run, where)
    vector(run.x, np.asarray(run.x), 0.0, f"{where}: x")
    x = np.asarray(run.x)
    left = np.asarray(h, dtype=np.float64) - product(x)
    size = math.sqrt(left @ left)
    aim = rtol * (scale or math.sqrt(float(np.dot(h, h))))
    evidence = f"|h - Hx| is {size:.3g}, and the aim {aim:.3g}"
    check.true(size <= 1.05 * aim, where=where, evidence=evidence, look=look)
    last = float(run.residuals[-1])
    evidence = f"the last entry of residuals is {last:.3g}, |h - Hx| {size:.3g}"
    good = abs(last - size) <= 0.05 * aim
    check.true(good, where=where, evidence=evidence, look=look)
    early = np.flatnonzero(np.asarray(run.residuals)[:-1] <= 0.999 * aim)
    evidence = f"entry {early[:1]} of residuals meets the aim, yet the run went on"
    check.true(not early.size, where=where, evidence=evidence, look=look)


def judge_watched(run, n, where):
    """Check that as many points were watched as residuals are listed."""
    steps = steps_of(run, where)
    evidence = f"watch saw {len(run.path)} points, and residuals lists {steps + 1}"
    good = len(run.path) == steps + 1
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    for x in run.path:
        check.shape(x, (n,), where=f"{where}: what watch saw", look=CONTRACT)


def restarts_of(run, product, h):
    """Return after how many steps a check failed.

    There the entry of residuals is true again, and that before it was not.
    """
    left = [h - product(x) for x in run.path]
    true = [
        abs(math.sqrt(r @ r) - size) <= 1e-9 * math.sqrt(r @ r)
        for r, size in zip(left, run.residuals, strict=True)
    ]
    return [k for k in range(1, len(true) - 1) if true[k] and not true[k - 1]]


def judge_restart(run, product, h, where, look, divide=lambda r: r):
    """Check the first step after a check that failed: it must go along z alone."""
    judge_watched(run, len(h), where)
    for k in restarts_of(run, product, h)[:1]:
        step, z = run.path[k + 1] - run.path[k], divide(h - product(run.path[k]))
        cosine = float(step @ z) / math.sqrt((step @ step) * (z @ z))
        evidence = f"after the check the step makes an angle with it: cos {cosine:.3g}"
        check.true(cosine > 0.999, where=where, evidence=evidence, look=look)


def judge_products(run, checks, where, look=CONTRACT):
    """Check what a run cost: k + m + 1 products, one more where "unbounded"."""
    most = steps_of(run, where) + checks + 1 + (run.status == "unbounded")
    check.at_most(run.products, most, where=f"{where}: products", look=look)


def judge_way_down(run, product, h, where, look, least=1e-12):
    """Check the direction along which f falls without end."""
    judge_end(run, "unbounded", where, look)
    steps_of(run, where)
    vector(run.direction, np.asarray(run.direction), 0.0, f"{where}: direction", look)
    d = np.asarray(run.direction)
    check.shape(d, h.shape, where=f"{where}: direction", look=look)
    length = math.sqrt(d @ d)
    evidence = f"its length is {length:.6g}"
    good = abs(length - 1) < 1e-9
    check.true(good, where=f"{where}: direction", evidence=evidence, look=CONTRACT)
    bend = float(d @ product(d))
    evidence = f"the curvature along it, d'Hd, is {bend:.3g}"
    check.true(bend <= least, where=f"{where}: direction", evidence=evidence, look=look)
    fall = float(d @ (h - product(np.asarray(run.x))))
    evidence = f"f does not fall along it at x: d'r is {fall:.3g}"
    check.true(fall > 0, where=f"{where}: direction", evidence=evidence, look=look)


def bowls(rng):
    """Yield bowls whose runs are compared point by point: a name, H, h and x0."""
    yield "the chapter's example", SAMPLE, SAMPLE_H, SAMPLE_X0
    H, _ = turned([1, 2, 5, 9, 20, 50], rng)
    start = rng.uniform(1, 3, size=6) * np.array([1, -1, 1, -1, 1, 1])
    yield "n = 6", H, rng.uniform(5, 9, size=6), start
    yield "n = 6, from 0", H * 0.01, rng.uniform(5, 9, size=6), np.zeros(6)


# --- tests that are asked of all three, with a function's name ------------------------


def ask_scales(student, name, rng, *rest):
    """A small, a large and no h: the aim is relative."""
    H, _ = turned([1, 2, 4, 4], rng)
    h, x0 = rng.uniform(1, 2, size=4), rng.uniform(1, 2, size=4)
    for s, t in ((1.0, 1e-60), (1.0, 1e60), (1e60, 1.0), (1e-60, 1.0)):
        where = f"{name}, H of size {s:g}, h of size {t:g}"
        at = x0 * t / s
        run = run_of(student, name, H * s, h * t, at, *rest, rtol=1e-9)
        judge_truth(run, lambda v, s=s: s * (H @ v), h * t, 1e-9, where, CONTRACT)
    none = np.zeros(4)
    first = H @ x0
    for rtol, size in ((1e-3, 1.0), (1e-9, 1e-40)):
        where = f"{name}, h = 0, x0 of size {size:g}, rtol = {rtol:g}"
        run = run_of(student, name, H, none, size * x0, *rest, rtol=rtol)
        scale = size * math.sqrt(first @ first)
        judge_truth(run, lambda v: H @ v, none, rtol, where, CONTRACT, scale)
        early = steps_of(run, where) < 2 or run.residuals[-2] > rtol * scale
        evidence = "it goes on after it met the aim"
        check.true(early, where=where, evidence=evidence, look=CONTRACT)


def ask_trivial(student, name, *rest):
    """Starts at the minimum, no dimension, one dimension, H = 0."""
    for kind, H, h, x0, steps in (
        ("x0 is the minimum", SAMPLE, SAMPLE_H, np.array([2.0, -2.0]), 0),
        ("h = 0 and x0 = 0", SAMPLE, 0 * SAMPLE_H, np.zeros(2), 0),
        ("H = 0, h = 0", 0 * SAMPLE, 0 * SAMPLE_H, SAMPLE_X0, 0),
        ("n = 0", np.zeros((0, 0)), np.zeros(0), np.zeros(0), 0),
        ("n = 1", np.array([[4.0]]), np.array([-2.0]), np.array([7.0]), 1),
        ("H is the identity", np.eye(3), np.arange(3.0), np.ones(3), 1),
    ):
        where = f"{name}, {kind}"
        sees = {"counts": True, "watched": True}
        run = run_of(student, name, H, h, x0, *rest, **sees, maxiter=50)
        judge_end(run, "converged", where)
        judge_watched(run, len(h), where)
        check.equal(steps_of(run, where), steps, where=f"{where}: steps", look=CONTRACT)
        want = x0 if steps == 0 else np.linalg.solve(H, h)
        vector(run.x, want, 1e-12, f"{where}: x")
        judge_products(run, steps, where)


def ask_no_minimum(student, name, cases):
    """Ask for bowls that are none, at three sizes."""
    for kind, H, h in cases:
        for size in (1.0, 1e-40, 1e40):
            where = f"{name}, {kind}" + ("" if size == 1 else f", times {size:g}")
            rest = [plain] if name == "preconditioned" else []
            asked = (name, H * size, h * size, 0 * h, *rest)
            sees = {"counts": size == 1, "watched": size == 1}
            run = run_of(student, *asked, **sees, maxiter=200)
            if size == 1:
                judge_watched(run, len(h), where)
                last = f"{where}: x, the last point watched"
                vector(run.x, run.path[-1], 0.0, last)
                judge_products(run, 0, where)
                judge_way_down(run, lambda v, H=H: H @ v, h, where, CONTRACT)
            else:
                judge_end(run, "unbounded", where)


def falling_at_once(rng):
    """Return cases in which the first residual shows that there is no minimum."""
    bent, axes = turned([-1, 1, 2, 4], rng)
    h = axes @ np.array([3.0, 0.5, -0.5, 0.5])
    return (
        ("r is mostly along a negative eigenvalue", bent, h),
        ("all eigenvalues are negative", bent - 5 * np.eye(4), h),
        ("H = 0", 0 * bent, h),
        ("H = diag(0, 1), h = (2, 0)", np.diag([0.0, 1.0]), np.array([2.0, 0.0])),
        ("n = 1, H = -2", np.array([[-2.0]]), np.array([3.0])),
    )


def falling_later(rng):
    """Return cases in which a later direction shows it."""
    flat, axes = turned([0, 1, 2, 4], rng)
    bent, _ = turned([-1, 1, 2, 4], rng)
    h = np.array([1.0, -1.0, 1.0, 1.0]) * rng.uniform(1, 2, size=4)
    return (
        ("one eigenvalue is 0, h outside the range", flat, flat @ h + axes[:, 0]),
        ("one eigenvalue is negative", bent, h),
        ("H = diag(4, 0), h = (4, 1)", np.diag([4.0, 0]), np.array([4.0, 1.0])),
        ("H = diag(2, -1), h = (4, 1)", np.diag([2.0, -1]), np.array([4.0, 1.0])),
    )


def ask_flat(student, name, rng, *rest):
    """Ramps in other axes, whose flat curvature is rounding, of either sign.

    As many steps as there are other eigenvalues, and the next direction is flat.
    """
    rest = [student.keep_function(plain) for _ in rest]
    H, h = np.diag([1.0, 1e-4, 0.0]), np.array([1.0, 1e-2, 1e-4])
    run = run_of(student, name, H, h, np.zeros(3), *rest)
    where = f"{name}, eigenvalues 1, 1e-4 and 0, met in this order"
    judge_end(run, "unbounded", where)
    check.equal(steps_of(run, where), 2, where=f"{where}: steps", look=CONTRACT)
    for values, parts in (
        ([0, 1, 2, 4], [1.0, 1.5, 1.2]),
        ([0, 1e-3, 1, 2], [1.0, 1e-3, 2e-3]),  # the first curvature is a small one
    ):
        for k in range(9):
            H, axes = turned(values, rng)
            h = axes @ np.array([rng.uniform(0.5, 2), *parts])
            where = f"{name}, eigenvalues {values}, ramp {k}"
            run = run_of(student, name, H, h, np.zeros(4), *rest, maxiter=50)
            judge_way_down(run, lambda v, H=H: H @ v, h, where, CONTRACT)
            steps = steps_of(run, where)
            check.at_most(steps, 3, where=f"{where}: steps", look=CONTRACT)


def ask_last_step(student, name, rng, *rest):
    """A check that fails after the last step allowed: of a run that went on there."""
    H, _ = turned([1, 2, 4, 5], rng)
    product = lambda v: H @ v  # noqa: E731
    h, x0 = rng.uniform(1, 2, size=4), 1e10 * rng.uniform(1, 2, size=4)
    asked = (name, H, h, x0, *rest, 1e-10)
    whole = run_of(student, *asked, watched=True, maxiter=300)
    judge_watched(whole, 4, f"{name} from a start of size 1e10")
    for k in restarts_of(whole, product, h)[:2]:
        where = f"{name} from a start of size 1e10, maxiter = {k}: its check fails"
        run = run_of(student, *asked, k, counts=True)
        judge_end(run, "maxiter", where)
        judge_products(run, 2, where)
        left = h - product(np.asarray(run.x))
        last, size = float(run.residuals[-1]), math.sqrt(left @ left)
        evidence = f"the last entry of residuals is {last:.3g}, |h - Hx| {size:.3g}"
        good = abs(last - size) <= 1e-6 * size
        check.true(good, where=where, evidence=evidence, look=CONTRACT)


def ask_overflow(student, name, *rest):
    """Products that are no numbers: p'Hp is NaN, or either infinity."""
    for bad in (math.nan, math.inf, -math.inf):
        product = lambda v, bad=bad: np.where(v.any(), bad, v)  # noqa: E731
        check.raises(
            OverflowError,
            getattr(student, name),
            product,
            np.abs(SAMPLE_H),
            np.zeros(2),
            *rest,
            where=f"{name}, product returns {bad}",
            look=CONTRACT,
        )

    check.raises(
        OverflowError,
        getattr(student, name),
        lambda v: np.full(200, 1e60 * v.sum()),
        np.zeros(200),
        np.full(200, 1e60),
        *rest,
        where=f"{name}, n = 200, H and x0 of size 1e60: Hp is finite, p'Hp is not",
        look=CONTRACT,
    )

    calls = itertools.count()
    late = lambda v: SAMPLE @ v if next(calls) < 2 else np.full(2, math.inf)  # noqa: E731
    check.raises(
        OverflowError,
        getattr(student, name),
        late,
        SAMPLE_H,
        SAMPLE_X0,
        *rest,
        where=f"{name}, the product of the second step is infinite",
        look=CONTRACT,
    )


def ask_limits(student, name, *rest):
    """Count steps against maxiter."""
    H, h, x0 = np.diag([1.0, 3.0, 10.0]), np.array([3.0, 6.0, -10.0]), np.ones(3)
    for most in (0, 1, 2):
        where = f"{name}, maxiter = {most}"
        limits = {"rtol": 1e-12, "maxiter": most}
        run = run_of(student, name, H, h, x0, *rest, counts=True, **limits)
        judge_end(run, "maxiter", where)
        check.equal(steps_of(run, where), most, where=f"{where}: steps", look=CONTRACT)
        judge_products(run, 0, where)
        if most == 0:
            vector(run.x, x0, 0.0, f"{where}: x")
    one, at = np.array([[4.0]]), np.array([7.0])
    run = run_of(student, name, one, np.array([-2.0]), at, *rest, maxiter=1)
    where = f"{name}, n = 1, maxiter = 1: the step that is allowed suffices"
    judge_end(run, "converged", where)
    run = run_of(student, name, one, np.array([-2.0]), at / -14, *rest, maxiter=0)
    judge_end(run, "converged", f"{name}, maxiter = 0, x0 is the minimum")
    for rtol, h, x0 in (
        (0.5, [3.0, 4.0], [0.75, 1.0]),
        (1, [3, 4], [0, 0]),
        (9, [3, 4], [0, 0]),
    ):
        asked = (name, 2.0 * np.eye(2), np.array(h), np.array(x0), *rest, rtol)
        run = run_of(student, *asked)
        where = f"{name}, rtol = {rtol}, which x0 just meets"
        judge_end(run, "converged", where)
        check.equal(steps_of(run, where), 0, where=f"{where}: steps", look=CONTRACT)
    for h in ([3.0, -3.0], [-3.0, 0.0]):
        asked = (name, 2.0 * np.eye(2), np.array(h), np.array([4, 4]), *rest, 1)
        run = run_of(student, *asked, maxiter=0)
        judge_end(run, "maxiter", f"{name}, rtol = 1, maxiter = 0, h = {h}")
    down = run_of(student, name, -one, np.array([2.0]), at, *rest, maxiter=0)
    judge_end(down, "maxiter", f"{name}, maxiter = 0, H is negative")


def ask_default_steps(student, name, product, h, x0, *rest, **aim):
    """A run that does not arrive: with maxiter left out, and with a larger one."""
    for most, limit in ((1000, {}), (1100, {"maxiter": 1100})):
        run = run_of(student, name, product, h, x0, *rest, **aim, **limit)
        said = f"maxiter = {most}" if limit else "maxiter left out"
        where = f"{name}, n = {len(h)}, an aim too far away, {said}"
        judge_end(run, "maxiter", where)
        check.equal(steps_of(run, where), most, where=f"{where}: steps", look=CONTRACT)


def ask_far_start(student, name, rng, *rest):
    """A start far away, after which the r that is brought up to date is wrong."""
    H, _ = turned([1, 1, 2, 2, 4], rng)
    h = rng.uniform(1, 2, size=5)
    x0 = 1e8 * rng.uniform(1, 2, size=5)
    aim, sees = {"rtol": 1e-12}, {"counts": True, "watched": True}
    seen = []

    def product(v):
        seen.append(v.tobytes())
        return H @ v

    run = run_of(student, name, product, h, x0, *rest, **aim, **sees, maxiter=300)
    where = f"{name} from a start of size 1e8, rtol = 1e-12"
    look = "Compute h - Hx before you say so. " + CONTRACT
    judge_truth(run, lambda v: H @ v, h, 1e-12, where, look)
    judge_watched(run, 5, where)
    checks = {x.tobytes() for x in run.path[1:]} & set(seen)
    judge_products(run, len(checks), where)
    H_one = 2.0 * np.eye(5)
    one = run_of(student, name, H_one, h, x0, *rest, **aim)
    spot = f"{name} from a start of size 1e8, H = 2 I: a step, and a wrong r"
    judge_truth(one, lambda v: H_one @ v, h, 1e-12, spot, look)
    for size in (1e22, 1e47):
        further = run_of(student, name, H, h, size * x0, *rest, maxiter=2000, **aim)
        spot = f"{name} from {1e8 * size:g}"
        judge_truth(further, lambda v: H @ v, h, 1e-12, spot, look)
    return run, where


def ask_long_run(student, reference, name, rng, *rest):
    """Many steps, in which nothing else happens than in a few."""
    top, most = (16, 500) if name == "steepest_descent" else (1000, 250)
    H, _ = turned(np.linspace(1, top, 80), rng)
    asked = (name, H, rng.normal(size=80), np.zeros(80), *rest)
    run = run_of(student, *asked, counts=True, maxiter=most)
    want = run_of(reference, *asked, maxiter=most)
    where = f"{name}, n = 80, eigenvalues 1 to {top}, rtol left out"
    judge_truth(run, lambda v: H @ v, asked[2], 1e-8, where, CONTRACT)
    judge_products(run, 1, where)
    steps, most = steps_of(run, where), 1.05 * len(want.residuals) + 3
    check.at_most(steps, most, where=f"{where}: steps", look=CONTRACT)


def ask_refusals(student, name, *rest):
    h = np.ones(2)
    fine = lambda v: 2.0 * v  # noqa: E731
    cases = (
        ("an h that is a number", (fine, np.array(3.0), np.array(1.0), *rest)),
        ("an x0 of one number", (fine, h, np.ones(1), *rest)),
        ("an x0 of three numbers", (fine, h, np.ones(3), *rest)),
        ("x0 as a column", (fine, h, np.ones((2, 1)), *rest)),
        ("x0 as a row", (fine, h, np.ones((1, 2)), *rest)),
        ("a product that is a row", (lambda v: v[None], h, h, *rest)),
        ("a two-dimensional h", (fine, np.ones((1, 2)), np.ones((1, 2)), *rest)),
        ("a product of one number", (lambda v: v[:1], h, h, *rest)),
        ("a product that is a column", (lambda v: v[:, None], h, h, *rest)),
        ("rtol = 0", (fine, h, h, *rest, 0.0)),
        ("rtol = -1e-8", (fine, h, h, *rest, -1e-8)),
        ("rtol = NaN", (fine, h, h, *rest, math.nan)),
        ("maxiter = -1", (fine, h, h, *rest, 1e-8, -1)),
    )
    one = h[:1]
    cases += (
        ("n = 1, an x0 without an axis", (fine, one, np.array(1.0), *rest)),
        ("n = 1, a product without an axis", (lambda v: 2 * v[0], one, 0 * one, *rest)),
        ("a later product that is a column", (turning(), h, 0 * h, *rest)),
    )
    refuses(getattr(student, name), cases, name)


def turning():
    """Return a product that is right at first, and a column from the third call on."""
    calls = itertools.count()
    H = np.array([[2.0, 0.5], [0.5, 3.0]])
    return lambda v: H @ v if next(calls) < 2 else (H @ v)[:, None]


def ask_integers(student, name, *rest):
    """Integers come in, floats go on."""
    whole = np.array([2, -8], np.int8), np.array([-2, -2], np.int16)
    seen = []

    def product(v):
        seen.append(v.dtype)
        return SAMPLE @ v

    run = run_of(student, name, product, *whole, *rest, rtol=1e-10, maxiter=200)
    where = f"{name} with integer h and x0"
    judge_end(run, "converged", where)
    vector(run.x, [2.0, -2.0], 1e-9, f"{where}: x")
    evidence = "product got another dtype than float64"
    good = all(kind == np.float64 for kind in seen)
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    single = SAMPLE_H.astype(np.float32) / 3, SAMPLE_X0.astype(np.float32)
    run = run_of(student, name, product, *single, *rest, rtol=1e-10, maxiter=200)
    where = f"{name} with float32 h and x0"
    judge_end(run, "converged", where)
    vector(run.x, np.linalg.solve(SAMPLE, single[0].astype(float)), 1e-9, f"{where}: x")
    good = all(kind == np.float64 for kind in seen)
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    limits = {"rtol": np.float64(1e-10), "maxiter": np.int64(200)}
    run = run_of(student, name, product, *whole, *rest, **limits)
    judge_end(run, "converged", f"{name}, rtol and maxiter are NumPy's")
    for size in (1e-60, 1e60):
        pair, rtol = size * np.array([1.0, 3.0]), np.float32(1e-8)
        run = run_of(student, name, np.diag([1.0, 2.0]), pair, 0 * pair, *rest, rtol)
        where = f"{name}, h of size {size:g}, rtol in float32"
        judge_end(run, "converged", where)
        vector(run.x / size, np.array([1.0, 1.5]), 1e-7, f"{where}: x")
    fixed = lambda v: np.array([4, 8], np.uint8)  # noqa: E731
    run = run_of(student, name, fixed, *whole, *rest, maxiter=1)
    where = f"{name}, product returns bytes, curvature is negative"
    vector(run.residuals, [math.hypot(2, 16)], 1e-12, f"{where}: residuals")
    half = lambda v: narrow(SAMPLE @ v)  # noqa: E731
    rest = [narrow for _ in rest]  # whatever is asked of them is exact
    run = run_of(student, name, half, SAMPLE_H, SAMPLE_X0, *rest, maxiter=1)
    where = f"{name}, product returns float16"
    x = SAMPLE_X0 + 208 / 1200 * np.array([12.0, 8.0])
    vector(run.x, x, 1e-12, f"{where}: x")
    left = SAMPLE_H - SAMPLE @ x
    sizes = [math.hypot(12, 8), math.hypot(*left)]
    vector(run.residuals, sizes, 1e-12, f"{where}: residuals")
    long = np.array([4, 3]) * 10**9
    run = run_of(student, name, SAMPLE, long, 0 * long, *rest, 1.5, maxiter=0)
    judge_end(run, "converged", f"{name}, h is large int64, rtol = 1.5, x0 is 0")


# --- large problems, whose product runs beside the submission -------------------------


def chain(v, shift, sizes=1.0):
    """Return Hv for H with 2 + shift on the diagonal and -1 beside it, scaled."""
    w = sizes * v
    out = (2.0 + shift) * w
    out[1:] -= w[:-1]
    out[:-1] -= w[1:]
    return sizes * out


_STEPS = {}  # of the reference, which need not walk anew for each submission


def steps_on_chain(reference, name, h, *rest, shift, sizes=1.0, **options):
    """Return how many steps the reference takes on a chain."""
    size = np.asarray(sizes).tobytes()
    key = name, h.tobytes(), shift, size, tuple(options.items())
    if key not in _STEPS:
        product = functools.partial(chain, shift=shift, sizes=sizes)
        want = getattr(reference, name)(product, h, np.zeros(len(h)), *rest, **options)
        _STEPS[key] = len(want.residuals) - 1
    return _STEPS[key]


def large_run(student, name, h, *rest, shift, sizes=1.0, **options):
    """Ask for a descent on a chain; return its fields, and the product."""
    far = student.keep_function(chain, shift=shift, sizes=sizes)
    run = getattr(student, name)(far, h, np.zeros(len(h)), *rest, **options)
    fields = ("x", "status", "residuals", "direction")
    return SimpleNamespace(**{field: getattr(run, field) for field in fields})


def judge_large(student, reference, name, h, *rest, shift, sizes=1.0, look, **options):
    """Check that a run on a chain is right and takes no more steps than it must."""
    run = large_run(student, name, h, *rest, shift=shift, sizes=sizes, **options)

    product = functools.partial(chain, shift=shift, sizes=sizes)
    where = f"{name}, n = {len(h)}, H is tridiagonal with 2 + {shift:g} and -1"
    judge_truth(run, product, h, options["rtol"], where, look)
    scaled = {"shift": shift, "sizes": sizes}
    want = steps_on_chain(reference, name, h, *rest, **scaled, **options)
    steps, most = steps_of(run, where), 1.1 * want + 6
    check.at_most(steps, most, where=f"{where}: steps", look=look)


@np.errstate(over="ignore")
def narrow(v):
    """Return v in float16; one that grows without end overflows."""
    return np.float16(v)
