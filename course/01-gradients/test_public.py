"""Public tests of lesson 01: the shape of each contract, on friendly inputs.

The hidden tests ask the same questions of awkward inputs: read the docstrings.
"""

import math

import numpy as np
import pytest

from autograder.student.testing import check


def bowl(x):
    """Return x^2 + y^2, the chapter's example."""
    return float(x[0]) ** 2 + float(x[1]) ** 2


POINT = np.array([1.0, 2.0])


@pytest.mark.task("partial")
def test_partial(student):
    f = check.counted(lambda x: math.exp(float(x[0])))
    one = np.array([1.0])
    got = student.partial(f, one, 0)
    coarse = student.partial(f, one, 0, h=0.5)
    forward = student.partial(f, one, 0, scheme="forward")
    exact = student.partial(lambda z: np.exp(z[0]), one, 0, scheme="complex")

    where = "partial of exp at 1"
    look = "Chapter, step 2."
    check.close(got, math.e, rtol=1e-8, where=f"{where}, default step", look=look)
    check.close(
        coarse, math.e * math.sinh(0.5) / 0.5, rtol=1e-9, where=f"{where}, h=0.5"
    )
    check.close(forward, math.e, rtol=1e-6, where=f"{where}, 'forward'", look=look)
    check.close(exact, math.e, rtol=1e-14, where=f"{where}, 'complex'", look=look)
    check.equal(f.calls, 6, where=f"{where}: three times two calls of f", look=look)
    check.raises(IndexError, student.partial, bowl, POINT, 2, where="partial, i = n")


@pytest.mark.task("gradient")
def test_gradient(student):
    f = check.counted(bowl)
    got = student.gradient(f, POINT)

    where = "gradient of x^2 + y^2 at (1, 2)"
    check.close(got, [2.0, 4.0], rtol=1e-8, where=where, look="Chapter, step 2.")
    check.dtype(got, np.float64, where=where)
    check.equal(f.calls, 4, where=f"{where}: calls of f", look="2n, with n = 2.")


@pytest.mark.task("directional")
def test_directional(student):
    f = check.counted(bowl)
    v = np.array([3.0, 4.0])
    slope = student.directional(f, POINT, v, normalise=True)
    along = student.directional(f, POINT, v, normalise=False)
    east = student.directional(f, POINT, np.array([1.0, 0.0]), normalise=True)

    where = "directional, x^2 + y^2 at (1, 2)"
    look = "Chapter, step 3."
    check.close(slope, 4.4, rtol=1e-8, where=f"{where} along (3, 4)/5", look=look)
    check.close(along, 22.0, rtol=1e-8, where=f"{where} along (3, 4)", look=look)
    check.close(east, 2.0, rtol=1e-8, where=f"{where} along (1, 0)", look=look)
    check.equal(f.calls, 6, where=f"{where}: three times two calls of f", look=look)


def products(lesson):
    """Return value and tangent of some expressions in Dual(3, 1)."""
    x = lesson.Dual(3.0, 1.0)
    answers = {
        "x * x": x * x,
        "1 + 2 * x": 1 + 2 * x,
        "x * x / (1 + x)": x * x / (1 + x),
        "x ** 3": x**3,
        "2 ** x": 2**x,
        "sin(x)": lesson.sin(x),
        "exp(-x)": lesson.exp(-x),
        "log(x)": lesson.log(x),
    }
    return {what: (y.value, y.tangent) for what, y in answers.items()}


@pytest.mark.task("Dual")
def test_dual(student):
    got = student.run(products)
    for what, want in {
        "x * x": (9, 6),
        "1 + 2 * x": (7, 2),
        "x * x / (1 + x)": (2.25, 0.9375),
        "x ** 3": (27, 27),
        "2 ** x": (8, 8 * math.log(2)),
        "sin(x)": (math.sin(3), math.cos(3)),
        "exp(-x)": (math.exp(-3), -math.exp(-3)),
        "log(x)": (math.log(3), 1 / 3),
    }.items():
        where = f"Dual(3, 1), {what}: value and tangent"
        check.close(got[what], want, rtol=1e-12, where=where, look="Chapter, step 5.")


def one_call(lesson):
    """Return what jvp gives for the chapter's example, and the calls of f."""
    calls = []

    def f(x):
        calls.append(len(x))
        return x[0] ** 2 + x[1] ** 2

    return lesson.jvp(f, [1.0, 2.0], [3.0, 4.0]), len(calls)


@pytest.mark.task("jvp")
def test_jvp(student):
    got, calls = student.run(one_call)
    where = "jvp, x^2 + y^2 at (1, 2) along (3, 4)"
    check.close(got, [5.0, 22.0], rtol=1e-12, where=where, look="Chapter, step 5.")
    check.equal(calls, 1, where=f"{where}: calls of f", look="Chapter, step 5.")


@pytest.mark.task("steepest")
def test_steepest(student):
    grad = np.array([3.0, -4.0])
    for norm, want in (("l1", [0, -1]), ("l2", [0.6, -0.8]), ("linf", [1, -1])):
        got = student.steepest(grad, norm)
        where = f"steepest, gradient (3, -4), {norm}"
        check.close(got, want, atol=1e-12, where=where, look="Chapter, step 4.")
    check.raises(
        ValueError, student.steepest, 0 * grad, "l2", where="steepest, zero gradient"
    )


@pytest.mark.task("gradcheck")
def test_gradcheck(student):
    right = student.gradcheck(bowl, lambda x: 2 * x, POINT)
    wrong = student.gradcheck(bowl, lambda x: 2 * x + np.array([0.0, 1.0]), POINT)

    look = "Chapter, step 6."
    where = "gradcheck, a right gradient"
    check.equal(right.ok, True, where=f"{where}: ok", look=look)
    check.equal(list(right.kinks), [], where=f"{where}: kinks", look=look)
    where = "gradcheck, the second coordinate is 5 instead of 4"
    check.equal(wrong.ok, False, where=f"{where}: ok", look=look)
    check.equal(wrong.worst_index, 1, where=f"{where}: worst_index", look=look)
    check.close(wrong.abs_err, 1.0, atol=1e-6, where=f"{where}: abs_err", look=look)
    check.close(wrong.rel_err, 0.2, atol=1e-6, where=f"{where}: rel_err", look=look)
