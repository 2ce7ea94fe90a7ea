"""Public tests of lesson 02: every sentence of the contracts, on small examples.

The hidden tests ask the same of other matrices and points: read the docstrings.
"""

import math

import numpy as np
import pytest

from autograder.student.testing import check

CONTRACT = "The contract in the docstring."
STEP = {k: f"Chapter, step {k}." for k in range(1, 9)}
FULL = np.array([[1.0, 5.0], [-2.0, 3.0]])  # x^2 + 3xy + 3y^2
BOWL = np.array([[4.0, 2.0], [2.0, 7.0]])  # eigenvalues 3 and 8
WIDE = np.diag([1.0, 2.0, 5.0, 20.0])
SIGNS = np.array([3.0, -2.0, 6.0, -10.0])


def same(got, want, where, look=CONTRACT, tol=1e-10):
    """Check a number or a float64 array, to `tol` of the largest entry."""
    want = np.asarray(want, dtype=np.float64)
    atol = tol * float(np.max(np.abs(want), initial=0.0))
    kind = np.float64 if want.ndim else None
    check.close(got, want, atol=atol, where=where, look=look, dtype=kind)


def refused(call, name, **cases):
    """Check that each call raises ValueError; the keys say what is wrong."""
    for kind, args in cases.items():
        where = f"{name}: {kind.replace('_', ' ')}"
        check.raises(ValueError, call, *args, where=where, look=CONTRACT)


def kept(lesson, name, args, parts=()):
    """Return the arguments after a call, and after its answer was overwritten."""
    import numpy as np

    given = [np.array(a) if hasattr(a, "shape") else a for a in args]
    got = getattr(lesson, name)(*given)
    pieces = []
    for keys in parts:
        piece = got
        for key in keys:
            piece = piece[key] if isinstance(key, int) else getattr(piece, key)
        pieces.append(piece)
    before = [np.array(piece) for piece in pieces]
    shared = False
    for k, piece in enumerate(pieces):
        piece[:] = 77.0
        after = zip(pieces[k + 1 :], before[k + 1 :], strict=True)
        shared = shared or any(not np.array_equal(a, b) for a, b in after)
    return [a for a in given if hasattr(a, "shape")], shared


def keeps(student, name, args, parts=()):
    """Check that no argument changes, and that what is returned is new."""
    after, shared = student.run(kept, name=name, args=args, parts=parts)
    before = [a for a in args if isinstance(a, np.ndarray)]
    for old, new in zip(before, after, strict=True):
        where = f"{name}: is an argument changed, or handed back"
        check.unchanged(new, old, where=where, look=CONTRACT)
    check.equal(shared, False, where=f"{name}: are two arrays one", look=CONTRACT)


# --- evaluate -----------------------------------------------------------------------


@pytest.mark.task("evaluate")
def test_evaluate(student):
    b, x = np.array([2.0, -3.0]), np.array([3.0, -1.0])
    value, slopes = student.evaluate(FULL, b, 10.0, x)
    where = "evaluate, x^2 + 5xy - 2yx + 3y^2 + 2x - 3y + 10 at (3, -1)"
    same(value, 22.0, f"{where}: f", STEP[1])
    same(slopes, [5.0, 0.0], f"{where}: the gradient", STEP[1])
    value, slopes = student.evaluate(np.tril(FULL), b, 0.0, x)
    where = "evaluate, x^2 - 2yx + 3y^2 + 2x - 3y at (3, -1)"
    same(value, 27.0, f"{where}: f", STEP[1])
    same(slopes, [10.0, -15.0], f"{where}: the gradient", STEP[1])


@pytest.mark.task("evaluate")
def test_gradient_against_central_differences(student):
    """A quadratic has no third derivative: central differences are exact."""
    a, b = np.array([[1.0, 4, 0], [0, -2, 5], [3, 0, 1]]), np.array([2.0, 0.5, -1.0])
    x, h = np.array([1.0, -2.0, 0.5]), 0.5
    got = student.evaluate(a, b, 3.0, x)[1]
    slopes = []
    for e in h * np.eye(3):
        high, low = (student.evaluate(a, b, 3.0, x + s * e)[0] for s in (1, -1))
        slopes.append((high - low) / (2 * h))
    where = "evaluate, n = 3: the gradient against differences of its own values"
    same(got, slopes, where, STEP[1])
    same(got, [-2.5, 15.0, -7.0], "evaluate, n = 3: the gradient", STEP[1])


@pytest.mark.task("evaluate")
def test_evaluate_kinds(student):
    small = np.array([[90, 100], [70, 1]], np.int8)
    single = np.array([[0.1]], np.float32)
    none, empty = np.zeros(1), np.zeros(0)
    for kind, args in (
        ("int8", (small, small[0], 3, small[1])),
        ("float32", (single, none, 0, np.array([3e4]))),
        ("n = 0", (np.zeros((0, 0)), empty, 1.5, empty)),
        ("a = 0", (np.zeros((1, 1)), none + 2, 1.0, none + 3)),
        ("x of size 1e20", (FULL, np.ones(2), 0.0, np.array([1e20, 3e20]))),
        ("a and b of size 1e-60", (FULL * 1e-60, np.ones(2) * 1e-60, 0, np.ones(2))),
    ):
        got = student.evaluate(*args)
        a, b, c, x = (np.array(v, dtype=np.float64) for v in args)
        value, slopes = x @ a @ x + b @ x + c, (a + a.T) @ x + b
        same(got[0], value, f"evaluate, {kind}: f", tol=1e-13)
        same(got[1], slopes, f"evaluate, {kind}: the gradient", tol=1e-13)


@pytest.mark.task("evaluate")
def test_evaluate_refuses_and_keeps(student):
    two = np.ones(2)
    refused(
        student.evaluate,
        "evaluate",
        a_of_2_x_3=(np.ones((2, 3)), two, 0.0, two),
        b_of_one_number=(FULL, np.ones(1), 0.0, two),
        x_of_three_numbers=(FULL, two, 0.0, np.ones(3)),
        b_as_a_column=(FULL, np.ones((2, 1)), 0.0, two),
        x_as_a_column=(FULL, two, 0.0, np.ones((2, 1))),
    )
    for a in (FULL, 0 * FULL):
        keeps(student, "evaluate", [a, two, 1.0, 2 * two], [(1,)])


# --- both_forms ---------------------------------------------------------------------


def forms(student, a, b, c):
    """Return the six parts of both forms."""
    first, second = student.both_forms(a, b, c)
    return {
        "first: matrix": first.matrix,
        "first: vector": first.vector,
        "first: constant": first.constant,
        "second: matrix": second.matrix,
        "second: vector": second.vector,
        "second: constant": second.constant,
    }


@pytest.mark.task("both_forms")
def test_both_forms(student):
    for kind, a in (
        ("a full a", np.array([[1.0, 7.0], [-1.0, 3.0]])),
        ("an upper a", np.array([[1.0, 6.0], [0.0, 3.0]])),
        ("a lower a", np.array([[1.0, 0.0], [6.0, 3.0]])),
    ):
        got = forms(student, a, np.array([2.0, -8.0]), 5.0)
        wants = ([[1, 3], [3, 3]], [2, -8], 5, [[2, 6], [6, 6]], [-2, 8], 5)
        for (part, value), want in zip(got.items(), wants, strict=True):
            where = f"both_forms of x^2 + 6xy + 3y^2 + 2x - 8y + 5, {kind}, {part}"
            same(value, want, where, STEP[2])


@pytest.mark.task("both_forms")
def test_both_forms_kinds(student):
    for kind, a, b in (
        ("int8", np.array([[3, 100], [95, 0]], np.int8), np.array([5, 0], np.int8)),
        ("uint8", np.array([[3, 200], [95, 0]], np.uint8), np.array([5, 0], np.uint8)),
        ("tiny", np.array([[0, 1e-50], [0, 0]]), np.zeros(2)),
        ("a zero diagonal", np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2)),
        ("terms nearly cancel", np.array([[1e-14, 1.0], [-1.0, 0.0]]), np.zeros(2)),
    ):
        got = forms(student, a, b, 0)
        wide = np.array(a, dtype=float)
        same(got["first: matrix"], (wide + wide.T) / 2, f"both_forms, {kind}: A")
        same(got["second: matrix"], wide + wide.T, f"both_forms, {kind}: H")
        same(got["second: vector"], -1.0 * b, f"both_forms, {kind}: h")
    A = forms(student, np.array([[0, 0.1], [0.7, 0]]), np.zeros(2), 0)["first: matrix"]
    where = "both_forms: is A its own transpose, to the last bit"
    check.equal(bool(A[0, 1] == A[1, 0]), True, where=where, look=CONTRACT)


@pytest.mark.task("both_forms")
def test_both_forms_refuses_and_keeps(student):
    b = np.ones(2)
    refused(
        student.both_forms,
        "both_forms",
        a_is_zero=(np.zeros((2, 2)), b, 0.0),
        terms_that_cancel=(np.array([[0.0, 1.0], [-1.0, 0.0]]), b, 0.0),
        n_is_0=(np.zeros((0, 0)), np.zeros(0), 0.0),
        a_of_2_x_3=(np.ones((2, 3)), b, 0.0),
        b_of_one_number=(FULL, np.ones(1), 0.0),
        NaN_in_a=(FULL * math.nan, b, 0.0),
        infinity_in_b=(FULL, b * math.inf, 0.0),
        infinity_in_a=(np.diag([1.0, math.inf]), b, 0.0),
        NaN_in_b=(FULL, b * math.nan, 0.0),
        c_is_infinite=(FULL, b, math.inf),
        c_is_NaN=(FULL, b, math.nan),
    )
    parts = [(0, "matrix"), (0, "vector"), (1, "matrix"), (1, "vector")]
    for a in (FULL, BOWL):
        keeps(student, "both_forms", [a, b, 1.0], parts)


# --- classify -----------------------------------------------------------------------

ROOF = np.array([[1.0, 2.0], [2.0, 4.0]])  # eigenvalues 0 and 5; null space (2, -1)
SLOPE = np.array([[1.0, 1, 0], [1, 2, 2], [0, 2, 4]])  # null space (2, -2, 1)
DIP = np.array([[2.0, 3.0], [3.0, 2.0]])  # eigenvalues -1 and 5
TWO_DOWN = np.diag([-1.0, -2.0, 9.0])


@pytest.mark.task("classify")
def test_classify(student):
    level, tilted = np.array([3.0, 6.0]), np.array([3.0, 6.001])
    for kind, H, h, want in (
        ("eigenvalues 3 and 8", BOWL, level, "bowl"),
        ("eigenvalues -1 and 5", DIP, level, "saddle"),
        ("eigenvalues -3 and -8", -BOWL, level, "saddle"),
        ("eigenvalues -1, -2 and 9", TWO_DOWN, np.ones(3), "saddle"),
        ("eigenvalues 0 and 5, h = (3, 6)", ROOF, level, "trough"),
        ("eigenvalues 0 and 5, h = (3, 6.001)", ROOF, tilted, "ramp"),
        ("eigenvalues 0 and 5, h = 0", ROOF, 0 * level, "trough"),
        ("eigenvalues 0 and -5", -ROOF, level, "saddle"),
        ("eigenvalues 6 and 0", np.diag([6.0, 0.0]), np.array([1.0, 0.0]), "trough"),
        ("n = 3, h = H(1, 0, 0)", SLOPE, SLOPE[0], "trough"),
        ("n = 3, h = H(1, 0, 0) + (2, -2, 1)", SLOPE, SLOPE[0] + [2, -2, 1], "ramp"),
        ("H = diag(0, -5), h = (1, 1)", np.diag([0.0, -5.0]), np.ones(2), "saddle"),
        ("h_0 = (1, -1)", np.diag([3.0, 0, 0]), np.array([2.0, 1.0, -1.0]), "ramp"),
        ("h_0 = (1, 1)", np.diag([3.0, 0, 0]), np.array([2.0, 1.0, 1.0]), "ramp"),
    ):
        got = student.classify(H, h)
        check.equal(got, want, where=f"classify, {kind}", look=STEP[3])


@pytest.mark.task("classify")
def test_classify_scales_and_tolerances(student):
    level, tilted = np.array([3.0, 6.0]), np.array([3.0, 6.001])
    thin, up = np.diag([1.0, 1e-12]), np.array([1.0, 1e-6])
    for kind, args, want in (
        ("H of size 1e-40", (BOWL * 1e-40, level), "bowl"),
        ("H of size 1e40", (ROOF * 1e40, level), "trough"),
        ("h of size 1e-40", (ROOF, tilted * 1e-40), "ramp"),
        ("h of size 1e40", (ROOF, level * 1e40), "trough"),
        ("eigenvalues 1 and 1e-12", (thin, level), "ramp"),
        ("eigenvalues 1 and 1e-12, rtol = 1e-13", (thin, level, 1e-13), "bowl"),
        ("eigenvalues 1 and -1e-12", (np.diag([1.0, -1e-12]), 0 * up), "trough"),
        (
            "h_0 is (1, 1), h (2, 1, 1), rtol = 0.5",
            (np.diag([3.0, 0.0, 0.0]), np.array([2.0, 1.0, 1.0]), 0.5),
            "ramp",
        ),
        (
            "h_0 is 1.5, h (2, 2, 2, 2, 1.5), rtol = 0.5",
            (np.diag([1.0, 1, 1, 1, 0]), np.array([2.0, 2, 2, 2, 1.5]), 0.5),
            "trough",
        ),
        ("eigenvalues -3e-40 and -8e-40", (-BOWL * 1e-40, level), "saddle"),
        ("eigenvalues 1e6 and 1e-5", (np.diag([1e6, 1e-5]), 0 * up), "trough"),
        ("eigenvalues 1 and -1e-9", (np.diag([1.0, -1e-9]), 0 * up), "saddle"),
        (
            "eigenvalues 4.5 and three times 0.5, rtol = 0.2",
            (np.ones((4, 4)) + 0.5 * np.eye(4), np.ones(4), 0.2),
            "trough",
        ),
        ("4, 4, 4, 1, rtol = 0.2", (np.diag([4.0, 4, 4, 1]), np.ones(4), 0.2), "bowl"),
        ("h_0 is 1e-6 of h", (np.diag([1.0, 0.0]), up), "ramp"),
        ("h_0 is 1e-6 of h, rtol = 1e-5", (np.diag([1.0, 0]), up, 1e-5), "trough"),
        ("n = 0", (np.zeros((0, 0)), np.zeros(0)), "bowl"),
        ("H = 0, h = 0", (np.zeros((2, 2)), np.zeros(2)), "trough"),
        ("H = 0", (np.zeros((2, 2)), np.ones(2)), "ramp"),
        ("integers", (np.array([[1, 2], [2, 1]]), np.array([1, 1])), "saddle"),
    ):
        got = student.classify(*args)
        check.equal(got, want, where=f"classify, {kind}", look=CONTRACT)


@pytest.mark.task("classify")
def test_classify_refuses_and_keeps(student):
    h, bent = np.ones(2), np.array([[1.0, 0.5], [np.nextafter(0.5, 1), 1.0]])
    refused(
        student.classify,
        "classify",
        H_of_2_x_3=(np.ones((2, 3)), h),
        H_differs_from_its_transpose_in_the_last_bit=(bent, h),
        h_of_one_number=(BOWL, np.ones(1)),
        infinity_in_H=(np.diag([1.0, math.inf]), h),
        NaN_in_h=(BOWL, h * math.nan),
    )
    keeps(student, "classify", [ROOF, h])


# --- minimise -----------------------------------------------------------------------


@pytest.mark.task("minimise")
def test_minimise_finds_the_minimum(student):
    got = student.minimise(BOWL, np.array([6.0, -9.0]), 10.0)
    where = "minimise, H = [[4, 2], [2, 7]], h = (6, -9), c = 10"
    check.equal(got.kind, "bowl", where=f"{where}: kind", look=STEP[3])
    same(got.x, [2.5, -2.0], f"{where}: x", STEP[3])
    same(got.value, -6.5, f"{where}: value", STEP[3])
    check.shape(got.directions, (2, 0), where=f"{where}: directions", look=CONTRACT)
    got = student.minimise(ROOF, np.array([3.0, 6.0]), 1.0)
    where = "minimise, H = [[1, 2], [2, 4]], h = (3, 6), c = 1"
    check.equal(got.kind, "trough", where=f"{where}: kind", look=STEP[3])
    same(got.x, [0.6, 1.2], f"{where}: x, the shortest", STEP[3])
    same(got.value, -3.5, f"{where}: value", STEP[3])
    check.shape(got.directions, (2, 1), where=f"{where}: directions", look=CONTRACT)
    d = got.directions[:, 0] * np.sign(got.directions[0, 0])
    same(d, np.array([2.0, -1.0]) / math.sqrt(5), f"{where}: directions", STEP[3])
    got = student.minimise(np.diag([0.0, 0.0, 2.0]), np.array([0.0, 0.0, 8.0]), 0.0)
    where = "minimise, H = diag(0, 0, 2), h = (0, 0, 8): directions"
    check.shape(got.directions, (3, 2), where=where, look=CONTRACT)
    want = np.diag([1.0, 1.0, 0.0])
    same(got.directions @ got.directions.T, want, where, STEP[3])


@pytest.mark.task("minimise")
def test_minimise_proves_that_there_is_none(student):
    bent = np.array([[9.0, 0.0, 0.0], [0.0, 2.0, 3.0], [0.0, 3.0, 2.0]])
    flat = np.diag([1.0, 0.0, 0.0])
    for kind, want, H, h in (
        ("eigenvalues -1, 5 and 9", "saddle", bent, np.array([1.0, 1.0, 0.0])),
        ("eigenvalues -2, -1 and 9", "saddle", TWO_DOWN, np.array([0.0, 0.0, 1.0])),
        ("eigenvalues 0 and 5, h = (3, 5)", "ramp", ROOF, np.array([3.0, 5.0])),
        ("eigenvalues 0 and 5, h = (3, 7)", "ramp", ROOF, np.array([3.0, 7.0])),
        ("H = diag(1, 0, 0), h = (9, 0, -2)", "ramp", flat, np.array([9.0, 0, -2.0])),
        ("n = 1, H = -4", "saddle", np.array([[-4.0]]), np.array([1.0])),
    ):
        got, where = student.minimise(H, h, 1.0), f"minimise, {kind}"
        check.equal(got.kind, want, where=f"{where}: kind", look=STEP[3])
        check.equal(got.x, None, where=f"{where}: x", look=CONTRACT)
        check.equal(got.value, -math.inf, where=f"{where}: value", look=CONTRACT)
        where = f"{where}: directions"
        check.shape(got.directions, (len(h), 1), where=where, look=CONTRACT)
        d = np.asarray(got.directions[:, 0])
        same(d @ d, 1.0, f"{where}, d'd", CONTRACT)
        bend, fall = float(d @ H @ d), float(d @ h)
        if want == "saddle":
            evidence = f"d'Hd is {bend:.3g}"
            check.true(bend < -0.1, where=where, evidence=evidence, look=STEP[3])
        else:
            check.close(H @ d, 0 * d, atol=1e-9, where=f"{where}, Hd", look=STEP[3])
            evidence = f"h'd is {fall:.3g}"
            check.true(fall > 1e-6, where=where, evidence=evidence, look=STEP[3])


@pytest.mark.task("minimise")
def test_minimise_scales(student):
    tiny = student.minimise(ROOF * 1e-30, np.array([3.0, 6.0]) * 1e30, 0.0)
    same(tiny.x, [0.6e60, 1.2e60], "minimise, H of size 1e-30, h of size 1e30: x")
    exact = np.array([1.0, 2.0, 3.0])
    slim = np.array([[2.0, 1, 0], [1, 2, 1], [0, 1, 2 / 3 + 1e-8]])
    got = student.minimise(slim, slim @ exact, 0.0)
    where = "minimise, a condition number of 1e9: x"
    same(got.x, exact, where, tol=1e-4)
    thin = np.diag([1.0, 1e-12])
    got = student.minimise(thin, np.array([2.0, 3e-12]), 0.0, 1e-13)
    same(got.x, [2.0, 3.0], "minimise, eigenvalues 1 and 1e-12, rtol = 1e-13: x")
    got = student.minimise(thin, np.array([2.0, 3e-12]), 0.0)
    where = "minimise, eigenvalues 1 and 1e-12: x of the trough"
    same(got.x, [2.0, 0.0], where, tol=1e-9)
    got = student.minimise(np.diag([1.0, 1e-5]), np.array([2.0, 0.0]), 0.0, 1e-4)
    where = "minimise, eigenvalues 1 and 1e-5, rtol = 1e-4: directions of the trough"
    check.shape(got.directions, (2, 1), where=where, look=CONTRACT)
    got = student.minimise(ROOF * 1e40, np.array([3.0, 6.0 + 1e-12]), 0.0)
    same(got.x, [0.6e-40, 1.2e-40], "minimise, H of size 1e40: x of the trough")
    got = student.minimise(np.zeros((0, 0)), np.zeros(0), 4.0)
    check.equal(got.value, 4.0, where="minimise, n = 0: value", look=CONTRACT)
    check.shape(got.x, (0,), where="minimise, n = 0: x", look=CONTRACT)
    refused(
        student.minimise,
        "minimise",
        H_is_not_symmetric=(FULL, np.ones(2), 0.0),
        h_of_one_number=(BOWL, np.ones(1), 0.0),
    )
    for H in (BOWL, np.zeros((2, 2))):
        h = H @ np.ones(2)
        keeps(student, "minimise", [H, h, 1.0], [("x",), ("directions",)])


# --- the descents -------------------------------------------------------------------


def plain(r):
    """Leave r as it is."""
    return r


def walk(student, name, H, h, x0, *rest, divide=plain, **options):
    """Run a descent on a matrix; return its fields, points and number of products."""
    calls, path = [], []

    def product(v):
        calls.append(v.dtype)
        with np.errstate(all="ignore"):
            return H @ v

    extra = [divide] if name == "preconditioned" else []
    call = getattr(student, name)
    if len(rest) < 2:  # else maxiter is among them
        options.setdefault("maxiter", 300)
    got = call(product, h, x0, *extra, *rest, watch=path.append, **options)
    residuals = np.asarray(got.residuals)
    return got.x, got.status, residuals, got.direction, path, calls


def whole_walk(student, name, xs, residuals, look, divide=plain):
    """Check the points, residuals and products of two steps in the chapter's bowl."""
    H, h = np.array([[2.0, 0.0], [0.0, 8.0]]), np.array([2.0, -8.0])
    x, status, sizes, direction, path, calls = walk(
        student, name, H, h, np.array([5.0, 0.0]), maxiter=2, divide=divide
    )
    where = f"{name}, H = diag(2, 8), h = (2, -8), from (5, 0)"
    check.equal(len(path), 3, where=f"{where}: calls of watch", look=CONTRACT)
    for k, (point, want) in enumerate(zip(path, xs, strict=True)):
        same(np.asarray(point), want, f"{where}: x after {k} steps", look, 1e-12)
    same(x, xs[-1], f"{where}: x", look, 1e-12)
    check.close(sizes, residuals, atol=1e-12, where=f"{where}: residuals", look=look)
    check.dtype(sizes, np.float64, where=f"{where}: residuals", look=CONTRACT)
    check.at_most(len(calls), 4, where=f"{where}: products", look=CONTRACT)
    check.equal(direction, None, where=f"{where}: direction", look=CONTRACT)
    check.equal(
        status,
        "converged" if residuals[-1] == 0 else "maxiter",
        where=f"{where}, maxiter = 2: status",
        look=CONTRACT,
    )


@pytest.mark.task("steepest_descent")
def test_steepest_descent(student):
    xs = [[5.0, 0.0], [2.6, -2.4], [1.64, 0.0]]
    xs, residuals = two_steps(np.diag([2.0, 8.0]), np.array([2.0, -8.0]), xs[0])
    whole_walk(student, "steepest_descent", xs, residuals, STEP[4])


def two_steps(H, h, x):
    """Return the points and residuals of two exact line searches."""
    points, sizes = [np.array(x)], []
    for _ in range(2):
        r = h - H @ points[-1]
        sizes.append(math.sqrt(r @ r))
        points.append(points[-1] + (r @ r) / (r @ H @ r) * r)
    r = h - H @ points[-1]
    return points, [*sizes, math.sqrt(r @ r)]


@pytest.mark.task("conjugate_gradient")
def test_conjugate_gradient(student):
    xs, residuals = two_steps(np.diag([2.0, 8.0]), np.array([2.0, -8.0]), [5.0, 0.0])
    xs[2], residuals[2] = np.array([1.0, -1.0]), 0.0
    whole_walk(student, "conjugate_gradient", xs, residuals, STEP[5])


@pytest.mark.task("preconditioned")
def test_preconditioned_by_nothing(student):
    xs, residuals = two_steps(np.diag([2.0, 8.0]), np.array([2.0, -8.0]), [5.0, 0.0])
    xs[2], residuals[2] = np.array([1.0, -1.0]), 0.0
    whole_walk(student, "preconditioned", xs, residuals, STEP[7])


@pytest.mark.task("preconditioned")
def test_preconditioned_is_cg_in_other_coordinates(student):
    """With H = SKS and M = SS, the steps are those of K, seen through S."""
    S, K = np.diag([1.0, 10.0, 0.1]), np.array([[2.0, 1, 0], [1, 2, 1], [0, 1, 2.0]])
    H, h = S @ K @ S, np.array([1.0, -20.0, 0.3])
    count = check.counted(lambda r: r / np.diag(S) ** 2)
    _, status, sizes, _, path, _ = walk(
        student, "preconditioned", H, h, np.zeros(3), divide=count
    )
    where = "preconditioned, three eigenvalues, rows of size 1, 100 and 0.01"
    check.equal(status, "converged", where=f"{where}: status", look=STEP[7])
    check.equal(len(sizes), 4, where=f"{where}: entries of residuals", look=STEP[7])
    check.at_most(count.calls, 3, where=f"{where}: calls of M", look=CONTRACT)
    y, r = np.zeros(3), np.linalg.solve(S, h)
    p = r
    for k, got in enumerate(path):
        want = np.linalg.solve(S, y)
        same(np.asarray(got), want, f"{where}: x after {k} steps", STEP[7], 1e-9)
        length = math.sqrt(float(np.sum((S @ r) ** 2)))
        check.close(
            sizes[k], length, atol=1e-9, where=f"{where}: residuals", look=STEP[7]
        )
        if k < 3:
            alpha = (r @ r) / (p @ K @ p)
            y, new = y + alpha * p, r - alpha * (K @ p)
            p, r = new + (new @ new) / (r @ r) * p, new


@pytest.mark.task("preconditioned")
def test_preconditioned_by_other_matrices(student):
    H, h = np.array([[2.0, 1.9], [1.9, 2.0]]), np.array([1.0, 0.1])
    _, status, sizes, *_ = walk(
        student,
        "preconditioned",
        H,
        h,
        np.zeros(2),
        divide=lambda r: np.linalg.solve(H, r),
    )
    where = "preconditioned, H = M = [[2, 1.9], [1.9, 2]]"
    check.equal(status, "converged", where=f"{where}: status", look=STEP[7])
    check.at_most(len(sizes) - 1, 2, where=f"{where}: steps", look=STEP[7])
    far, x0 = np.diag([1.0, 1e4, 1e-3]), np.full(3, 1e9)
    _, status, sizes, *_ = walk(
        student,
        "preconditioned",
        far,
        np.ones(3),
        x0,
        divide=lambda r: r / np.diag(far),
    )
    where = "preconditioned, H = M = diag(1, 1e4, 1e-3), from a start of size 1e9"
    look = "After a check that failed, p is z. " + CONTRACT
    check.equal(status, "converged", where=f"{where}: status", look=look)
    check.at_most(len(sizes) - 1, 8, where=f"{where}: steps", look=look)
    H, h = np.diag([1.0, 2.0]), np.ones(2)
    _, status, *_ = walk(
        student,
        "preconditioned",
        H,
        h,
        np.zeros(2),
        divide=lambda r: r / np.array([1.0, 5e14]),
    )
    where = "preconditioned, H = diag(1, 2), M = diag(1, 5e14): status"
    look = "What is flat depends on p'Hp / p'p. " + CONTRACT
    check.equal(status, "converged", where=where, look=look)


@pytest.mark.task("preconditioned")
def test_preconditioned_refuses_an_m(student):
    fine, h, x0 = (lambda v: 2 * v), np.array([3.0, 4.0]), np.zeros(2)
    wide, signs = (lambda v: v * np.array([1.0, 2.0, 5.0])), iter([1.0, -1.0])
    turns = lambda r: next(signs) * r  # noqa: E731
    refused(
        student.preconditioned,
        "preconditioned",
        negative_M=(fine, h, x0, lambda r: -r),
        z_at_a_right_angle_to_r=(fine, h, x0, lambda r: np.array([-r[1], r[0]])),
        z_of_one_number=(fine, h, x0, lambda r: r[:1]),
        z_as_a_column=(fine, h, x0, lambda r: r[:, None]),
        negative_M_in_the_second_step=(wide, np.ones(3), np.zeros(3), turns),
    )
    for most in (0, 1):
        count = check.counted(plain)
        student.preconditioned(wide, np.ones(3), np.zeros(3), count, maxiter=most)
        where = f"preconditioned, maxiter = {most}: calls of precondition"
        check.at_most(count.calls, most, where=where, look=CONTRACT)
    there = check.counted(plain)
    student.preconditioned(fine, h, h / 2, there)
    where = "preconditioned from the minimum: calls of precondition"
    check.equal(there.calls, 0, where=where, look=CONTRACT)


@pytest.mark.task("conjugate_gradient")
def test_one_step_for_each_eigenvalue(student):
    H = np.diag([1.0, 7.0, 7.0, 7.0, 30.0, 30.0])
    for h in (np.arange(1.0, 7.0), np.array([0.0, 1, 2, 3, 0, 0])):
        _, status, sizes, *_ = walk(
            student, "conjugate_gradient", H, h, np.zeros(6), 1e-7
        )
        eigenvalues = len({v for v, part in zip(np.diag(H), h, strict=True) if part})
        where = f"conjugate_gradient, h has parts along {eigenvalues} eigenvalues"
        check.equal(status, "converged", where=f"{where}: status", look=STEP[5])
        check.equal(len(sizes) - 1, eigenvalues, where=f"{where}: steps", look=STEP[5])


@pytest.mark.task("conjugate_gradient")
def test_thin_is_not_flat(student):
    for thin in (1e-10, 5e-13):
        H, h = np.diag([1.0, thin]), np.array([1.0, 2 * thin])
        x, status, *_ = walk(student, "conjugate_gradient", H, h, np.zeros(2), 1e-14)
        where = f"conjugate_gradient, eigenvalues 1 and {thin:g}"
        check.equal(status, "converged", where=f"{where}: status", look=CONTRACT)
        same(x, [1.0, 2.0], f"{where}: x", tol=1e-2)


def judge_many_steps(student, name):
    """Check a long run: what each step promises, what it costs, how long it is."""
    values = np.geomspace(1.0, 1e4, 12)
    if name == "steepest_descent":
        values = np.array([1.0, 2.0, 30.0])
    H, h = np.diag(values), np.ones(len(values))
    _, status, sizes, _, path, calls = walk(student, name, H, h, 0 * h)
    where = f"{name}, {len(h)} eigenvalues from 1 to {values[-1]:g}"
    check.equal(status, "converged", where=f"{where}: status", look=CONTRACT)
    steps = len(sizes) - 1
    most = 280 if name == "steepest_descent" else 30
    check.at_most(steps, most, where=f"{where}: steps", look=CONTRACT)
    # One product for each step, one before the first, and one check at the end.
    check.at_most(len(calls), steps + 2, where=f"{where}: products", look=CONTRACT)
    walks = np.diff(np.array(path[:9]), axis=0)
    left = np.array([h - H @ point for point in path[:9]])
    for k, (along, rest) in enumerate(zip(walks, left[1:], strict=True)):
        share = abs(float(along @ rest)) / math.sqrt((along @ along) * (rest @ rest))
        evidence = f"there the slope along step {k + 1} is {share:.3g} |r|, not 0"
        look = "Each step goes to the lowest point of its line. " + STEP[4]
        spot = f"{where}: x after {k + 1} steps"
        check.true(share < 1e-6, where=spot, evidence=evidence, look=look)
    if name != "steepest_descent":
        units = walks / np.sqrt(np.sum((walks @ H) * walks, axis=1))[:, None]
        worst = float(np.max(np.abs(units @ H @ units.T - np.eye(len(units)))))
        evidence = (
            f"of two of the first 8 steps, scaled to d'Hd = 1, d'He is {worst:.3g}"
        )
        where = f"{where}: are all steps conjugate"
        check.true(worst < 1e-6, where=where, evidence=evidence, look=STEP[5])


def judge_flat(student, name):
    """Check that a curvature of rounding size is none, whatever its sign is."""
    cases = [(np.diag([1.0, 0.0]), np.array([1.0, 4e-8]))]
    if name != "steepest_descent":
        cases = [(np.diag([1.0, 1e-4, 0.0]), np.array([1.0, 1e-2, 1e-4]))]
        for k in range(1, 9):
            u = np.array([math.cos(k), math.sin(k), 0.5 * k])
            Q = np.eye(3) - 2 * np.outer(u, u) / (u @ u)
            for values, parts in (
                ([0.0, 1.0, 4.0], [1.0, 1.0, 2.0]),
                ([0.0, 1e-3, 1.0], [1.0, 1.0, 1e-3]),  # the first curvature is small
            ):
                H = Q @ np.diag(values) @ Q
                cases.append(((H + H.T) / 2, Q @ np.array(parts)))
    for k, (H, h) in enumerate(cases):
        _, status, sizes, *_ = walk(student, name, H, h, 0 * h, maxiter=50)
        where = f"{name}, a ramp whose flat curvature is rounding, case {k}"
        look = "Compare with the largest curvature met. " + CONTRACT
        check.equal(status, "unbounded", where=f"{where}: status", look=look)
        most = len(h) - 1
        check.at_most(len(sizes) - 1, most, where=f"{where}: steps", look=look)


def judge_aims(student, name):
    for kind, size, h_size, rtol in (
        ("h of size 1e-30", 1.0, 1e-30, 1e-6),
        ("h of size 1e30", 1.0, 1e30, 1e-6),
        ("H of size 1e-20", 1e-20, 1.0, 1e-6),
        ("a loose rtol", 1.0, 1.0, 0.05),
        ("h = 0", 1.0, 0.0, 1e-6),
    ):
        H, h = WIDE * size, SIGNS * h_size
        x0 = np.array([1.0, 1.0, -1.0, 2.0]) * (h_size or 1.0) / size
        x, status, sizes, *_ = walk(student, name, H, h, x0, rtol)
        where = f"{name}, eigenvalues 1 to 20, {kind}"
        check.equal(status, "converged", where=f"{where}: status", look=CONTRACT)
        r, first = h - H @ x, h - H @ x0
        aim = rtol * math.sqrt(h @ h if h_size else first @ first)
        evidence = f"|h - Hx| is {math.sqrt(r @ r):.3g}, the aim {aim:.3g}"
        good = math.sqrt(r @ r) <= 1.01 * aim
        check.true(good, where=where, evidence=evidence, look=CONTRACT)
        least = float(np.min(sizes[:-1], initial=math.inf))
        evidence = f"it went on after |r| = {least:.3g} had met the aim, {aim:.3g}"
        good = least > 0.999 * aim
        check.true(good, where=where, evidence=evidence, look=CONTRACT)


def judge_converged(student, name):
    H, h = np.diag([2.0, 3.0, 4.0]), np.array([1.0, -1.0, 2.0])
    x0 = np.array([1e9, -2e9, 3e9])
    x, status, sizes, _, _, calls = walk(student, name, H, h, x0, 1e-11)
    where = f"{name} from a start of size 1e9, rtol = 1e-11"
    check.equal(status, "converged", where=f"{where}: status", look=STEP[8])
    r = h - H @ x
    left, aim = math.sqrt(r @ r), 1e-11 * math.sqrt(h @ h)
    evidence = f"|h - Hx| is {left:.3g}, and the aim {aim:.3g}"
    check.true(left <= 1.01 * aim, where=where, evidence=evidence, look=STEP[8])
    where = f"{where}: residuals"
    check.close(sizes[-1], left, atol=0.05 * aim, where=where, look=STEP[8])
    evidence = "an entry before the last meets the aim: is the checked one put in?"
    good = bool(np.all(sizes[:-1] > 0.999 * aim))
    check.true(good, where=where, evidence=evidence, look=STEP[8])
    most = len(sizes) + 6
    check.at_most(len(calls), most, where=f"{name}: products", look=CONTRACT)
    if name != "steepest_descent":
        where = f"{name} from a start of size 1e9: steps"
        check.at_most(len(sizes) - 1, 18, where=where, look=STEP[8])


def judge_endings(student, name):
    cases = [
        ("eigenvalues -3 and -8", -BOWL, np.array([1.0, 1.0])),
        ("H = 0", np.zeros((2, 2)), np.array([3.0, -4.0])),
        ("H = diag(0, 7), h = (5, 0)", np.diag([0.0, 7.0]), np.array([5.0, 0.0])),
        ("H = diag(-1e-30, 1e-30)", np.diag([-1e-30, 1e-30]), np.array([2.0, 1.0])),
    ]
    if name != "steepest_descent":
        later = np.array([3.0, 1.0])
        cases += [
            ("H = diag(5, -1), h = (3, 1)", np.diag([5.0, -1.0]), later),
            ("H = diag(5, 0), h = (3, 1)", np.diag([5.0, 0.0]), later),
        ]
    for kind, H, h in cases:
        x, status, _, d, path, _ = walk(student, name, H, h, np.zeros(2))
        where = f"{name}, {kind}"
        check.equal(status, "unbounded", where=f"{where}: status", look=CONTRACT)
        where = f"{where}: direction"
        check.shape(d, (2,), where=where, look=CONTRACT)
        same(math.sqrt(float(np.sum(np.square(d)))), 1.0, f"{where}, its length")
        bend, fall = float(d @ H @ d), float(d @ (h - H @ x))
        evidence = f"d'Hd is {bend:.3g}, not <= 0, or d'r is {fall:.3g}, not > 0"
        good = bend <= 1e-12 and fall > 0
        check.true(good, where=where, evidence=evidence, look=CONTRACT)
        same(x, path[-1], f"{name}, {kind}: x, the last point that watch saw")


def judge_small(student, name):
    for kind, H, h, x0, rest, status, steps in (
        ("from the minimum", BOWL, [8.0, 16], [1.0, 2], (), "converged", 0),
        ("n = 0", np.zeros((0, 0)), [], [], (), "converged", 0),
        ("n = 1, integers", np.array([[5]]), [10], [7], (), "converged", 1),
        ("n = 1, maxiter = 1", np.array([[5.0]]), [9], [7], (1e-8, 1), "converged", 1),
        ("maxiter = 0", WIDE, SIGNS, np.ones(4), (1e-8, 0), "maxiter", 0),
        ("maxiter = 2", WIDE, SIGNS, np.ones(4), (1e-8, 2), "maxiter", 2),
    ):
        h, x0 = np.array(h), np.array(x0)
        x, got, sizes, _, path, calls = walk(student, name, H, h, x0, *rest)
        where = f"{name}, {kind}"
        check.equal(got, status, where=f"{where}: status", look=CONTRACT)
        check.equal(len(sizes) - 1, steps, where=f"{where}: steps", look=CONTRACT)
        check.equal(len(path), steps + 1, where=f"{where}: watch", look=CONTRACT)
        check.at_most(len(calls), 2 * steps + 1, where=f"{where}: products")
        check.dtype(x, np.float64, where=f"{where}: x", look=CONTRACT)
        if status == "converged":
            want = np.linalg.solve(H, h) if len(h) else h
            check.close(x, want, atol=1e-9, where=f"{where}: x", look=CONTRACT)
            good = all(kind == np.float64 for kind in calls)
            check.equal(good, True, where=f"{where}: v is float64", look=CONTRACT)


def judge_refusals(student, name):
    extra = [plain] if name == "preconditioned" else []
    two, fine = np.ones(2), lambda v: 2.0 * v
    refused(
        getattr(student, name),
        name,
        x0_of_one_number=(fine, two, np.ones(1), *extra),
        two_dimensional_h=(fine, np.ones((1, 2)), np.ones((1, 2)), *extra),
        product_returns_one_number=(lambda v: v[:1], two, 2 * two, *extra),
        rtol_is_0=(fine, two, 2 * two, *extra, 0.0),
        rtol_is_NaN=(fine, two, 2 * two, *extra, math.nan),
        maxiter_is_negative=(fine, two, 2 * two, *extra, 1e-8, -1),
    )
    for bad in (math.nan, math.inf, -math.inf):
        lost = lambda v, bad=bad: np.where(v.any(), bad, v)  # noqa: E731
        check.raises(
            OverflowError,
            getattr(student, name),
            lost,
            two,
            0 * two,
            *extra,
            where=f"{name}, product returns {bad}",
            look=CONTRACT,
        )


def careless(lesson, name, kind):
    """Run a descent with functions that keep, overwrite or return what they get."""
    import numpy as np

    scale, own = np.array([2.0, 3.0, 5.0]), np.zeros(3)

    def returns_it(v):
        return v

    def overwrites(v):
        v *= scale
        return v

    def one_buffer(v):
        own[:] = scale * v
        return own

    def spoils(x):
        x[:] = 99.0

    product = {f.__name__: f for f in (returns_it, overwrites, one_buffer)}[kind]

    def halves(r):
        r *= 0.5
        return r

    divide = halves if kind == "overwrites" else returns_it
    extra = [divide] if name == "preconditioned" else []
    h, x0 = np.array([2.0, 3.0, 5.0]), np.array([4.0, -1.0, 2.0])
    run = getattr(lesson, name)(product, h, x0, *extra, 1e-9, watch=spoils)
    x = np.array(run.x)
    still = getattr(lesson, name)(product, h, x0, *extra, maxiter=0)
    still.x[:] = 55.0
    return run.status, x, h, x0, len(run.residuals) - 1


def judge_careless(student, name):
    for kind, want in (
        ("returns_it", [2.0, 3.0, 5.0]),
        ("overwrites", [1.0, 1.0, 1.0]),
        ("one_buffer", [1.0, 1.0, 1.0]),
    ):
        status, x, h, x0, steps = student.run(careless, name=name, kind=kind)
        where = f"{name}, product {kind.replace('_', ' ')}, watch overwrites"
        check.equal(status, "converged", where=f"{where}: status", look=CONTRACT)
        same(x, want, f"{where}: x", tol=1e-7)
        if name != "steepest_descent":
            check.at_most(steps, 4, where=f"{where}: steps", look=CONTRACT)
        check.equal(h.tolist(), [2.0, 3.0, 5.0], where=f"{where}: h", look=CONTRACT)
        where = f"{name}: x0 afterwards, and is x a new array"
        check.equal(x0.tolist(), [4.0, -1.0, 2.0], where=where, look=CONTRACT)


@pytest.mark.task("steepest_descent")
def test_aims_of_steepest_descent(student):
    judge_aims(student, "steepest_descent")


@pytest.mark.task("steepest_descent")
def test_converged_of_steepest_descent(student):
    judge_converged(student, "steepest_descent")


@pytest.mark.task("steepest_descent")
def test_endings_of_steepest_descent(student):
    judge_endings(student, "steepest_descent")


@pytest.mark.task("steepest_descent")
def test_small_of_steepest_descent(student):
    judge_small(student, "steepest_descent")


@pytest.mark.task("steepest_descent")
def test_refusals_of_steepest_descent(student):
    judge_refusals(student, "steepest_descent")


@pytest.mark.task("steepest_descent")
def test_careless_of_steepest_descent(student):
    judge_careless(student, "steepest_descent")


@pytest.mark.task("conjugate_gradient")
def test_aims_of_conjugate_gradient(student):
    judge_aims(student, "conjugate_gradient")


@pytest.mark.task("conjugate_gradient")
def test_converged_of_conjugate_gradient(student):
    judge_converged(student, "conjugate_gradient")


@pytest.mark.task("conjugate_gradient")
def test_endings_of_conjugate_gradient(student):
    judge_endings(student, "conjugate_gradient")


@pytest.mark.task("conjugate_gradient")
def test_small_of_conjugate_gradient(student):
    judge_small(student, "conjugate_gradient")


@pytest.mark.task("conjugate_gradient")
def test_refusals_of_conjugate_gradient(student):
    judge_refusals(student, "conjugate_gradient")


@pytest.mark.task("conjugate_gradient")
def test_careless_of_conjugate_gradient(student):
    judge_careless(student, "conjugate_gradient")


@pytest.mark.task("preconditioned")
def test_aims_of_preconditioned(student):
    judge_aims(student, "preconditioned")


@pytest.mark.task("preconditioned")
def test_converged_of_preconditioned(student):
    judge_converged(student, "preconditioned")


@pytest.mark.task("preconditioned")
def test_endings_of_preconditioned(student):
    judge_endings(student, "preconditioned")


@pytest.mark.task("preconditioned")
def test_small_of_preconditioned(student):
    judge_small(student, "preconditioned")


@pytest.mark.task("preconditioned")
def test_refusals_of_preconditioned(student):
    judge_refusals(student, "preconditioned")


@pytest.mark.task("preconditioned")
def test_careless_of_preconditioned(student):
    judge_careless(student, "preconditioned")


@pytest.mark.task("steepest_descent")
def test_many_steps_of_steepest_descent(student):
    judge_many_steps(student, "steepest_descent")


@pytest.mark.task("steepest_descent")
def test_flat_curvature_of_steepest_descent(student):
    judge_flat(student, "steepest_descent")


@pytest.mark.task("conjugate_gradient")
def test_many_steps_of_conjugate_gradient(student):
    judge_many_steps(student, "conjugate_gradient")


@pytest.mark.task("conjugate_gradient")
def test_flat_curvature_of_conjugate_gradient(student):
    judge_flat(student, "conjugate_gradient")


@pytest.mark.task("preconditioned")
def test_many_steps_of_preconditioned(student):
    judge_many_steps(student, "preconditioned")


@pytest.mark.task("preconditioned")
def test_flat_curvature_of_preconditioned(student):
    judge_flat(student, "preconditioned")


# --- rates --------------------------------------------------------------------------


@pytest.mark.task("rates")
def test_rates(student):
    H, star = np.diag([1.0, 9.0]), np.array([1.0, -1.0])
    path = [np.array([5.0, -1.0]), np.array([1.0, 0.0]), star, np.array([3.0, -1.0])]
    got = student.rates(H, star, path)
    where = "rates, H = diag(1, 9)"
    same(got.kappa, 9.0, f"{where}: kappa", STEP[6])
    same(got.measured, [1.0, 0.75, 0.0, 0.5], f"{where}: measured", STEP[6])
    want = [1.0, 0.8, 0.64, 0.512]
    same(got.descent_bound, want, f"{where}: descent_bound", STEP[6])
    want = [2.0, 1.0, 0.5, 0.25]
    same(got.conjugate_bound, want, f"{where}: conjugate_bound", STEP[6])
    turned = student.rates(np.array([[5.0, 4.0], [4.0, 5.0]]), star, np.array(path))
    where = "rates, H = [[5, 4], [4, 5]], an array of points"
    same(turned.kappa, 9.0, f"{where}: kappa", STEP[6])
    want = np.sqrt([1.0, 5 / 80, 0.0, 20 / 80])
    same(turned.measured, want, f"{where}: measured", STEP[6])
    path = star + np.array([[1.0, 1.0], [1.0, -1.0], [2.0, 2.0]])
    turned = student.rates(np.array([[5.0, 4.0], [4.0, 5.0]]), star, path)
    where = "rates, H = [[5, 4], [4, 5]], errors (1, 1), (1, -1) and (2, 2)"
    same(turned.measured, [1.0, 1 / 3, 2.0], f"{where}: measured", STEP[6])
    path = star + np.array([[1.0, 0.0], [1.0, 2.0], [1.0, -2.0]])
    turned = student.rates(np.array([[4.0, 2.0], [2.0, 7.0]]), star, path)
    where = "rates, H = [[4, 2], [2, 7]], errors (1, 0), (1, 2) and (1, -2)"
    same(turned.measured, np.sqrt([1.0, 10.0, 6.0]), f"{where}: measured", STEP[6])
    H = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, -2.0], [0.0, -2.0, 9.0]])
    path = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 2.0, 1.0]])
    turned = student.rates(H, np.zeros(3), path)
    where = "rates, n = 3, errors (1, 0, 0), (1, 1, 0) and (0, 2, 1)"
    want = np.sqrt([1.0, 9 / 4, 13 / 4])
    same(turned.measured, want, f"{where}: measured", STEP[6])


@pytest.mark.task("rates")
def test_rates_edges(student):
    one = student.rates(np.array([[7]]), np.array([2]), np.array([[4], [1]]))
    where = "rates, n = 1, integers"
    same(one.measured, [1.0, 0.5], f"{where}: measured")
    same(one.descent_bound, [1.0, 0.0], f"{where}: descent_bound")
    same(one.conjugate_bound, [2.0, 0.0], f"{where}: conjugate_bound")
    far = np.array([[100, 0], [-50, 0]], np.int8)
    wide = student.rates(np.eye(2), np.array([-100, 0], np.int8), far)
    same(wide.measured, [1.0, 0.25], "rates, int8 points: measured")
    thin, near = np.diag([1.0, 1e-13]), np.array([0.0, 1e-10])
    got = student.rates(thin, 0 * near, [near])
    same(got.kappa, 1e13, "rates, eigenvalues 1 and 1e-13: kappa", tol=1e-9)
    zero, path = np.zeros(2), [np.ones(2)]
    refused(
        student.rates,
        "rates",
        negative_eigenvalue=(np.diag([1.0, -1.0]), zero, path),
        eigenvalues_1_and_1em15=(np.diag([1.0, 1e-15]), zero, path),
        empty_path=(BOWL, zero, []),
        path_starts_at_x_star=(BOWL, zero, [zero, zero]),
        points_of_one_number=(BOWL, zero, [np.ones(1)]),
    )
    keeps(student, "rates", [BOWL, zero + 0.5, np.array([[1.0, 2.0]])], [("measured",)])


# --- residual_bounds ----------------------------------------------------------------


@pytest.mark.task("residual_bounds")
def test_residual_bounds(student):
    r, h = np.array([0.03, -0.04]), np.array([6.0, 8.0])
    got = student.residual_bounds(r, h, 0.25, 16.0)
    for field, want in (
        ("error", (0.003125, 0.2)),
        ("energy", (0.0125, 0.1)),
        ("gap", (0.000078125, 0.005)),
        ("relative", (0.000078125, 0.32)),
    ):
        where = "residual_bounds, |r| = 0.05, |h| = 10, eigenvalues 0.25 to 16"
        where = f"{where}: {field}"
        same(np.array(getattr(got, field)), want, where, STEP[8])


@pytest.mark.task("residual_bounds")
def test_residual_bounds_edges(student):
    r, h = np.array([100, 75], np.int8), np.array([0, 125], np.int8)
    got = student.residual_bounds(r, h, 5, 5)
    for field, want in (("error", 25.0), ("gap", 1562.5), ("relative", 1.0)):
        where = f"residual_bounds, int8, one eigenvalue: {field}"
        same(np.array(getattr(got, field)), [want, want], where)
    two = np.ones(2)
    for kind, r, h, s, m, want in (
        ("r = 0", 0 * two, two, 1.0, 4.0, (0.0, 0.0)),
        ("h of size 1e-20", two, two * 1e-20, 1.0, 4.0, (0.25e20, 4e20)),
        ("eigenvalues 1e-30 and 1", two, two, 1e-30, 1.0, (1e-30, 1e30)),
    ):
        got = np.array(student.residual_bounds(r, h, s, m).relative)
        same(got, want, f"residual_bounds, {kind}: relative")
    refused(
        student.residual_bounds,
        "residual_bounds",
        h_is_0=(two, 0 * two, 1.0, 2.0),
        r_of_one_number=(np.ones(1), two, 1.0, 2.0),
        r_is_a_row_of_a_matrix=(np.ones((1, 2)), two, 1.0, 2.0),
        smallest_is_0=(two, two, 0.0, 2.0),
        smallest_is_negative=(two, two, -1.0, 2.0),
        smallest_above_largest=(two, two, 3.0, 2.0),
        smallest_is_NaN=(two, two, math.nan, 2.0),
        largest_is_infinite=(two, two, 1.0, math.inf),
    )
    keeps(student, "residual_bounds", [two, 2 * two, 1.0, 2.0])
