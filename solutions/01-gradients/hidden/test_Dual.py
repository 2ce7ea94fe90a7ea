"""Hidden tests of `Dual`, with `sin`, `exp` and `log`.

Expressions are evaluated here, each with fresh operands; every operator of a Dual is a
call into the sandbox, and all calls of a test travel together. They give pairs of value
and tangent, or words for what raised.
Core: the rules of step 5, one test for each kind. Not core: powers of zero, what is
refused, functions of plain numbers, operands that must keep their values.
"""

import functools
import math
import operator

import pytest
from hidden.answers import CONTRACT, STEP_5, near, refusal, told

from autograder.student.proxy import Handle, StudentRaised
from autograder.student.testing import check

FUNCTIONS = ("Dual", "sin", "exp", "log")


def expressions(student, asked, operands):
    """Evaluate expressions on Duals there; a tuple of operands becomes a Dual."""
    made = {}
    with student.together() as batch:
        functions = {name: getattr(batch, name) for name in FUNCTIONS}
        for text in asked:
            code = compiled(text)
            names = {n: operands[n] for n in code.co_names if n in operands}
            names = {n: made_dual(batch, x) for n, x in names.items()}
            y = eval(code, names | functions)
            made[text] = y, y.value, y.tangent
    return {text: answer(batch, *handles) for text, handles in made.items()}


@functools.cache
def compiled(text):
    return compile(text, "expression", "eval")  # text of the hidden tests


def made_dual(batch, x):
    return batch.Dual(*x) if isinstance(x, tuple) else x


def answer(batch, y, *parts):
    """Return value and tangent of a Dual, else what it is or what was raised."""
    try:
        got = batch.result(y)
    except StudentRaised as error:
        return f"raised {error.type_name}"
    return tuple(map(batch.result, parts)) if is_dual(got) else got


def is_dual(y):
    return isinstance(y, Handle) and y.type_name == "Dual"


def judge_duals(got, want, look):
    """Compare a dictionary of (value, tangent) pairs."""
    for what, (value, tangent) in want.items():
        where = f"Dual, {what}"
        check.plain(got[what], where, look)
        evidence = f"got {told(got[what])}, expected a Dual"
        good = isinstance(got[what], tuple)
        check.true(good, where=where, evidence=evidence, look=look)
        near(got[what][0], value, 1e-12, f"{where}: value", look, 1e-300)
        near(got[what][1], tangent, 1e-11, f"{where}: tangent", look, 1e-300)


def draw(rng, low, high, count):
    return [float(t) for t in rng.uniform(low, high, size=count)]


@pytest.mark.task("Dual", weight=2, core=True)
def test_two_duals(student, rng):
    (u, p), (w, q) = draw(rng, 2, 3, 2), draw(rng, -1.5, -0.5, 2)
    s, ds = u - w, p - q
    want = {
        "a + b": (u + w, p + q),
        "a - b": (u - w, p - q),
        "a * b": (u * w, p * w + u * q),
        "a / b": (u / w, (p * w - u * q) / w**2),
        "-a": (-u, -p),
        "a * a": (u * u, 2 * u * p),
        "a + a * b / (a - b)": (
            u + u * w / s,
            p + ((p * w + u * q) * s - u * w * ds) / s**2,
        ),
    }
    operands = {"a": (u, p), "b": (w, q)}
    got = expressions(student, asked=list(want), operands=operands)
    judge_duals(got, want, STEP_5)


@pytest.mark.task("Dual", weight=2, core=True)
def test_numbers_on_either_side(student, rng):
    (u, p), (c,) = draw(rng, 2, 3, 2), draw(rng, 0.3, 0.7, 1)
    want = {
        "a + c": (u + c, p),
        "c + a": (c + u, p),
        "a - c": (u - c, p),
        "c - a": (c - u, -p),
        "a * c": (u * c, p * c),
        "c * a": (c * u, c * p),
        "a / c": (u / c, p / c),
        "c / a": (c / u, -c * p / u**2),
        "3 + a": (3 + u, p),
        "3 - a": (3 - u, -p),
        "3 * a": (3 * u, 3 * p),
        "3 / a": (3 / u, -3 * p / u**2),
        "a + 3": (u + 3, p),
        "a - 3": (u - 3, p),
        "a * 3": (u * 3, p * 3),
        "a / 3": (u / 3, p / 3),
        "Dual(c)": (c, 0.0),
        "Dual(3)": (3.0, 0.0),
        "exp(Dual(c))": (math.exp(c), 0.0),
        "log(Dual(c))": (math.log(c), 0.0),
        "Dual(value=c, tangent=2)": (c, 2.0),
    }
    operands = {"a": (u, p), "c": c}
    got = expressions(student, asked=list(want), operands=operands)
    judge_duals(got, want, STEP_5)


POWERS = "The two terms of d(a ** b). " + STEP_5


@pytest.mark.task("Dual", weight=2, core=True)
def test_powers(student, rng):
    (u, p, w), (q, c) = draw(rng, 1.2, 2, 3), draw(rng, 0.3, 0.7, 2)
    want = {
        "a ** 3": (u**3, 3 * u**2 * p),
        "a ** -2": (u**-2, -2 * u**-3 * p),
        "a ** 0.5": (u**0.5, 0.5 * u**-0.5 * p),
        "a ** c": (u**c, c * u ** (c - 1) * p),
        "a ** b": (u**w, u**w * (q * math.log(u) + w * p / u)),
        "c ** a": (c**u, c**u * math.log(c) * p),
        "2 ** a": (2**u, 2**u * math.log(2) * p),
        "a ** 1": (u, p),
        "(-a) ** 3": (-(u**3), -3 * u**2 * p),
        "(-a) ** 2": (u**2, 2 * u * p),
    }
    operands = {"a": (u, p), "b": (w, q), "c": c}
    got = expressions(student, asked=list(want), operands=operands)
    judge_duals(got, want, POWERS)


@pytest.mark.task("Dual", weight=2, core=True)
def test_functions(student, rng):
    u, p, c = draw(rng, 1.2, 2, 3)
    s, m = math.exp(math.sin(u)), math.log(u + 1)
    want = {
        "sin(a)": (math.sin(u), math.cos(u) * p),
        "exp(a)": (math.exp(u), math.exp(u) * p),
        "log(a)": (math.log(u), p / u),
        "exp(-2 * a)": (math.exp(-2 * u), -2 * math.exp(-2 * u) * p),
        "sin(a * a)": (math.sin(u * u), math.cos(u * u) * 2 * u * p),
        "log(1 / a)": (-math.log(u), -p / u),
        "exp(sin(a)) / log(a + 1)": (
            s / m,
            p * (s * math.cos(u) * m - s / (u + 1)) / m**2,
        ),
        "sin(Dual(c))": (math.sin(c), 0.0),
    }
    operands = {"a": (u, p), "c": c}
    got = expressions(student, asked=list(want), operands=operands)
    judge_duals(got, want, STEP_5)


# --- zero, negative bases, plain numbers, refusals, operands -----------------------


@pytest.mark.task("Dual", weight=1)
def test_powers_of_zero_one_and_negative_numbers(student, rng):
    u, p, c = draw(rng, 1.2, 2, 3)
    want = {
        "1 ** a": (1.0, 0.0),
        "a ** 0": (1.0, 0.0),
        "a ** Dual(c)": (u**c, c * u ** (c - 1) * p),
        "Dual(c) ** a": (c**u, c**u * math.log(c) * p),
        "Dual(-2.0, 1.0) ** -1": (-0.5, -0.25),
        "Dual(-2.0, 1.0) ** 3.0": (-8.0, 12.0),
        "Dual(-2.0, 1.0) ** Dual(3.0)": (-8.0, 12.0),
        "Dual(-2.0, 1.0) ** 0": (1.0, 0.0),
        "(-2.0) ** Dual(3.0)": (-8.0, 0.0),
        "Dual(0.0, 1.0) ** 2": (0.0, 0.0),
        "Dual(0.0, 1.0) ** 1": (0.0, 1.0),
        "Dual(0.0, 1.0) ** 0": (1.0, 0.0),
        "Dual(0.0, 1.0) ** Dual(2.0)": (0.0, 0.0),
        "0.0 ** Dual(2.0)": (0.0, 0.0),
        "a ** Dual(0.0, 2.0)": (1.0, 2 * math.log(u)),
        "a ** Dual(1.0, -2.0)": (u, p - 2 * u * math.log(u)),
        "a ** Dual(2.0, 2.0)": (u**2, 2 * u * p + 2 * u**2 * math.log(u)),
        "a ** Dual(0.5, 2.0)": (u**0.5, u**0.5 * (p / (2 * u) + 2 * math.log(u))),
        "2 ** (-a)": (2**-u, -(2**-u) * math.log(2) * p),
    }
    refused = ["Dual(-2.0, 1.0) ** Dual(2.0, 1.0)", "(-2.0) ** Dual(2.0, 1.0)"]
    refused += ["Dual(-2.0, 1.0) ** Dual(2.5, 1.0)", "(-2.0) ** Dual(0.0, 1.0)"]
    operands = {"a": (u, p), "c": c}
    got = expressions(student, asked=[*want, *refused], operands=operands)
    judge_duals(got, want, POWERS)
    for what in refused:
        refusal(got[what], f"Dual, {what}")


@pytest.mark.task("Dual", weight=1)
def test_functions_of_numbers_and_what_log_refuses(student, rng):
    (c,) = draw(rng, 1.2, 2, 1)
    want = {
        "sin(c)": math.sin(c),
        "exp(c)": math.exp(c),
        "log(c)": math.log(c),
        "exp(2)": math.exp(2),
    }
    refused = [f"log({x})" for x in ("Dual(0.0, 1.0)", "Dual(-1.0, 1.0)", "Dual(-1.0)")]
    refused += ["log(-1.0)", "log(0.0)", "log(0)"]
    got = expressions(student, asked=[*want, *refused], operands={"c": c})
    for what, value in want.items():
        near(got[what], value, 1e-12, what, CONTRACT)
    for what in refused:
        refusal(got[what], what)


def used_many_times(student, a, b):
    """Use two Duals many times, also with += and *=; return what they hold then."""
    with student.together() as batch:
        a, b = batch.Dual(*a), batch.Dual(*b)
        alias = total = batch.Dual(a.value, a.tangent)
        total += b
        total *= b
        for change in (operator.isub, operator.itruediv, operator.ipow):
            change(alias, b)
        for _ in (a + b, a - b, a * b, a / b, a + 1, 1 - a, -a, a**2, batch.exp(a)):
            pass
        for _ in (2 + a, 2 * a, 2 / a, 2**a, a - 1, a * 2, a / 2, a**b):
            pass
        held = [(x.value, x.tangent) for x in (a, b, alias, total)]
    return [tuple(map(batch.result, pair)) for pair in held]


@pytest.mark.task("Dual", weight=1)
def test_operands_keep_their_values(student, rng):
    (u, p), (w, q) = draw(rng, 2, 3, 2), draw(rng, 0.5, 1.5, 2)
    got = used_many_times(student, a=(u, p), b=(w, q))

    names = ("a, used many times", "b, used many times", "c after d = c; d += b", "d")
    total = (u + w) * w, (p + q) * w + (u + w) * q
    want = dict(zip(names, ((u, p), (w, q), (u, p), total), strict=True))
    judge_duals(dict(zip(names, got, strict=True)), want, CONTRACT)
