"""Public tests of lesson 03: every sentence of the contracts, on small examples.

The hidden tests ask the same of other numbers: read the docstrings. Where a count of
random walks is judged, a right sampler fails less often than once in 10^12 times.
"""

import math
from fractions import Fraction as F

import numpy as np
import pytest

from autograder.student.testing import check

CONTRACT = "The contract in the docstring."
STEP_1, STEP_2, STEP_3, STEP_4, STEP_5, STEP_6, STEP_7, STEP_8 = (
    f"Chapter, step {k}." for k in range(1, 9)
)
HALF, THIRD = F(1, 2), F(1, 3)


def exact(got, want, where, look, kind=list):
    """Check a list (or tuple) of Fractions, entry by entry."""
    check.plain(got, where, look)
    good = type(got) is kind and all(type(t) is F for t in got)
    evidence = f"got {check.show(got)}, expected a {kind.__name__} of Fractions"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    same = len(got) == len(want)
    evidence = f"it has {len(got)} entries, expected {len(want)}"
    check.true(same, where=where, evidence=evidence, look=CONTRACT)
    for k, (one, expected) in enumerate(zip(got, want, strict=True)):
        check.equal(one, F(expected), where=f"{where}: entry {k}", look=look)


NAMES = {
    "ruin": ("the probability of ruin", "the mean number of steps"),
    "normal_error": ("plain", "corrected"),
    "interval": ("low", "high"),
}


def two_floats(got, want, where, look, rtol=0.0, atol=0.0):
    """Check a tuple of two Python floats."""
    check.plain(got, where, look)
    good = isinstance(got, tuple) and len(got) == 2
    good = good and all(isinstance(t, float) for t in got)
    evidence = f"got {check.show(got)}, expected a tuple of two floats"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    names = NAMES[where.partition("(")[0]]
    for name, one, expected in zip(names, got, want, strict=True):
        at = f"{where}: {name}"
        check.close(one, expected, rtol=rtol, atol=atol, where=at, look=look)


def refuses(function, kind, where, cases):
    """Check that each call raises."""
    for what, args in cases:
        check.raises(kind, function, *args, where=f"{where} {what}", look=CONTRACT)


def same_terms(cases):
    """Check the terms of Series: words, a function that gives them, what they are."""
    for what, make, want in cases:
        exact(make().terms, want, f"Series, {what}", STEP_2, tuple)


# --- Series -------------------------------------------------------------------------

A = [F(3, 2), -1, 4, 0, F(1, 3)]
B = [F(-2), 5, F(1, 2), 3, 7]


@pytest.mark.task("Series")
def test_sums_differences_products(student):
    a, b, s = student.Series(A), student.Series(B), student.Series([0, 1, 0, 0])
    one_minus = student.Series([1, -1, 0, 0])
    same_terms(
        [
            ("made of a list", lambda: a, A),
            ("made of a tuple", lambda: student.Series((2, F(1, 2))), [2, F(1, 2)]),
            ("a + b", lambda: a + b, [F(-1, 2), 4, F(9, 2), 3, F(22, 3)]),
            ("a - b", lambda: a - b, [F(7, 2), -6, F(7, 2), -3, F(-20, 3)]),
            ("-a", lambda: -a, [F(-3, 2), 1, -4, 0, F(-1, 3)]),
            ("s * s", lambda: s * s, [0, 0, 1, 0]),
            ("a * b", lambda: a * b, [-3, F(19, 2), F(-49, 4), 24, F(53, 6)]),
            ("(1 - s)(1 + s)", lambda: one_minus * (1 + s), [1, 0, -1, 0]),
            ("a * 2", lambda: a * 2, [3, -2, 8, 0, F(2, 3)]),
            ("2 * a", lambda: 2 * a, [3, -2, 8, 0, F(2, 3)]),
            ("a + 1", lambda: a + 1, [F(5, 2), -1, 4, 0, F(1, 3)]),
            ("1 + a", lambda: 1 + a, [F(5, 2), -1, 4, 0, F(1, 3)]),
            ("a - 1/2", lambda: a - HALF, [1, -1, 4, 0, F(1, 3)]),
            ("1 - a", lambda: 1 - a, [F(-1, 2), 1, -4, 0, F(-1, 3)]),
        ]
    )


@pytest.mark.task("Series")
def test_inverse_of_a_series(student):
    a, four = student.Series(A), student.Series([4, 2, 0, 1])
    same_terms(
        [
            (
                "1/(4 + 2s + s^3)",
                four.inverse,
                [F(1, 4), F(-1, 8), F(1, 16), F(-3, 32)],
            ),
            ("a * 1/a", lambda: a * a.inverse(), [1, 0, 0, 0, 0]),
            ("1/(-2/3)", lambda: student.Series([F(-2, 3)]).inverse(), [F(-3, 2)]),
        ]
    )


@pytest.mark.task("Series")
def test_root_of_a_series(student):
    square = student.Series([F(9, 4), 3, 4, 1, 2])
    root = [F(3, 2), 1, 1, F(-1, 3), F(5, 9)]
    one, big = student.Series([1, 2, 3, 4]), 10**17 + 3
    small = F(2, big)
    same_terms(
        [
            ("root of 9/4 + 3s + ...", square.sqrt, root),
            ("root times root", lambda: one.sqrt() * one.sqrt(), [1, 2, 3, 4]),
            ("root of 1 + 2s + ...", one.sqrt, [1, 1, 1, 1]),
            (
                "root of (10^17 + 3)^2",
                lambda: student.Series([big**2, 0]).sqrt(),
                [big, 0],
            ),
            (
                "root of (2/(10^17 + 3))^2",
                lambda: student.Series([small**2, 0]).sqrt(),
                [small, 0],
            ),
            ("root of 25", lambda: student.Series([25]).sqrt(), [5]),
        ]
    )


@pytest.mark.task("Series")
def test_series_in_a_series(student):
    outer, inner = student.Series([5, 4, 3, 2, 1]), student.Series([0, 2, 1, 0, 0])
    ones = student.Series([1, 1, 1, 1, 1])
    shift = student.Series([0, 1, 1, 1, 1])
    same_terms(
        [
            ("a(b)", lambda: outer(inner), [5, 8, 16, 28, 43]),
            ("1/(1 - b)", lambda: ones(inner), [1, 2, 5, 12, 29]),
            ("b(c)", lambda: inner(shift), [0, 2, 3, 4, 5]),
            ("c(b)", lambda: shift(inner), [0, 2, 5, 12, 29]),
        ]
    )


@pytest.mark.task("Series")
def test_as_many_terms_as_the_shorter(student):
    long, short = student.Series([1, 2, 3, 4, 5]), student.Series([2, 1, 1])
    inner, little = student.Series([0, 1, 1, 1, 1]), student.Series([0, 3])
    same_terms(
        [
            ("long + short", lambda: long + short, [3, 3, 4]),
            ("short - long", lambda: short - long, [1, -1, -2]),
            ("short * long", lambda: short * long, [2, 5, 9]),
            ("long(short)", lambda: long(little), [1, 6]),
            ("short(long)", lambda: short(inner), [2, 1, 2]),
        ]
    )


@pytest.mark.task("Series")
def test_series_refuses(student):
    a = student.Series([1, 2])
    two, negative = student.Series([2, 1]), student.Series([-4, 1])
    zero, third = student.Series([0, 1]), student.Series([F(1, 4) * THIRD, 1])
    refuses(
        student.Series,
        TypeError,
        "Series",
        [("of a float", ([0.5],)), ("of 1.0", ([1.0],))],
    )
    refuses(student.Series, ValueError, "Series", [("without terms", ([],))])
    for what, make in (
        ("a + 0.5", lambda: a + 0.5),
        ("a - 0.5", lambda: a - 0.5),
        ("a * 2.0", lambda: a * 2.0),
        ("0.5 + a", lambda: 0.5 + a),
        ("0.5 - a", lambda: 0.5 - a),
        ("2.0 * a", lambda: 2.0 * a),
    ):
        check.raises(TypeError, make, where=f"Series, {what}", look=CONTRACT)
    where = "Series: inverse of s"
    check.raises(ZeroDivisionError, zero.inverse, where=where, look=CONTRACT)
    for what, series in (("2", two), ("0", zero), ("-4", negative), ("1/12", third)):
        where = f"Series: root of a series that begins with {what}"
        check.raises(ValueError, series.sqrt, where=where, look=CONTRACT)
    for what, series in (("2", two), ("-4", negative), ("1/12", third)):
        where = f"Series: a(b) where b begins with {what}"
        check.raises(ValueError, a, series, where=where, look=CONTRACT)


@pytest.mark.task("Series")
def test_operands_are_left_alone(student):
    terms = student.keep([1, 2, 3])
    a = student.Series(terms)
    b = c = student.Series([0, 1, 1])
    c += a
    _ = a * b, a(b), a.inverse(), a.sqrt()
    terms[0] = 50
    where = "Series, after some operations (one was c += a, with c the same as b): "
    exact(a.terms, [1, 2, 3], f"{where}a", CONTRACT, tuple)
    exact(b.terms, [0, 1, 1], f"{where}b", CONTRACT, tuple)
    exact(c.terms, [1, 3, 4], f"{where}c", CONTRACT, tuple)
    long, short = student.Series([1, 2, 3, 4]), student.Series([0, 5])
    _ = long + short, short - long, long * short, long(short), short + long
    where = "Series, after operations with a shorter or longer one: "
    exact(long.terms, [1, 2, 3, 4], f"{where}the longer", CONTRACT, tuple)
    exact(short.terms, [0, 5], f"{where}the shorter", CONTRACT, tuple)


# --- walk_pmf -----------------------------------------------------------------------


def float_law(got, want, where, rtol=1e-12):
    """Check a float64 array."""
    check.plain(got, where, CONTRACT)
    evidence = f"got {check.show(got)}, expected an array"
    is_array = isinstance(got, np.ndarray)
    check.true(is_array, where=where, evidence=evidence, look=CONTRACT)
    check.dtype(got, np.float64, where=where, look=CONTRACT)
    check.close(got, np.array(want), rtol=rtol, where=where, look=STEP_1)


@pytest.mark.task("walk_pmf")
def test_two_and_three_steps(student):
    law = [F(1, 9), 0, F(4, 9), 0, F(4, 9)]
    exact(student.walk_pmf(2, F(2, 3)), law, "walk_pmf(2, 2/3)", STEP_1)
    law = [F(1, 8), 0, F(3, 8), 0, F(3, 8), 0, F(1, 8)]
    exact(student.walk_pmf(3, HALF), law, "walk_pmf(3, 1/2)", STEP_1)
    law = [0.75**3, 0, 3 * 0.75**2 * 0.25, 0, 3 * 0.75 * 0.25**2, 0, 0.25**3]
    float_law(student.walk_pmf(3, 0.25), law, "walk_pmf(3, 0.25)")
    tiny = 1e-14
    law = [1 - 2 * tiny, 0, 2 * tiny * (1 - tiny), 0, tiny**2]
    float_law(student.walk_pmf(2, tiny), law, "walk_pmf(2, 1e-14)")
    many = F(123456789, 1000000007)
    law = [(1 - many), 0, many]
    exact(student.walk_pmf(1, many), law, "walk_pmf(1, p) with ten digits", STEP_1)


@pytest.mark.task("walk_pmf")
def test_walks_that_cannot_turn(student):
    exact(student.walk_pmf(2, 1), [0, 0, 0, 0, 1], "walk_pmf(2, 1)", STEP_1)
    exact(student.walk_pmf(2, 0), [1, 0, 0, 0, 0], "walk_pmf(2, 0)", STEP_1)
    float_law(student.walk_pmf(2, 1.0), [0, 0, 0, 0, 1.0], "walk_pmf(2, 1.0)")
    float_law(student.walk_pmf(2, 0.0), [1.0, 0, 0, 0, 0], "walk_pmf(2, 0.0)")
    exact(student.walk_pmf(0, THIRD), [1], "walk_pmf(0, 1/3)", STEP_1)
    float_law(student.walk_pmf(0, 0.3), [1.0], "walk_pmf(0, 0.3)")


@pytest.mark.task("walk_pmf")
def test_a_walk_of_1500_steps(student):
    got = student.walk_pmf(1500, 0.5)
    where = "walk_pmf(1500, 0.5)"
    check.shape(got, (3001,), where=where, look=CONTRACT)
    for k in (750, 700, 300, 40):
        want = float(F(math.comb(1500, k), 2**1500))
        place = f"{where}: P(S_n = {2 * k - 1500})"
        check.close(float(got[2 * k]), want, rtol=1.5e-9, where=place, look=STEP_1)
    place = f"{where}: P(S_n = -1500), which is too small for a float"
    check.close(float(got[0]), 0.0, atol=2e-290, where=place, look=CONTRACT)
    leaning = student.walk_pmf(1500, 0.75)
    want = float(F(math.comb(1500, 1100) * 3**1100, 4**1500))
    where = "walk_pmf(1500, 0.75): P(S_n = 700)"
    check.close(float(leaning[2200]), want, rtol=1.5e-9, where=where, look=STEP_1)


@pytest.mark.task("walk_pmf")
def test_walk_pmf_refuses(student):
    refuses(
        student.walk_pmf,
        ValueError,
        "walk_pmf",
        [
            ("with n = -3", (-3, 0.5)),
            ("with p = 1.5", (2, 1.5)),
            ("with p = -1/4", (2, F(-1, 4))),
            ("with p = NaN", (2, math.nan)),
        ],
    )


# --- returns, passage, last_zero ----------------------------------------------------


def u_and_f(got, u, f, where):
    """Check the two lists of `returns`."""
    check.plain(got, where, CONTRACT)
    good = isinstance(got, tuple) and len(got) == 2
    evidence = f"got {check.show(got)}, expected a tuple of two lists"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    exact(got[0], u, f"{where}: u", STEP_3)
    exact(got[1], f, f"{where}: f", STEP_3)


@pytest.mark.task("returns")
def test_returns_of_a_fair_walk(student):
    u = [1, 0, HALF, 0, F(3, 8), 0, F(5, 16)]
    f = [0, 0, HALF, 0, F(1, 8), 0, F(1, 16)]
    u_and_f(student.returns(HALF, 6), u, f, "returns(1/2, 6)")
    u_and_f(student.returns(HALF, 5), u[:6], f[:6], "returns(1/2, 5)")


@pytest.mark.task("returns")
def test_returns_of_a_leaning_walk(student):
    for p in (F(1, 4), F(3, 4)):  # pq = 3/16 for both
        u = [1, 0, F(3, 8), 0, F(27, 128)]
        f = [0, 0, F(3, 8), 0, F(9, 128)]
        u_and_f(student.returns(p, 4), u, f, f"returns({p}, 4)")
    for p in (0, 1):
        u_and_f(student.returns(p, 2), [1, 0, 0], [0, 0, 0], f"returns({p}, 2)")
    u_and_f(student.returns(THIRD, 0), [1], [0], "returns(1/3, 0)")


@pytest.mark.task("returns")
def test_returns_refuses(student):
    refuses(student.returns, TypeError, "returns", [("with p = 0.25", (0.25, 2))])
    cases = [("with p = 3/2", (F(3, 2), 2)), ("with p = -1", (-1, 2))]
    refuses(student.returns, ValueError, "returns", [*cases, ("n = -4", (HALF, -4))])


@pytest.mark.task("passage")
def test_first_visits(student):
    q = F(3, 4)
    cases = [
        (HALF, 1, 5, [0, HALF, 0, F(1, 8), 0, F(1, 16)]),
        (F(1, 4), 1, 5, [0, F(1, 4), 0, q / 16, 0, 2 * q**2 / 64]),
        (F(1, 4), 2, 6, [0, 0, F(1, 16), 0, 2 * q / 64, 0, 5 * q**2 / 256]),
        (F(3, 4), 3, 5, [0, 0, 0, q**3, 0, 3 * q**4 / 4]),
        (F(1, 4), -1, 3, [0, q, 0, q**2 / 4]),
        (F(1, 4), -2, 4, [0, 0, q**2, 0, 2 * q**3 / 4]),
        (F(1, 4), -5, 7, [0] * 5 + [q**5, 0, 5 * q**6 / 4]),
        (F(3, 4), 6, 8, [0] * 6 + [q**6, 0, 6 * q**7 / 4]),
    ]
    for p, level, n, law in cases:
        where = f"passage({p}, {level}, {n})"
        exact(student.passage(p, level, n), law, where, STEP_4)


@pytest.mark.task("passage")
def test_levels_out_of_reach(student):
    cases = [
        (HALF, 2, 1, [0, 0]),
        (HALF, 1, 0, [0]),
        (HALF, -4, 2, [0, 0, 0]),
        (1, 2, 3, [0, 0, 1, 0]),
        (0, 1, 3, [0, 0, 0, 0]),
        (0, -1, 2, [0, 1, 0]),
        (1, -1, 2, [0, 0, 0]),
    ]
    for p, level, n, law in cases:
        where = f"passage({p}, {level}, {n})"
        exact(student.passage(p, level, n), law, where, STEP_4)


@pytest.mark.task("passage")
def test_passage_refuses(student):
    refuses(student.passage, TypeError, "passage", [("with p = 0.25", (0.25, 1, 2))])
    cases = [("to level 0", (THIRD, 0, 3)), ("with n = -2", (THIRD, 1, -2))]
    cases += [("with p = 3/2", (F(3, 2), 1, 2)), ("with p = -1", (-1, 1, 2))]
    refuses(student.passage, ValueError, "passage", cases)


@pytest.mark.task("last_zero")
def test_last_visits(student):
    cases = [
        (HALF, 4, [F(3, 8), 0, F(1, 4), 0, F(3, 8)]),
        (HALF, 3, [HALF, 0, HALF, 0]),
        (F(1, 4), 4, [F(71, 128), 0, F(15, 64), 0, F(27, 128)]),
        (F(3, 4), 3, [F(5, 8), 0, F(3, 8), 0]),
        (HALF, 1, [1, 0]),
        (THIRD, 0, [1]),
        (1, 3, [1, 0, 0, 0]),
    ]
    for p, n, law in cases:
        exact(student.last_zero(p, n), law, f"last_zero({p}, {n})", STEP_5)


@pytest.mark.task("last_zero")
def test_last_zero_refuses(student):
    refuses(student.last_zero, TypeError, "last_zero", [("with p = 0.25", (0.25, 2))])
    cases = [("with n = -3", (HALF, -3)), ("with p = 3/2", (F(3, 2), 2))]
    refuses(student.last_zero, ValueError, "last_zero", cases)


# --- ruin ---------------------------------------------------------------------------


def two_fractions(got, want, where):
    exact(got, want, where, STEP_6, tuple)


@pytest.mark.task("ruin")
def test_ruin_exactly(student):
    cases = [
        (HALF, 1, 4, (F(3, 4), 3)),
        (F(2, 3), 1, 3, (F(3, 7), F(15, 7))),
        (THIRD, 1, 3, (F(6, 7), F(12, 7))),
        (THIRD, 2, 3, (F(4, 7), F(15, 7))),
        (HALF, 30, 80, (F(5, 8), 1500)),
        # Half-way, the game is lost with 1/(1 + (p/q)^(a/2)): here p/q is 2.
        (F(2, 3), 20, 40, (F(1, 1 + 2**20), 60 - F(120, 1 + 2**20))),
    ]
    for p, z, a, want in cases:
        two_fractions(student.ruin(p, z, a), want, f"ruin({p}, {z}, {a})")


@pytest.mark.task("ruin")
def test_ruin_in_floats(student):
    for p, z, a, chance in ((0.5, 10, 40, 0.75), (0.5 + 1e-14, 10, 40, 0.75)):
        where = f"ruin({p!r}, {z}, {a})"
        got = student.ruin(p, z, a)
        two_floats(got, (chance, z * (a - z)), where, STEP_6, rtol=1e-9)
    for p, z, a in ((0.4, 3, 8), (0.6, 3, 8), (18 / 38, 6, 8)):
        r = (1 - p) / p
        chance = (r**a - r**z) / (r**a - 1)
        steps = (z - a * (1 - chance)) / (1 - 2 * p)
        where = f"ruin({p:.4g}, {z}, {a})"
        got = student.ruin(p, z, a)
        two_floats(got, (chance, steps), where, STEP_6, rtol=1e-9)


@pytest.mark.task("ruin")
def test_a_nearly_fair_game(student):
    # Half-way, the game is lost with 1/(1 + (p/q)^(a/2)), whatever p is.
    for p, z in ((0.5 - 1e-7, 600), (0.5 + 1e-10, 600), (0.5 + 2**-40, 5_000)):
        tilt = z * math.log1p((2 * p - 1) / (1 - p))
        chance = 1 / (1 + math.exp(tilt))
        steps = z * math.tanh(tilt / 2) / (2 * p - 1)
        where = f"ruin({p!r}, {z}, {2 * z})"
        got = student.ruin(p, z, 2 * z)
        two_floats(got, (chance, steps), where, STEP_6, rtol=1e-9)


@pytest.mark.task("ruin")
def test_extreme_games(student):
    got = student.ruin(0.1, 800, 900)
    two_floats(got, (1.0, 1000.0), "ruin(0.1, 800, 900)", STEP_6, rtol=1e-9)
    got = student.ruin(0.9, 100, 900)
    want = (9.0**-100, 1000.0)
    two_floats(got, want, "ruin(0.9, 100, 900)", STEP_6, rtol=1e-9)
    got = student.ruin(0.9, 400, 900)
    want = (0.0, 625.0)
    where = "ruin(0.9, 400, 900), whose probability is too small for a float"
    two_floats(got, want, where, CONTRACT, rtol=1e-9, atol=2e-290)
    got = student.ruin(0.75, 40, 50)
    chance = float((F(1, 3) ** 40 - F(1, 3) ** 50) / (1 - F(1, 3) ** 50))
    want = (chance, 2 * (50 * (1 - chance) - 40))
    two_floats(got, want, "ruin(0.75, 40, 50)", STEP_6, rtol=1e-9)


@pytest.mark.task("ruin")
def test_ends_and_games_without_chance(student):
    for p in (HALF, THIRD, 0, 1):
        two_fractions(student.ruin(p, 0, 3), (1, 0), f"ruin({p}, 0, 3)")
        two_fractions(student.ruin(p, 3, 3), (0, 0), f"ruin({p}, 3, 3)")
    two_fractions(student.ruin(0, 2, 3), (1, 2), "ruin(0, 2, 3)")
    two_fractions(student.ruin(1, 2, 3), (0, 1), "ruin(1, 2, 3)")
    two_floats(student.ruin(0.0, 2, 3), (1, 2), "ruin(0.0, 2, 3)", STEP_6)
    two_floats(student.ruin(1.0, 2, 3), (0, 1), "ruin(1.0, 2, 3)", STEP_6)
    two_floats(student.ruin(0.2, 3, 3), (0, 0), "ruin(0.2, 3, 3)", STEP_6)
    cases = [("with z = 4 > a", (0.3, 4, 3)), ("with z = -2", (0.3, -2, 3))]
    cases += [("with a = 0", (0.3, 0, 0)), ("with p = NaN", (math.nan, 1, 3))]
    cases += [("with p = 3/2", (F(3, 2), 1, 3)), ("with p = -0.5", (-0.5, 1, 3))]
    refuses(student.ruin, ValueError, "ruin", cases)


# --- normal_error -------------------------------------------------------------------


def below(z):
    """Return the standard normal distribution function."""
    return (1 + math.erf(z / math.sqrt(2))) / 2


@pytest.mark.task("normal_error")
def test_errors_of_short_walks(student):
    # One fair step: P(S <= x) is 0, 1/2, 1 and jumps at -1 and 1; the deviation is 1.
    want = (max(below(-1), 0.5 - below(-1)), 1 - below(2))
    two_floats(
        student.normal_error(1, 0.5), want, "normal_error(1, 0.5)", STEP_7, atol=1e-8
    )
    # Two steps, p = 1/4: 9/16, 6/16, 1/16 at -2, 0, 2; mean -1, deviation sqrt(3/2).
    d = math.sqrt(1.5)
    law, points = [0, 9 / 16, 15 / 16, 1], (-2, 0, 2)
    gaps = [
        abs(law[j] - below((x + 1) / d))
        for k, x in enumerate(points)
        for j in (k, k + 1)
    ]
    halfway = [abs(law[k + 1] - below((x + 2) / d)) for k, x in enumerate(points)]
    for p in (0.25, F(1, 4)):
        where = f"normal_error(2, {p})"
        got = student.normal_error(2, p)
        two_floats(got, (max(gaps), max(halfway)), where, STEP_7, atol=1e-8)


@pytest.mark.task("normal_error")
def test_errors_of_longer_walks(student):
    cases = ((40, 0.5), (40, 0.8), (40, 0.2), (25, 0.98), (25, 0.02))
    for n, p in (*cases, (5, 0.98), (121, 0.5), (20, 0.9999), (20, 1e-4)):
        d, m = math.sqrt(4 * n * p * (1 - p)), n * (2 * p - 1)
        plain = corrected = total = 0.0
        for k in range(n + 1):
            x = 2 * k - n
            plain = max(plain, abs(total - below((x - m) / d)))
            total += math.comb(n, k) * p**k * (1 - p) ** (n - k)
            plain = max(plain, abs(total - below((x - m) / d)))
            corrected = max(corrected, abs(total - below((x + 1 - m) / d)))
        where = f"normal_error({n}, {p})"
        got = student.normal_error(n, p)
        two_floats(got, (plain, corrected), where, STEP_7, atol=1e-8)


@pytest.mark.task("normal_error")
def test_normal_error_refuses(student):
    cases = [("with n = 0", (0, 0.3)), ("with p = 0.0", (4, 0.0))]
    cases += [("with p = 1", (4, F(1))), ("with p = 1.5", (4, 1.5))]
    refuses(student.normal_error, ValueError, "normal_error", cases)


# --- simulate, interval, polya ------------------------------------------------------


def generator(lesson, seed):
    """Make a generator where the solution runs."""
    import numpy as np

    return np.random.default_rng(seed)


def likely(hits, trials, p, where):
    """Check a count of independent trials by Chernoff's bound."""
    distance, share = 0.0, hits / trials
    for seen, meant in ((share, p), (1 - share, 1 - p)):
        distance += seen * math.log(seen / meant) if seen else 0.0
    evidence = f"a share of {share:.4f} in {trials:,}, expected {p:.4f}: no accident"
    check.true(trials * distance < 29, where=where, evidence=evidence, look=STEP_8)


def walks_of(student, n, p, walks, rng):
    """Ask for walks, and check that they are some."""
    got = student.simulate(n, p, walks, rng)
    where = f"simulate({n}, {p}, {walks:,}, rng)"
    check.plain(got, where, CONTRACT)
    is_array = isinstance(got, np.ndarray)
    evidence = f"got {check.show(got)}, expected an array"
    check.true(is_array, where=where, evidence=evidence, look=CONTRACT)
    check.shape(got, (walks, n + 1), where=where, look=CONTRACT)
    check.dtype(got, np.int64, where=where, look=CONTRACT)
    at_zero = not np.any(got[:, 0])
    evidence = "column 0 is not 0"
    check.true(at_zero, where=where, evidence=evidence, look=CONTRACT)
    by_one = bool(np.all(np.abs(np.diff(got, axis=1)) == 1))
    evidence = "from a column to the next, a position must change by 1"
    check.true(by_one, where=where, evidence=evidence, look=STEP_8)
    return got, where


@pytest.mark.task("simulate")
@pytest.mark.parametrize("p", [0.5, 0.65])
def test_law_of_the_walks(student, p):
    walks, n = 20_000, 6
    rng = student.run(generator, seed=12)
    got, where = walks_of(student, n, p, walks, rng)
    up = np.diff(got, axis=1) > 0
    likely(int(up.sum()), up.size, p, f"{where}: steps up")
    for k in range(n):
        likely(int(up[:, k].sum()), walks, p, f"{where}: steps up at step {k + 1}")
    same = p * p + (1 - p) * (1 - p)
    for what, one, other in (
        ("a step and the next", up[:, ::2], up[:, 1::2]),
        ("neighbouring walks", up[::2], up[1::2]),
        ("walks far apart", up[: walks // 2], up[walks // 2 :]),
        ("a step, and the next of the next walk", up[::2, ::2], up[1::2, 1::2]),
        ("a step, and the one before of the next walk", up[::2, 1::2], up[1::2, ::2]),
    ):
        hits = int((one == other).sum())
        likely(hits, one.size, same, f"{where}: {what}, how often they are equal")
    for k in range(3):
        trio = [up[k + j : k + walks // 3 * 3 - 3 : 3] for j in range(3)]
        hits = int((trio[0] ^ trio[1] ^ trio[2]).sum())
        odd = (1 - (1 - 2 * p) ** 3) / 2
        what = "the same step of three walks, how often an odd number goes up"
        likely(hits, trio[0].size, odd, f"{where}: {what}")
    for k in range(n + 1):
        hits = int((got[:, -1] == 2 * k - n).sum())
        chance = math.comb(n, k) * p**k * (1 - p) ** (n - k)
        likely(hits, walks, chance, f"{where}: walks that end at {2 * k - n}")


@pytest.mark.task("simulate")
def test_sure_walks_and_small_numbers(student):
    rng = student.run(generator, seed=13)
    got, where = walks_of(student, 90, 0.5, 1000, rng)
    different = len(np.unique(got, axis=0))
    where = f"{where}: how many of them are different"
    check.equal(different, 1000, where=where, look=CONTRACT)
    for p, sign in ((1.0, 1), (0.0, -1)):
        got, where = walks_of(student, 150, p, 2, rng)
        check.equal(
            int(got[1, -1]), 150 * sign, where=f"{where}: the end", look=CONTRACT
        )
    for n, walks in ((0, 2), (3, 0), (1, 1)):
        walks_of(student, n, 0.5, walks, rng)
    where = "simulate"
    for what, args in (
        ("with n = -2", (-2, 0.5, 3)),
        ("with walks = -2", (2, 0.5, -2)),
        ("with p = 1.5", (2, 1.5, 3)),
        ("with p = NaN", (2, math.nan, 3)),
    ):
        refuses(student.simulate, ValueError, where, [(what, (*args, rng))])


@pytest.mark.task("simulate")
def test_where_the_chance_comes_from(student):
    one, same, other = (student.run(generator, seed=s) for s in (3, 3, 4))
    first = student.simulate(50, 0.5, 4, one)
    several = [student.simulate(70, 0.5, 1, same).tobytes() for _ in range(30)]
    where = "simulate with one generator, 30 times: how many of the walks are different"
    check.equal(len(set(several)), 30, where=where, look=CONTRACT)
    same = student.run(generator, seed=3)
    for kind, rng, equal in (
        ("with a generator in the same state: the same walks", same, True),
        ("with the same generator again: other walks", one, False),
        ("with another seed: other walks", other, False),
    ):
        again = student.simulate(50, 0.5, 4, rng)
        holds = np.array_equal(first, again) == equal
        evidence = "the walks are " + ("others" if equal else "the same")
        check.true(holds, where=f"simulate {kind}", evidence=evidence, look=CONTRACT)


@pytest.mark.task("polya")
def test_wilson_intervals(student):
    for hits, trials, width in (
        (20, 50, 1.96),
        (40, 50, 3.0),
        (1, 4, 0.5),
        (700, 1000, 2.0),
    ):
        # The ends are where the count is exactly width deviations away.
        where = f"interval({hits}, {trials}, {width})"
        got = student.interval(hits, trials, width)
        middle = (hits + width * width / 2) / (trials + width * width)
        squared = middle**2 - hits**2 / trials / (trials + width * width)
        want = (middle - math.sqrt(squared), middle + math.sqrt(squared))
        two_floats(got, want, where, STEP_8, atol=1e-10)
    default = student.interval(20, 50)
    want = student.interval(20, 50, 1.96)
    two_floats(default, want, "interval(20, 50): width is 1.96", CONTRACT, atol=1e-12)
    low, high = student.interval(0, 4)
    check.equal(low, 0.0, where="interval(0, 4): low", look=CONTRACT)
    want = 1.96**2 / (4 + 1.96**2)
    check.close(high, want, atol=1e-12, where="interval(0, 4): high", look=STEP_8)
    low, high = student.interval(4, 4)
    check.equal(high, 1.0, where="interval(4, 4): high", look=CONTRACT)
    check.close(low, 1 - want, atol=1e-12, where="interval(4, 4): low", look=STEP_8)
    for trials in (12, 20, 21, 31, 77):
        where, ends = f"interval({trials}, {trials})", student.interval(trials, trials)
        check.equal(ends[1], 1.0, where=f"{where}: high", look=CONTRACT)
        where, ends = f"interval(0, {trials})", student.interval(0, trials)
        check.equal(ends[0], 0.0, where=f"{where}: low", look=CONTRACT)
    cases = [("with 5 of 4 hits", (5, 4)), ("of no trials", (0, 0))]
    cases += [("of -2 hits", (-2, 4)), ("with width = -1", (1, 4, -1.0))]
    cases += [("with width = 0", (1, 4, 0.0)), ("with width = NaN", (1, 4, math.nan))]
    cases += [("with width = infinity", (1, 4, math.inf))]
    refuses(student.interval, ValueError, "interval", cases)


def fields_of(student, d, n, walks, rng, **options):
    """Ask for an estimate; check what its fields are, and that they fit together."""
    got = student.polya(d, n, walks, rng, **options)
    where = f"polya({d}, {n}, {walks:,}, rng)"
    for name in ("returned", "estimate", "late", "low", "high"):
        value, kind = getattr(got, name), "int" if name == "returned" else "float"
        kinds = (int, np.integer) if kind == "int" else float
        good = isinstance(value, kinds) and not isinstance(value, bool)
        evidence = f"got {check.show(value)}, expected {kind}"
        at = f"{where}.{name}"
        check.true(good, where=at, evidence=evidence, look=CONTRACT)
    returned, late = int(got.returned), 1.0
    if d > 2 and n > 1:
        late = (
            2 * (d / (4 * math.pi)) ** (d / 2) * (n // 2) ** (1 - d / 2) / (d / 2 - 1)
        )
    width = options.get("width", 1.96)
    middle = (returned + width * width / 2) / (walks + width * width)
    apart = math.sqrt(
        max(middle**2 - returned**2 / walks / (walks + width * width), 0.0)
    )
    want = {
        "estimate": returned / walks,
        "late": min(1.0, late),
        "low": middle - apart,
        "high": min(1.0, middle + apart + min(1.0, late)),
    }
    for name, expected in want.items():
        at = f"{where}.{name}"
        check.close(getattr(got, name), expected, atol=1e-7, where=at, look=STEP_8)
    return returned, where


@pytest.mark.task("polya")
def test_who_comes_back(student):
    walks = 20_000
    rng = student.run(generator, seed=14)
    for d, n, chance in (
        (1, 2, 1 / 2),
        (1, 5, 5 / 8),
        (1, 50, 1 - math.comb(50, 25) / 2**50),
        (2, 2, 1 / 4),
        (2, 8, 6549 / 16384),
        (3, 2, 1 / 6),
        (3, 4, 5 / 24),
        (3, 8, 7565 / 31104),
        (6, 2, 1 / 12),
    ):
        returned, where = fields_of(student, d, n, walks, rng)
        likely(returned, walks, chance, f"{where}: walks that came back")


@pytest.mark.task("polya")
def test_bounds_of_polya(student):
    rng = student.run(generator, seed=15)
    for d, n, walks, width in (
        (3, 60, 500, 3.0),
        (3, 15, 500, 1.0),
        (4, 10, 300, 2.0),
        (2, 10, 300, 2.0),
        (50, 2, 20, 2.0),
        (90, 16, 20, 2.0),
    ):
        fields_of(student, d, n, walks, rng, width=width)
    for d, n in ((3, 0), (3, 1), (1, 0)):
        returned, where = fields_of(student, d, n, 30, rng)
        check.equal(returned, 0, where=f"{where}.returned", look=CONTRACT)
    for what, args in (
        ("with d = 0", (0, 4, 9)),
        ("with d = -2", (-2, 4, 9)),
        ("with n = -2", (3, -2, 9)),
        ("without walks", (3, 4, 0)),
        ("with width = 0", (3, 4, 9, rng, 0.0)),
    ):
        args = args if len(args) > 3 else (*args, rng)
        check.raises(
            ValueError, student.polya, *args, where=f"polya {what}", look=CONTRACT
        )


@pytest.mark.task("polya")
def test_the_chance_of_polya(student):
    one, same = student.run(generator, seed=5), student.run(generator, seed=5)
    counts, again = (
        [student.polya(2, 10, 3000, rng).returned for _ in range(5)]
        for rng in (one, same)
    )
    where = "polya with two generators in the same state, five times each"
    check.equal(counts, again, where=where, look=CONTRACT)
    others = any(count != counts[0] for count in counts)
    evidence = f"{counts[0]} walks came back each time"
    where = "polya with one generator, again and again"
    check.true(others, where=where, evidence=evidence, look=CONTRACT)
