"""Hidden tests of `Dual`."""

import math

import pytest
from hidden.common import CONTRACT, STEP_5, near

from autograder.student.testing import check

# --- Dual ---------------------------------------------------------------------------


def dual_arithmetic(lesson, a, b, c, k):
    """Return (value, tangent) of every operator; a and b are pairs, k is an int."""
    pairs = a, b
    a, b = lesson.Dual(*a), lesson.Dual(*b)

    def in_place():
        total = lesson.Dual(*pairs[0])
        total += b
        total *= b
        return total

    asked = {
        "a + b": lambda: a + b,
        "a + number": lambda: a + c,
        "number + a": lambda: c + a,
        "a - b": lambda: a - b,
        "a - number": lambda: a - c,
        "number - a": lambda: c - a,
        "a * b": lambda: a * b,
        "a * number": lambda: a * c,
        "number * a": lambda: c * a,
        "a / b": lambda: a / b,
        "a / number": lambda: a / c,
        "number / a": lambda: c / a,
        "int + a": lambda: k + a,
        "int - a": lambda: k - a,
        "int * a": lambda: k * a,
        "int / a": lambda: k / a,
        "-a": lambda: -a,
        "a * a": lambda: a * a,
        "a - a": lambda: a - a,
        "Dual(number)": lambda: lesson.Dual(c),
        "a + a * b / (a - b)": lambda: a + a * b / (a - b),
        "a += b, then *= b": in_place,
        "a, used many times": lambda: a,
        "b, used many times": lambda: b,
    }

    def answer(call):
        try:
            y = call()
        except NotImplementedError:
            raise
        except Exception as error:
            return f"raised {type(error).__name__}"
        if not isinstance(y, lesson.Dual):
            return f"a {type(y).__name__}"
        return (y.value, y.tangent)

    return {what: answer(call) for what, call in asked.items()}


def judge_duals(got, want, look):
    """Compare a dictionary of (value, tangent) pairs."""
    for what, (value, tangent) in want.items():
        where = f"Dual, {what}"
        check.plain(got[what], where, look)
        evidence = f"got {check.show(got[what])}, expected a Dual"
        check.true(
            isinstance(got[what], tuple), where=where, evidence=evidence, look=look
        )
        near(got[what][0], value, 1e-12, f"{where}: value", look, 1e-300)
        near(got[what][1], tangent, 1e-11, f"{where}: tangent", look, 1e-300)


@pytest.mark.task("Dual", weight=3)
def test_dual_arithmetic(student, rng):
    u, p = (float(t) for t in rng.uniform(2, 3, size=2))
    w, q = (float(t) for t in rng.uniform(-1.5, -0.5, size=2))
    c, k = float(rng.uniform(0.3, 0.7)), 3
    got = student.run(dual_arithmetic, a=(u, p), b=(w, q), c=c, k=k)

    s, ds = u - w, p - q
    want = {
        "a + b": (u + w, p + q),
        "a + number": (u + c, p),
        "number + a": (c + u, p),
        "a - b": (u - w, p - q),
        "a - number": (u - c, p),
        "number - a": (c - u, -p),
        "a * b": (u * w, p * w + u * q),
        "a * number": (u * c, p * c),
        "number * a": (c * u, c * p),
        "a / b": (u / w, (p * w - u * q) / w**2),
        "a / number": (u / c, p / c),
        "number / a": (c / u, -c * p / u**2),
        "int + a": (k + u, p),
        "int - a": (k - u, -p),
        "int * a": (k * u, k * p),
        "int / a": (k / u, -k * p / u**2),
        "-a": (-u, -p),
        "a * a": (u * u, 2 * u * p),
        "a - a": (0.0, 0.0),
        "Dual(number)": (c, 0.0),
        "a + a * b / (a - b)": (
            u + u * w / s,
            p + ((p * w + u * q) * s - u * w * ds) / s**2,
        ),
        "a += b, then *= b": ((u + w) * w, (p + q) * w + (u + w) * q),
        "a, used many times": (u, p),
        "b, used many times": (w, q),
    }
    judge_duals(got, want, STEP_5)


def dual_powers(lesson, a, b, c):
    """Return (value, tangent) of powers with exponents of every kind."""
    a, b = lesson.Dual(*a), lesson.Dual(*b)
    asked = {
        "a ** 3": (a, 3),
        "a ** -2": (a, -2),
        "a ** 0.5": (a, 0.5),
        "a ** number": (a, c),
        "a ** b": (a, b),
        "number ** a": (c, a),
        "2 ** a": (2, a),
        "1 ** a": (1, a),
        "a ** Dual(number)": (a, lesson.Dual(c)),
        "Dual(number) ** a": (lesson.Dual(c), a),
        "a ** 1": (a, 1),
        "a ** 0": (a, 0),
        "negative ** 3": (lesson.Dual(-2.0, 1.0), 3),
        "negative ** 2": (lesson.Dual(-2.0, 1.0), 2),
        "negative ** -1": (lesson.Dual(-2.0, 1.0), -1),
        "negative ** Dual(3)": (lesson.Dual(-2.0, 1.0), lesson.Dual(3.0)),
        "negative ** 0": (lesson.Dual(-2.0, 1.0), 0),
        "0 ** 2": (lesson.Dual(0.0, 1.0), 2),
        "0 ** 1": (lesson.Dual(0.0, 1.0), 1),
        "0 ** 0": (lesson.Dual(0.0, 1.0), 0),
    }

    def answer(base, exponent):
        try:
            y = base**exponent
        except NotImplementedError:
            raise
        except Exception as error:
            return f"raised {type(error).__name__}"
        if not isinstance(y, lesson.Dual):
            return f"a {type(y).__name__}"
        return (y.value, y.tangent)

    return {what: answer(*pair) for what, pair in asked.items()}


@pytest.mark.task("Dual", weight=3)
def test_dual_powers(student, rng):
    u, p, w = (float(t) for t in rng.uniform(1.2, 2, size=3))
    q, c = (float(t) for t in rng.uniform(0.3, 0.7, size=2))
    got = student.run(dual_powers, a=(u, p), b=(w, q), c=c)

    want = {
        "a ** 3": (u**3, 3 * u**2 * p),
        "a ** -2": (u**-2, -2 * u**-3 * p),
        "a ** 0.5": (u**0.5, 0.5 * u**-0.5 * p),
        "a ** number": (u**c, c * u ** (c - 1) * p),
        "a ** b": (u**w, u**w * (q * math.log(u) + w * p / u)),
        "number ** a": (c**u, c**u * math.log(c) * p),
        "2 ** a": (2**u, 2**u * math.log(2) * p),
        "1 ** a": (1.0, 0.0),
        "a ** Dual(number)": (u**c, c * u ** (c - 1) * p),
        "Dual(number) ** a": (c**u, c**u * math.log(c) * p),
        "a ** 1": (u, p),
        "a ** 0": (1.0, 0.0),
        "negative ** 3": (-8.0, 12.0),
        "negative ** 2": (4.0, -4.0),
        "negative ** -1": (-0.5, -0.25),
        "negative ** Dual(3)": (-8.0, 12.0),
        "negative ** 0": (1.0, 0.0),
        "0 ** 2": (0.0, 0.0),
        "0 ** 1": (0.0, 1.0),
        "0 ** 0": (1.0, 0.0),
    }
    judge_duals(got, want, "The two terms of d(a ** b). " + STEP_5)


def dual_functions(lesson, a, c):
    """Return sin, exp and log of Duals and numbers, nested, and what they refuse."""
    Dual, sin, exp, log = lesson.Dual, lesson.sin, lesson.exp, lesson.log
    a = Dual(*a)
    asked = {
        "sin": lambda: sin(a),
        "exp": lambda: exp(a),
        "log": lambda: log(a),
        "exp(-2 a)": lambda: exp(-2 * a),
        "sin(a * a)": lambda: sin(a * a),
        "log(1 / a)": lambda: log(1 / a),
        "exp(sin(a)) / log(a + 1)": lambda: exp(sin(a)) / log(a + 1),
        "sin(Dual(number))": lambda: sin(Dual(c)),
        "sin of a number": lambda: sin(c),
        "exp of a number": lambda: exp(c),
        "log of a number": lambda: log(c),
        "exp of an int": lambda: exp(2),
        "log of Dual(0, 1)": lambda: log(Dual(0.0, 1.0)),
        "log of Dual(-1, 1)": lambda: log(Dual(-1.0, 1.0)),
        "log of Dual(-1)": lambda: log(Dual(-1.0)),
        "log of -1": lambda: log(-1.0),
        "negative base ** moving exponent": lambda: Dual(-2.0, 1.0) ** Dual(2.0, 1.0),
        "negative number ** moving exponent": lambda: (-2.0) ** Dual(2.0, 1.0),
    }

    def answer(call):
        try:
            y = call()
        except NotImplementedError:
            raise
        except Exception as error:
            return f"raised {type(error).__name__}"
        return (y.value, y.tangent) if isinstance(y, Dual) else y

    return {what: answer(call) for what, call in asked.items()}


@pytest.mark.task("Dual", weight=3)
def test_dual_functions(student, rng):
    u, p, c = (float(t) for t in rng.uniform(1.2, 2, size=3))
    got = student.run(dual_functions, a=(u, p), c=c)

    s, m = math.exp(math.sin(u)), math.log(u + 1)
    want = {
        "sin": (math.sin(u), math.cos(u) * p),
        "exp": (math.exp(u), math.exp(u) * p),
        "log": (math.log(u), p / u),
        "exp(-2 a)": (math.exp(-2 * u), -2 * math.exp(-2 * u) * p),
        "sin(a * a)": (math.sin(u * u), math.cos(u * u) * 2 * u * p),
        "log(1 / a)": (-math.log(u), -p / u),
        "exp(sin(a)) / log(a + 1)": (
            s / m,
            p * (s * math.cos(u) * m - s / (u + 1)) / m**2,
        ),
        "sin(Dual(number))": (math.sin(c), 0.0),
    }
    judge_duals(got, want, STEP_5)
    for what, value in (
        ("sin of a number", math.sin(c)),
        ("exp of a number", math.exp(c)),
        ("log of a number", math.log(c)),
        ("exp of an int", math.exp(2)),
    ):
        near(got[what], value, 1e-12, what, CONTRACT)
    for what in list(got)[-6:]:
        evidence = f"got {check.show(got[what])}, expected ValueError"
        good = isinstance(got[what], str) and got[what] == "raised ValueError"
        check.true(good, where=f"Dual, {what}", evidence=evidence, look=CONTRACT)
