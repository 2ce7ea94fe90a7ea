"""Hidden tests of `expected_tokens` and `implied_overhead`."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hidden.answers import CONTRACT, number, refused, step

STEP_8 = step(8)


def tokens(a, g):
    """Return the mean number of tokens, in 60 digits."""
    if a == 1:
        return float(g + 1)
    with localcontext() as context:
        context.prec = 60
        a = Decimal(a)
        return float((1 - a ** (g + 1)) / (1 - a))


def judge(student, cases, look=STEP_8):
    for a, g in cases:
        where = f"expected_tokens({a!r}, {g})"
        got = student.expected_tokens(a, g)
        number(got, tokens(a, g), where, look, rtol=1e-9)


@pytest.mark.task("expected_tokens", weight=3, core=True)
def test_mean_tokens(student):
    cases = [(a, g) for a in (0.6, 0.8, 0.9, 0.35) for g in (1, 2, 3, 5, 7, 40)]
    judge(student, cases)


@pytest.mark.task("expected_tokens", weight=2, core=True)
def test_overheads(student):
    for a, g, speedup in (
        (0.85, 1, 1.8),
        (0.9, 1, 1.8),
        (0.6, 3, 2.0),
        (0.9, 5, 1.25),
        (0.5, 2, 0.7),
        (0.4, 4, 1.0),
    ):
        where = f"implied_overhead({a}, {g}, {speedup})"
        got = student.implied_overhead(a, g, speedup)
        want = tokens(a, g) / speedup - 1
        number(got, want, where, STEP_8, atol=1e-9 * (1 + want))


@pytest.mark.task("expected_tokens", weight=1)
def test_sure_and_hopeless_drafts(student):
    cases = [(a, g) for a in (0.0, 1.0) for g in (0, 1, 4, 1_000_000)]
    cases += [(0.7, 0), (1, 3), (0, 3), (1e-300, 2), (5e-9, 3)]
    judge(student, cases, CONTRACT)


@pytest.mark.task("expected_tokens", weight=1)
def test_close_to_1(student):
    near = [1 - 1e-6, 1 - 1e-12, 1 - 8e-14, 1 - 5e-15, 1 - 2.0**-53, 0.999999999]
    judge(student, [(a, g) for a in near for g in (1, 6, 1000)], CONTRACT)
    judge(student, [(a, 1_000_000) for a in near], CONTRACT)
    judge(student, [(0.5, 1_000_000), (1e-12, 5)], CONTRACT)
    near = [1 - m * 10.0**-x for x in range(2, 16) for m in (1.3, 2.2, 5.0)]
    judge(student, [(a, g) for a in near for g in (1, 8, 9000)], CONTRACT)
    for a in near:
        for g in (1, 8, 9000):
            where = f"implied_overhead({a!r}, {g}, 1.0)"
            want = tokens(a, g) - 1
            got = student.implied_overhead(a, g, 1.0)
            number(got, want, where, CONTRACT, atol=1e-9 * (1 + want))


@pytest.mark.task("expected_tokens", weight=1)
def test_no_overhead_at_all(student):
    for a, g in ((0.5, 1), (0.85, 3), (1.0, 4), (0.0, 2), (0.3, 0), (1.0, 1000)):
        most = float(sum(Fraction(a) ** k for k in range(g + 1)))
        where = f"implied_overhead({a}, {g}, {most!r})"
        number(student.implied_overhead(a, g, most), 0.0, where, CONTRACT, atol=1e-9)
        more = most * (1 + 5e-10)  # as rounding may leave it
        where = f"implied_overhead({a}, {g}, {more!r})"
        number(student.implied_overhead(a, g, more), 0.0, where, CONTRACT, atol=1e-9)
    for speedup in (1e-3, 1e-300):
        large = student.implied_overhead(0.9, 2, speedup)
        where = f"implied_overhead(0.9, 2, {speedup})"
        number(large, 2.71 / speedup - 1, where, CONTRACT, rtol=1e-9)


@pytest.mark.task("expected_tokens", weight=1)
def test_expected_tokens_refuses(student):
    rates = {"-0.1": -0.1, "1.1": 1.1, "NaN": math.nan, "infinity": math.inf}
    cases = {
        f"expected_tokens with acceptance {name}": (rate, 2)
        for name, rate in rates.items()
    }
    cases["expected_tokens with depth -1"] = (0.5, -1)
    cases["expected_tokens with acceptance 1, depth -1"] = (1.0, -1)
    cases["expected_tokens with acceptance 0, depth -2"] = (0.0, -2)
    refused(student.expected_tokens, cases)
    cases = {
        f"implied_overhead with acceptance {name}": (rate, 2, 1.0)
        for name, rate in rates.items()
    }
    cases["implied_overhead with speedup 0"] = (0.5, 2, 0.0)
    cases["implied_overhead with speedup -1"] = (0.5, 2, -1.0)
    cases["implied_overhead with speedup NaN"] = (0.5, 2, math.nan)
    cases["implied_overhead(0.5, 1, 1.51)"] = (0.5, 1, 1.51)
    cases["implied_overhead(0.5, 1, 1.5 + 1e-6)"] = (0.5, 1, 1.5 + 1e-6)
    cases["implied_overhead with speedup infinity"] = (0.5, 2, math.inf)
    cases["implied_overhead(0.0, 1, 1 + 4e-9)"] = (0.0, 1, 1 + 4e-9)
    cases["implied_overhead(0.5, 1, 1.5 (1 + 5e-9))"] = (0.5, 1, 1.5 * (1 + 5e-9))
    cases["implied_overhead with depth -1"] = (0.5, -1, 1.0)
    refused(student.implied_overhead, cases)
