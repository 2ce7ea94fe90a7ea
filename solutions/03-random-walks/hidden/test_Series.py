"""Hidden tests of `Series`: each operation, then lengths, types, refusals, operands.

Operations run there, on fresh operands; only the terms of the results come back. More
than 400 lines: one class with nine operations, each with its refusals.
"""

import math
from fractions import Fraction

import pytest
from hidden.answers import CONTRACT, step, told

from autograder.student.proxy import StudentRaised
from autograder.student.testing import check

STEP_2 = step(2)


def terms_of(student, asked):
    """Evaluate functions of the lesson on Series there; return the terms of each.

    What was raised comes back as the exception's name.
    """
    with student.together() as batch:
        results = {}
        for what, make in asked.items():
            results[what] = make(batch.Series).terms

    def answer(handle):
        try:
            return batch.result(handle)
        except StudentRaised as error:
            return f"raised {error.type_name}"

    return {what: answer(handle) for what, handle in results.items()}


def judge(got, want):
    """Compare tuples of Fractions."""
    for what, terms in want.items():
        where, answer = f"Series, {what}", got[what]
        check.plain(answer, where, STEP_2)
        good = isinstance(answer, tuple) and all(type(t) is Fraction for t in answer)
        evidence = f"got {told(answer)}, expected a tuple of Fractions"
        check.true(good, where=where, evidence=evidence, look=CONTRACT)
        evidence = f"it has {len(answer)} terms, expected {len(terms)}"
        same = len(answer) == len(terms)
        check.true(same, where=where, evidence=evidence, look=CONTRACT)
        for k, (one, expected) in enumerate(zip(answer, terms, strict=True)):
            place = f"{where}: the term of s^{k}"
            check.equal(one, Fraction(expected), where=place, look=STEP_2)


def draw(rng, count, first=None):
    """Return terms without a pattern: all signs, a few zeros, various denominators."""
    terms = [
        Fraction(int(t), int(b))
        for t, b in zip(
            rng.integers(-9, 10, size=count),
            rng.integers(1, 8, size=count),
            strict=True,
        )
    ]
    terms[0] = Fraction(-5, 3) if first is None else first
    if count > 3:
        terms[1:3] = [Fraction(7, 2), Fraction(0)]
    return terms


# The same by other roads: by exponents, and by what an answer must fulfil.


def product(a, b):
    m = min(len(a), len(b))
    out = [Fraction(0)] * m
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            if i + j < m:
                out[i + j] += x * y
    return out


def composed(outer, inner):
    m = min(len(outer), len(inner))
    total, power = [Fraction(0)] * m, [Fraction(1)] + [Fraction(0)] * (m - 1)
    for t in outer[:m]:
        total = [x + t * y for x, y in zip(total, power, strict=True)]
        power = product(power, inner)
    return total


def divided(one, a):
    """Return one/a by long division."""
    rest, out = list(one), []
    for k in range(len(a)):
        out.append(rest[k] / a[0])
        for j in range(k, len(a)):
            rest[j] -= out[k] * a[j - k]
    return out


def one(count):
    return [Fraction(1)] + [Fraction(0)] * (count - 1)


@pytest.mark.task("Series", weight=2, core=True)
def test_sums_and_products(student, rng):
    a, b = draw(rng, 7), draw(rng, 7, Fraction(1, 4))
    got = terms_of(
        student,
        {
            "a + b": lambda series: series(a) + series(b),
            "a - b": lambda series: series(a) - series(b),
            "b - a": lambda series: series(b) - series(a),
            "-a": lambda series: -series(a),
            "a * b": lambda series: series(a) * series(b),
            "a * a * b": lambda series: series(a) * series(a) * series(b),
            "a * (a - b)": lambda series: series(a) * (series(a) - series(b)),
        },
    )
    minus = [x - y for x, y in zip(a, b, strict=True)]
    judge(
        got,
        {
            "a + b": [x + y for x, y in zip(a, b, strict=True)],
            "a - b": minus,
            "b - a": [-x for x in minus],
            "-a": [-x for x in a],
            "a * b": product(a, b),
            "a * a * b": product(product(a, a), b),
            "a * (a - b)": product(a, minus),
        },
    )


@pytest.mark.task("Series", weight=2, core=True)
def test_numbers_on_either_side(student, rng):
    a, c = draw(rng, 5), Fraction(3, 7)
    got = terms_of(
        student,
        {
            "a + c": lambda series: series(a) + c,
            "c + a": lambda series: c + series(a),
            "a - c": lambda series: series(a) - c,
            "c - a": lambda series: c - series(a),
            "a * c": lambda series: series(a) * c,
            "c * a": lambda series: c * series(a),
            "a + 2": lambda series: series(a) + 2,
            "a - 2": lambda series: series(a) - 2,
            "2 - a": lambda series: 2 - series(a),
            "1 + 2 * a": lambda series: 1 + 2 * series(a),
            "0 * a": lambda series: 0 * series(a),
        },
    )

    def moved(by, sign=1, times=1):
        rest = [sign * times * x for x in a]
        return [rest[0] + by, *rest[1:]]

    judge(
        got,
        {
            "a + c": moved(c),
            "c + a": moved(c),
            "a - c": moved(-c),
            "c - a": moved(c, -1),
            "a * c": [c * x for x in a],
            "c * a": [c * x for x in a],
            "a + 2": moved(2),
            "a - 2": moved(-2),
            "2 - a": moved(2, -1),
            "1 + 2 * a": moved(1, times=2),
            "0 * a": [Fraction(0)] * 5,
        },
    )


@pytest.mark.task("Series", weight=2, core=True)
def test_inverse(student, rng):
    a, b = draw(rng, 8), draw(rng, 6, Fraction(4))
    geometric = [Fraction(1), Fraction(-2), *[Fraction(0)] * 4]
    got = terms_of(
        student,
        {
            "a.inverse()": lambda series: series(a).inverse(),
            "b.inverse()": lambda series: series(b).inverse(),
            "a * a.inverse()": lambda series: series(a) * series(a).inverse(),
            "inverse of 1 - 2s": lambda series: series(geometric).inverse(),
        },
    )
    judge(
        got,
        {
            "a.inverse()": divided(one(8), a),
            "b.inverse()": divided(one(6), b),
            "a * a.inverse()": one(8),
            "inverse of 1 - 2s": [2**k for k in range(6)],
        },
    )


@pytest.mark.task("Series", weight=2, core=True)
def test_sqrt(student, rng):
    roots = [draw(rng, 8, Fraction(2, 3)), draw(rng, 7, Fraction(1))]
    roots.append(draw(rng, 6, Fraction(5)))
    squares = [product(r, r) for r in roots]
    got = terms_of(
        student,
        {
            f"root of a series that begins with {square[0]}": (
                lambda series, square=square: series(square).sqrt()
            )
            for square in squares
        },
    )
    judge(got, dict(zip(got, roots, strict=True)))


@pytest.mark.task("Series", weight=2, core=True)
def test_composition(student, rng):
    outer, other = draw(rng, 7), draw(rng, 7, Fraction(0))
    inner = draw(rng, 7, Fraction(0))
    even = [Fraction(t) for t in (0, 0, 3, 0, Fraction(1, 2), 0, 0)]
    got = terms_of(
        student,
        {
            "a(b)": lambda series: series(outer)(series(inner)),
            "a(b) with b = 3s^2 + s^4/2": lambda series: series(outer)(series(even)),
            "b(c)": lambda series: series(inner)(series(other)),
            "c(b)": lambda series: series(other)(series(inner)),
        },
    )
    judge(
        got,
        {
            "a(b)": composed(outer, inner),
            "a(b) with b = 3s^2 + s^4/2": composed(outer, even),
            "b(c)": composed(inner, other),
            "c(b)": composed(other, inner),
        },
    )


# --- lengths, kinds of numbers, refusals, operands ----------------------------------


@pytest.mark.task("Series", weight=1)
def test_series_of_different_lengths(student, rng):
    long, short = draw(rng, 7), draw(rng, 4, Fraction(2))
    inner, little = draw(rng, 7, Fraction(0)), draw(rng, 3, Fraction(0))
    got = terms_of(
        student,
        {
            "long + short": lambda series: series(long) + series(short),
            "short - long": lambda series: series(short) - series(long),
            "long * short": lambda series: series(long) * series(short),
            "short * long": lambda series: series(short) * series(long),
            "short(long)": lambda series: series(short)(series(inner)),
            "long(short)": lambda series: series(long)(series(little)),
            "long(0), one term": lambda series: series(long)(series([0])),
            "long(0), four terms": lambda series: series(long)(series([0] * 4)),
            "4/9 + 0s + 0s^2: sqrt": (
                lambda series: series([Fraction(4, 9), 0, 0]).sqrt()
            ),
            "one term times seven": lambda series: series([3]) * series(long),
            "seven plus one term": lambda series: series(long) + series([3]),
            "seven minus one term": lambda series: series(long) - series([3]),
            "one term: inverse": lambda series: series([Fraction(-2, 3)]).inverse(),
            "one term: sqrt": lambda series: series([Fraction(9, 4)]).sqrt(),
            "one term: composition": lambda series: series([5])(series([0])),
            "two terms: inverse": lambda series: series([2, 3]).inverse(),
        },
    )
    judge(
        got,
        {
            "long + short": [x + y for x, y in zip(long, short, strict=False)],
            "short - long": [y - x for x, y in zip(long, short, strict=False)],
            "long * short": product(long, short),
            "short * long": product(long, short),
            "short(long)": composed(short, inner),
            "long(short)": composed(long, little),
            "long(0), one term": long[:1],
            "long(0), four terms": [long[0], 0, 0, 0],
            "4/9 + 0s + 0s^2: sqrt": [Fraction(2, 3), 0, 0],
            "one term times seven": [3 * long[0]],
            "seven plus one term": [long[0] + 3],
            "seven minus one term": [long[0] - 3],
            "one term: inverse": [Fraction(-3, 2)],
            "one term: sqrt": [Fraction(3, 2)],
            "one term: composition": [5],
            "two terms: inverse": [Fraction(1, 2), Fraction(-3, 4)],
        },
    )


@pytest.mark.task("Series", weight=1)
def test_zeros_and_ones_have_lengths_too(student, rng):
    a, power = draw(rng, 4, Fraction(2)), [0, 0, 0, 1, *[0] * 6]
    terms = draw(rng, 10)
    for n in (2, 9):
        zero, unit, line = [0] * n, [1, *[0] * (n - 1)], [0, 1, *[0] * (n - 2)]
        got = terms_of(
            student,
            {
                "a + 0": lambda series, zero=zero: series(a) + series(zero),
                "0 + a": lambda series, zero=zero: series(zero) + series(a),
                "a - 0": lambda series, zero=zero: series(a) - series(zero),
                "a * 0": lambda series, zero=zero: series(a) * series(zero),
                "0 * a": lambda series, zero=zero: series(zero) * series(a),
                "a * 1": lambda series, unit=unit: series(a) * series(unit),
                "1 * a": lambda series, unit=unit: series(unit) * series(a),
                "a(0)": lambda series, zero=zero: series(a)(series(zero)),
                "a(s)": lambda series, line=line: series(a)(series(line)),
                "1(s)": lambda series, unit=unit: series(unit)(series([0, 1, 0])),
            },
        )
        same, none = a[:n], zero[:4]
        want = dict.fromkeys(("a + 0", "0 + a", "a - 0", "a * 1", "1 * a"), same)
        want |= {"a * 0": none, "0 * a": none, "a(0)": [2, *none[1:]], "a(s)": same}
        judge(got, want | {"1(s)": unit[:3]})
    got = terms_of(
        student,
        {
            "a - a": lambda series: (lambda x: x - x)(series(a)),
            "a(s^3)": lambda series: series(terms)(series(power)),
        },
    )
    judge(got, {"a - a": [0] * 4, "a(s^3)": composed(terms, power)})


def one_by_one(lesson):
    """Return the first terms of short-lived Series: one may lie where the last did."""
    series = lesson.Series
    inverses = [series([k, 1]).inverse().terms[0] for k in range(1, 33)]
    return inverses, [series([k * k, 1]).sqrt().terms[0] for k in range(1, 33)]


@pytest.mark.task("Series", weight=1)
def test_series_that_come_and_go(student):
    got = student.run(one_by_one)
    ks = range(1, 33)
    where = "Series: first terms of (k + s).inverse() and (k^2 + s).sqrt(), k = 1 to 32"
    want = [Fraction(1, k) for k in ks], [Fraction(k) for k in ks]
    check.equal(got, want, where=where, look=CONTRACT)


@pytest.mark.task("Series", weight=1)
def test_large_numbers_and_many_terms(student):
    big, small = Fraction(10**20 + 1, 3), Fraction(7, 10**18 + 9)
    tiny = Fraction(1, 10**400)
    ones, far = [1] * 60, 10**17 + 1
    got = terms_of(
        student,
        {
            "a tuple of ints": lambda series: series((2, -1, 0)),
            "a list of both kinds": lambda series: series([Fraction(1, 2), 3]),
            "a root of many digits": lambda series: series([big * big, 1]).sqrt(),
            "a root of many digits below the line": (
                lambda series: series([small * small, 1]).sqrt()
            ),
            "a denominator of 62 digits": lambda series: (
                -series([Fraction(1, 10**61 + 1)])
            ),
            "ints of 18 digits, squared": lambda s: s([far, 1]) * s([far, 1]),
            "a number of 20 digits beside it": lambda series: series([1, 2]) - big,
            "a number below 1e-18 times it": lambda series: small * series([1, 2]),
            "10^-400: inverse": lambda series: series([tiny, tiny]).inverse(),
            "60 ones, squared": lambda series: series(ones) * series(ones),
            "60 ones, inverse": lambda series: series(ones).inverse(),
            "1/sqrt(1 - s), 40 terms": (
                lambda series: series([1, -1, *[0] * 38]).sqrt().inverse()
            ),
            "1/(1 - s) at s/(1 + s), 30 terms": lambda series: series([1] * 30)(
                series([0, *[(-1) ** k for k in range(29)]])
            ),
        },
    )
    central, terms = Fraction(1), []
    for k in range(40):
        terms.append(central)
        central = central * (2 * k + 1) / (2 * k + 2)
    judge(
        got,
        {
            "a tuple of ints": [2, -1, 0],
            "a list of both kinds": [Fraction(1, 2), 3],
            "a root of many digits": [big, 1 / (2 * big)],
            "a root of many digits below the line": [small, 1 / (2 * small)],
            "a denominator of 62 digits": [Fraction(-1, 10**61 + 1)],
            "ints of 18 digits, squared": [far**2, 2 * far],
            "a number of 20 digits beside it": [1 - big, 2],
            "a number below 1e-18 times it": [small, 2 * small],
            "10^-400: inverse": [1 / tiny, -1 / tiny],
            "60 ones, squared": list(range(1, 61)),
            "60 ones, inverse": [1, -1, *[0] * 58],
            "1/sqrt(1 - s), 40 terms": terms,
            "1/(1 - s) at s/(1 + s), 30 terms": [1, 1, *[0] * 28],
        },
    )


@pytest.mark.task("Series", weight=1)
def test_what_a_series_refuses(student):
    cases = {
        "with a float among its terms": (TypeError, lambda s: s([1, 0.5])),
        "of a whole float": (TypeError, lambda s: s([1, 2.0])),
        "plus a float": (TypeError, lambda s: s([1, 2]) + 0.5),
        "a float plus it": (TypeError, lambda s: 0.5 + s([1, 2])),
        "minus a float": (TypeError, lambda s: s([1, 2]) - 1.0),
        "a float minus it": (TypeError, lambda s: 0.5 - s([1, 2])),
        "times a float": (TypeError, lambda s: s([1, 2]) * 2.0),
        "a float times it": (TypeError, lambda s: 0.5 * s([1, 2])),
        "with a float as its last term": (TypeError, lambda s: s([1, 2, 3.5])),
        "with a float between ints": (TypeError, lambda s: s([1, 2.5, 3])),
        "with NaN among its terms": (TypeError, lambda s: s([1, math.nan])),
        "plus 0.0": (TypeError, lambda s: s([1, 2]) + 0.0),
        "0.0 plus it": (TypeError, lambda s: 0.0 + s([1, 2])),
        "minus 0.0": (TypeError, lambda s: s([1, 2]) - 0.0),
        "times 0.0": (TypeError, lambda s: s([1, 2]) * 0.0),
        "times 1.0": (TypeError, lambda s: s([1, 2]) * 1.0),
        "2 + 0s: sqrt": (ValueError, lambda s: s([2, 0]).sqrt()),
        "without terms": (ValueError, lambda s: s([])),
        "s + s^2: inverse": (ZeroDivisionError, lambda s: s([0, 1, 1]).inverse()),
        "2 + s: sqrt": (ValueError, lambda s: s([2, 1]).sqrt()),
        "1/2 + s: sqrt": (ValueError, lambda s: s([Fraction(1, 2), 1]).sqrt()),
        "4/3: sqrt": (ValueError, lambda s: s([Fraction(4, 3), 1]).sqrt()),
        "0 + 0s: sqrt": (ValueError, lambda s: s([0, 0]).sqrt()),
        "0 + 0s: inverse": (ZeroDivisionError, lambda s: s([0, 0]).inverse()),
        "composed with 10^-400 + s": (
            ValueError,
            lambda s: s([1, 2])(s([Fraction(1, 10**400), 1])),
        ),
        "s^2: sqrt": (ValueError, lambda s: s([0, 0, 1]).sqrt()),
        "-4: sqrt": (ValueError, lambda s: s([-4, 1]).sqrt()),
        "-1/9: sqrt": (ValueError, lambda s: s([Fraction(-1, 9), 1]).sqrt()),
        "10^40 + 1: sqrt": (ValueError, lambda s: s([10**40 + 1, 1]).sqrt()),
        "composed with -2 + s": (ValueError, lambda s: s([1, 2])(s([-2, 1]))),
        "composed with 1 + s": (ValueError, lambda s: s([1, 2])(s([1, 1]))),
        "of one term, composed with 1/7": (
            ValueError,
            lambda s: s([1])(s([Fraction(1, 7)])),
        ),
    }
    got = terms_of(student, {what: make for what, (_, make) in cases.items()})
    for what, (kind, _) in cases.items():
        answer = got[what]
        evidence = f"got {told(answer)}, expected {kind.__name__}"
        good = answer == f"raised {kind.__name__}"
        where = f"Series {what}"
        check.true(good, where=where, evidence=evidence, look=CONTRACT)


@pytest.mark.task("Series", weight=1)
def test_nothing_else_changes(student, rng):
    a, b = draw(rng, 5, Fraction(4, 9)), draw(rng, 5, Fraction(0))
    given = student.keep(list(a))
    with student.together() as batch:
        x, y = batch.Series(given), batch.Series(b)
        alias = total = less = times = batch.Series(a)
        total += y
        less -= y
        times *= y
        for _ in (x + y, x - y, x * y, -x, x(y), x.inverse(), x.sqrt(), 1 - x, 2 * x):
            pass
        held = [s.terms for s in (x, y, alias, total, less, times)]
    after = [batch.result(h) for h in held]
    left = student.fetch(given)

    names = ("a, used many times", "b, used many times")
    names += ("c after d = c; d += b, -= b or *= b", "d += b", "d -= b", "d *= b")
    got = dict(zip(names, after, strict=True))
    pairs = list(zip(a, b, strict=True))
    want = a, b, a, [p + q for p, q in pairs], [p - q for p, q in pairs], product(a, b)
    judge(got, dict(zip(names, want, strict=True)))
    where = "Series: the list that it was made from"
    check.equal(left, a, where=where, look=CONTRACT)


@pytest.mark.task("Series", weight=1)
def test_longer_operands_are_not_cut(student, rng):
    long, short = draw(rng, 6, Fraction(1, 4)), draw(rng, 3, Fraction(0))
    inner = draw(rng, 6, Fraction(0))
    with student.together() as batch:
        x, y, z = batch.Series(long), batch.Series(short), batch.Series(inner)
        for _ in (x + y, y + x, x - y, y - x, x * y, y * x, x(y), y(z)):
            pass
        held = [s.terms for s in (x, y, z)]
    names = ("of six terms", "of three terms", "of six terms, put into one of three")
    names = [f"{name}, used with the other" for name in names]
    after = [batch.result(h) for h in held]
    want = dict(zip(names, (long, short, inner), strict=True))
    judge(dict(zip(names, after, strict=True)), want)


@pytest.mark.task("Series", weight=1)
def test_a_list_that_changes_later(student):
    given = student.keep([1, 2, 3])
    series = student.Series(given)
    given[0] = 99
    judge(
        {"made from a list that changed afterwards": series.terms},
        {"made from a list that changed afterwards": [1, 2, 3]},
    )
