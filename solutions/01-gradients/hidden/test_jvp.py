"""Hidden tests of `jvp`: value and slope, one call of f, then the rarer inputs.

The functions run here, on Duals that stay in the sandbox, and count their calls. Core
functions are made of sums and products, so that a mistake in a power or in `sin` counts
in `Dual`.
"""

import math

import numpy as np
import pytest
from hidden.answers import CONTRACT, STEP_5, near, told

from autograder.student.proxy import ByHandle, Handle, StudentRaised
from autograder.student.testing import check


def jvp(student, names, x, v):
    """Call jvp with functions of every kind and count the calls of each."""
    calls, kinds = {}, set()

    def valley(t):
        n = len(x)
        with student.together() as batch:
            items = [batch.part(t, i) for i in range(n)]
            gaps = [items[i + 1] - items[i] * items[i] for i in range(n - 1)]
            y = sum(
                (1 - item) * (1 - item) + 5 * gap * gap
                for item, gap in zip(items, gaps, strict=False)
            )
        return batch.result(y)

    def mixture(t):
        with student.together() as batch:
            a, b, c = (batch.part(t, i) for i in range(3))
            y = batch.sin(a) * batch.exp(b) / batch.log(c)
        return batch.result(y)

    def squares(t):
        with student.together() as batch:
            y = sum(item * item for item in map(batch.fetch, t))
        return batch.result(y)

    def answer(name, function, at, along):
        def f(t):
            calls[name] = calls.get(name, 0) + 1
            kinds.update(is_dual(item) for item in t)
            return function(t)

        try:
            if function is None:
                calls[name] = 1
                return student.jvp(student.keep_function(by_length), at, along)
            return student.jvp(ByHandle(f), at, along)
        except StudentRaised as error:
            return f"raised {error.type_name}"

    xs, vs, whole = student.keep(list(x)), student.keep(list(v)), np.array([1, 2, 3])
    cases = {
        "a valley": (valley, xs, vs),
        "a mixture": (mixture, xs, vs),
        "a sum over x": (squares, xs, vs),
        "one coordinate": (lambda t: t[1], xs, vs),
        "a constant": (lambda t: 7, xs, vs),
        "arrays": (mixture, np.array(x), np.array(v)),
        "integer arrays": (squares, whole, whole),
        "ints, and a float": (squares, [1, 2, 3], [0, 0, 0.5]),
        "v = 0": (mixture, xs, [0.0] * len(x)),
        "n = 1": (lambda t: t[0] * t[0], [-3.0], [2.0]),
        "its length": (None, xs, vs),
        "a constant float": (lambda t: 7.5, xs, vs),
    }
    done = {name: answer(name, *cases[name]) for name in names}
    same = student.fetch(xs) == list(x) and student.fetch(vs) == list(v)
    return done, calls, sorted(kinds), same


def is_dual(item):
    return isinstance(item, Handle) and item.type_name == "Dual"


def point(rng):
    """Return x and v, four floats each."""
    x, v = rng.uniform(1.2, 2, size=4), rng.uniform(-3, -1, size=4)
    return [float(t) for t in x], [float(t) for t in v]


def judge(done, want):
    """Compare pairs of value and slope."""
    for what, pair in want.items():
        where = f"jvp, {what}"
        got = done[what]
        check.plain(got, where, CONTRACT)
        good = isinstance(got, (tuple, list)) and len(got) == 2
        evidence = f"got {told(got)}, expected two numbers"
        check.true(good, where=where, evidence=evidence, look=CONTRACT)
        near(got[0], pair[0], 1e-11, f"{where}: f(x)", STEP_5)
        near(got[1], pair[1], 1e-10, f"{where}: slope along v", STEP_5, 1e-10)


def mixture_of(x, v):
    m = math.sin(x[0]) * math.exp(x[1]) / math.log(x[2])
    dm = v[0] / math.tan(x[0]) + v[1] - v[2] / (x[2] * math.log(x[2]))
    return m, m * dm


@pytest.mark.task("jvp", weight=4, core=True)
def test_value_and_slope(student, rng):
    xs, vs = point(rng)
    names = ["a valley", "a sum over x", "one coordinate"]
    done, _, _, _ = jvp(student, names=names, x=xs, v=vs)

    x, v = np.array(xs), np.array(vs)
    slope, gap = np.zeros(4), x[1:] - x[:-1] ** 2
    slope[:-1] += -2 * (1 - x[:-1]) - 20 * x[:-1] * gap
    slope[1:] += 10 * gap
    want = {
        "a valley": (float(np.sum((1 - x[:-1]) ** 2 + 5 * gap**2)), float(slope @ v)),
        "a sum over x": (float(x @ x), float(2 * x @ v)),
        "one coordinate": (xs[1], vs[1]),
    }
    judge(done, want)


@pytest.mark.task("jvp", weight=2, core=True)
def test_one_call_with_duals(student, rng):
    xs, vs = point(rng)
    names = ["a valley", "a sum over x"]
    _, calls, kinds, _ = jvp(student, names=names, x=xs, v=vs)

    for what in names:
        where = f"jvp, {what}: calls of f"
        check.equal(calls.get(what, 0), 1, where=where, look=STEP_5)
    where = "jvp: each item that f gets is a Dual"
    check.equal(kinds, [True], where=where, look=STEP_5)


@pytest.mark.task("jvp", weight=2)
def test_kinds_of_arguments(student, rng):
    x, v = point(rng)
    m, dm = mixture_of(x, v)
    want = {
        "a mixture": (m, dm),
        "a constant": (7.0, 0.0),
        "arrays": (m, dm),
        "integer arrays": (14.0, 28.0),
        "ints, and a float": (14.0, 3.0),
        "v = 0": (m, 0.0),
        "n = 1": (9.0, -12.0),
        "its length": (4 * x[0], 4 * v[0]),
        "a constant float": (7.5, 0.0),
    }
    done, calls, kinds, kept = jvp(student, names=list(want), x=x, v=v)

    judge(done, want)
    for what in want:
        where = f"jvp, {what}: calls of f"
        check.equal(calls.get(what, 0), 1, where=where, look=STEP_5)
    where = "jvp: each item that f gets is a Dual"
    check.equal(kinds, [True], where=where, look=STEP_5)
    check.equal(kept, True, where="jvp: x and v keep their values", look=CONTRACT)


@pytest.mark.task("jvp", weight=1)
def test_jvp_lengths(student):
    for kind, v in (("longer", [1.0, 2.0, 3.0]), ("shorter", [1.0])):
        where = f"jvp with v {kind} than x"
        check.raises(
            ValueError, student.jvp, double, [1.0, 2.0], v, where=where, look=CONTRACT
        )


def double(t):
    return t[0] * 2


def by_length(t):
    return t[0] * len(t)
