"""Hidden tests of `interval` and `polya`: the formula, the law, the bounds, edges.

Seeds are fixed, as in the tests of `simulate`.
"""

import math

import numpy as np
import pytest
from hidden.answers import CONTRACT, ask_all, floats, make_rng, step
from hidden.chance import judge_count
from hidden.laws import late, returned_within, wilson

from autograder.student.proxy import Handle
from autograder.student.testing import check

STEP_8 = step(8)
WALKS = 20_000
FIELDS = ("returned", "estimate", "late", "low", "high")


def judge_intervals(student, cases):
    answers = ask_all(student, "interval", cases)
    for case, got in zip(cases, answers, strict=True):
        where = f"interval{case}"
        floats(got, 2, where, CONTRACT)
        want = wilson(*case) if len(case) == 3 else wilson(*case, 1.96)
        for name, one, expected in zip(("low", "high"), got, want, strict=True):
            at = f"{where}: {name}"
            check.close(one, expected, atol=1e-10, where=at, look=STEP_8)
        if case[0] == 0:
            check.equal(got[0], 0.0, where=f"{where}: low", look=CONTRACT)
        if case[0] == case[1]:
            check.equal(got[1], 1.0, where=f"{where}: high", look=CONTRACT)


def found(student, d, n, walks, seed, **options):
    """Ask for an estimate; return its fields by name, and words for it."""
    got = student.polya(d, n, walks, make_rng(student, seed), **options)
    where = f"polya({d}, {n}, {walks:,}, rng)"
    evidence = f"got {check.show(got)}, expected a Polya"
    check.true(isinstance(got, Handle), where=where, evidence=evidence, look=CONTRACT)
    fields = {name: getattr(got, name) for name in FIELDS}
    for name, value in fields.items():
        check.plain(value, f"{where}.{name}", CONTRACT)
        kind = "int" if name == "returned" else "float"
        kinds = (int, np.integer) if kind == "int" else float
        good = isinstance(value, kinds) and not isinstance(value, bool)
        evidence = f"got {check.show(value)}, expected {kind}"
        at = f"{where}.{name}"
        check.true(good, where=at, evidence=evidence, look=CONTRACT)
    return fields, where


def judge_share(student, d, n, seed, walks=WALKS):
    fields, where = found(student, d, n, walks, seed)
    chance = float(returned_within(d, n))
    at = f"{where}: walks that came back"
    judge_count(int(fields["returned"]), walks, chance, at, STEP_8)


def judge_bounds(fields, where, d, n, walks, width):
    """Check that the other fields follow from the count."""
    returned = fields["returned"]
    good = 0 <= returned <= walks
    evidence = f"{returned} of {walks} walks"
    check.true(good, where=f"{where}.returned", evidence=evidence, look=CONTRACT)
    low, high = wilson(returned, walks, width)
    want = {
        "estimate": returned / walks,
        "late": late(d, n),
        "low": low,
        "high": min(1.0, high + late(d, n)),
    }
    for name, expected in want.items():
        at = f"{where}.{name}"
        check.close(fields[name], expected, atol=1e-11, where=at, look=STEP_8)


@pytest.mark.task("polya", weight=2, core=True)
def test_intervals(student):
    cases = [(30, 100), (341, 1000), (3, 10, 1.0), (9, 10, 3.0), (50, 100, 2.5)]
    judge_intervals(
        student, [*cases, (199, 200, 1.96), (2, 200, 4.0), (300_000, 10**6)]
    )


@pytest.mark.task("polya", weight=2, core=True)
def test_who_comes_back_on_a_line_and_in_a_plane(student):
    judge_share(student, 1, 3, seed=311)
    judge_share(student, 1, 4, seed=312)
    judge_share(student, 1, 200, seed=328)
    judge_share(student, 2, 2, seed=313)
    judge_share(student, 2, 4, seed=314)
    judge_share(student, 2, 40, seed=324)


@pytest.mark.task("polya", weight=2, core=True)
def test_who_comes_back_in_space(student):
    judge_share(student, 3, 2, seed=315, walks=80_000)
    judge_share(student, 3, 4, seed=316)
    judge_share(student, 4, 2, seed=317)
    judge_share(student, 7, 2, seed=326)
    judge_share(student, 40, 2, seed=327)
    judge_share(student, 3, 30, seed=325)


@pytest.mark.task("polya", weight=2, core=True)
def test_both_axes_of_a_plane_are_alike(student):
    # Weights 1/2 + x and 1/2 - x raise the share of 1/4 by 4x^2: x is small, N large.
    rng, sizes = make_rng(student, 323), [500_000] + [50_000] * 20
    with student.together() as batch:
        counts = [batch.polya(2, 2, walks, rng).returned for walks in sizes]
    returned = sum(int(batch.result(count)) for count in counts)
    where = "polya(2, 2, 500,000, rng), and 20 times 50,000: walks that came back"
    judge_count(returned, sum(sizes), 0.25, where, STEP_8)


@pytest.mark.task("polya", weight=2, core=True)
def test_what_the_estimate_leaves_out(student):
    for d, n, walks, width in (
        (3, 100, 900, 1.96),
        (3, 31, 500, 3.0),
        (3, 101, 300, 2.0),
        (4, 12, 700, 1.5),
        (5, 9, 400, 2.0),
        (15, 6, 100, 2.0),
        (2, 20, 300, 2.0),
    ):
        fields, where = found(student, d, n, walks, 318, width=width)
        judge_bounds(fields, f"{where} with width = {width}", d, n, walks, width)


# --- the ends of intervals, no steps, where the chance comes from, refusals ---------


@pytest.mark.task("polya", weight=1)
def test_intervals_at_the_ends(student):
    cases = [(0, 10), (10, 10), (0, 1), (1, 1), (0, 7, 3.3), (1, 10**6), (3, 3, 0.1)]
    cases += [(10**6 - 1, 10**6), (0, 3, 10.0), (1, 2, 0.1)]
    judge_intervals(student, cases)


@pytest.mark.task("polya", weight=1)
def test_ends_that_rounding_decides(student):
    cases = []
    for trials in range(2, 50):
        for width in (0.1, 1.96, 2.5758):
            cases += [(0, trials, width), (trials, trials, width)]
    judge_intervals(student, cases)


@pytest.mark.task("polya", weight=1)
def test_interval_refuses(student):
    for what, args in (
        ("of -1 hits", (-1, 5)),
        ("of more hits than trials", (6, 5)),
        ("of no trials", (0, 0)),
        ("of -5 trials", (-5, -5)),
        ("with width = 0", (2, 5, 0.0)),
        ("with width = -1.96", (2, 5, -1.96)),
        ("with width = NaN", (2, 5, math.nan)),
        ("with width = infinity", (2, 5, math.inf)),
    ):
        check.raises(
            ValueError, student.interval, *args, where=f"interval {what}", look=CONTRACT
        )


@pytest.mark.task("polya", weight=1)
def test_few_steps_many_dimensions_one_walk(student):
    for d, n, walks in (
        (3, 0, 50),
        (3, 1, 50),
        (3, 2, 60),
        (3, 3, 60),
        (3, 2, 1),  # high is 1 only because late + high would be 1.26
        (1, 0, 5),
        (1, 9, 40),
        (2, 1, 5),
        (4, 1, 30),
        (40, 2, 30),
        (100, 17, 30),
        (6, 400, 1),
        (1, 40, 1),
    ):
        fields, where = found(student, d, n, walks, 319)
        judge_bounds(fields, where, d, n, walks, 1.96)
        if n < 2:
            at = f"{where}.returned: the start is no return"
            check.equal(fields["returned"], 0, where=at, look=CONTRACT)


def put_back(lesson, seed):
    """Return counts, and those of the same calls after rng is put back."""
    import numpy as np

    rng = np.random.default_rng(seed)
    state, counts = rng.bit_generator.state, []
    for _ in range(2):
        rng.bit_generator.state = state
        counts.append([int(lesson.polya(2, 2, 300, rng).returned) for _ in range(8)])
    return counts


@pytest.mark.task("polya", weight=1)
def test_the_generator_of_polya_decides(student):
    first, again = (
        [int(student.polya(2, 12, 3000, rng).returned) for _ in range(6)]
        for rng in (make_rng(student, 21), make_rng(student, 21))
    )
    # One count of another source is the same by chance once in a hundred times.
    where = "polya with two generators in the same state, six times each"
    evidence = f"{first} and {again} returned"
    check.true(first == again, where=where, evidence=evidence, look=CONTRACT)
    one, two = student.run(put_back, seed=330)
    where = "polya, one generator put back to its state before"
    evidence = f"{one} and {two} returned"
    check.true(one == two, where=where, evidence=evidence, look=CONTRACT)
    where = "polya with one generator, again and again"
    evidence = f"{first[0]} returned each time: are the draws new?"
    new = any(count != first[0] for count in first)
    check.true(new, where=where, evidence=evidence, look=CONTRACT)


def counts_of(lesson, d, walks, calls, seed):
    """Return how many came back within two steps, in each of many calls."""
    import numpy as np

    rng = np.random.default_rng(seed)
    return [int(lesson.polya(d, 2, walks, rng).returned) for _ in range(calls)]


@pytest.mark.task("polya", weight=1)
def test_walks_of_one_call_are_independent(student):
    calls = 600
    counts = student.run(counts_of, d=1, walks=16, calls=calls, seed=322)
    where = f"polya(1, 2, 16, rng), {calls:,} times: how often k of 16 walks come back"
    for k in (7, 8, 9):
        hits, chance = counts.count(k), math.comb(16, k) / 2**16
        judge_count(hits, calls, chance, f"{where}, k = {k}", STEP_8)


@pytest.mark.task("polya", weight=1)
def test_two_walks_of_a_plane_are_independent(student):
    calls = 2400
    counts = student.run(counts_of, d=2, walks=2, calls=calls, seed=329)
    where = f"polya(2, 2, 2, rng), {calls:,} times"
    for k, what, chance in ((2, "both walks", 1 / 16), (1, "one of the walks", 3 / 8)):
        at = f"{where}: {what} came back"
        judge_count(counts.count(k), calls, chance, at, STEP_8)


@pytest.mark.task("polya", weight=1)
def test_polya_refuses(student):
    rng = make_rng(student, 20)
    for what, args, options in (
        ("with d = 0", (0, 5, 10), {}),
        ("with d = -1", (-1, 5, 10), {}),
        ("with n = -1", (3, -1, 10), {}),
        ("without walks", (3, 5, 0), {}),
        ("with width = 0", (3, 5, 10), {"width": 0.0}),
        ("with width = NaN", (3, 5, 10), {"width": math.nan}),
        ("with width = -1.96", (3, 5, 10), {"width": -1.96}),
        ("with an infinite width", (3, 5, 10), {"width": math.inf}),
        ("with width = 0 and no steps", (3, 0, 10), {"width": 0.0}),
    ):
        check.raises(
            ValueError,
            student.polya,
            *args,
            rng,
            where=f"polya {what}",
            look=CONTRACT,
            **options,
        )
