"""Hidden tests of `simulate`: the law of the walks, where the chance comes from, edges.

Generators live beside the submission. Their seeds are fixed, so a submission gets the
same verdict each time; `hidden.chance` says how seldom that is an accident.
"""

import math

import numpy as np
import pytest
from hidden.answers import (
    CONTRACT,
    is_array,
    make_rng,
    no_probabilities,
    rewound,
    step,
)
from hidden.chance import judge_count, walk_counts

from autograder.student.testing import check

STEP_8 = step(8)
WALKS = 20_000


def sample(student, n, p, walks, rng):
    """Ask for walks; check shape, dtype and that they are walks at all."""
    got = student.simulate(n, p, walks, rng)
    where = f"simulate({n}, {p}, {walks:,}, rng)"
    is_array(got, (walks, n + 1), np.int64, where)
    check.true(
        not np.any(got[:, 0]),
        where=where,
        evidence="column 0 is not 0",
        look=CONTRACT,
    )
    good = bool(np.all(np.abs(np.diff(got, axis=1)) == 1))
    evidence = "from a column to the next, a position must change by 1"
    check.true(good, where=where, evidence=evidence, look=STEP_8)
    return got, where


def judge_law(student, n, p, seed):
    got, where = sample(student, n, p, WALKS, make_rng(student, seed))
    for what, hits, trials, chance in walk_counts(got, p):
        judge_count(hits, trials, chance, f"{where}: {what}", STEP_8)


@pytest.mark.task("simulate", weight=2, core=True)
def test_the_law_of_fair_walks(student):
    judge_law(student, 10, 0.5, seed=301)


@pytest.mark.task("simulate", weight=2, core=True)
def test_no_two_walks_are_alike(student):
    got, where = sample(student, 70, 0.5, 12_000, make_rng(student, 304))
    up = got[:, 1:] > got[:, :-1]
    columns = np.packbits(up.T, axis=1)  # 12,000 is a multiple of 8
    for lag in range(1, 70):
        for start in (0, lag):  # disjoint pairs: k and k + lag, k in every second block
            first = np.arange(start, 70 - lag)
            first = first[(first - start) // lag % 2 == 0]
            if first.size:
                trials = first.size * len(up)
                apart = np.bitwise_count(columns[first] ^ columns[first + lag])
                hits = trials - int(apart.sum())
                what = f"{where}: a step and that {lag} later, how often they are equal"
                judge_count(hits, trials, 0.5, what, STEP_8)
    different = distinct(up)
    evidence = f"of {len(up):,} walks of 70 steps, {different:,} are different"
    good = different == len(up)
    check.true(good, where=where, evidence=evidence, look=CONTRACT)


def distinct(up):
    """Count the walks that differ; a walk and its mirror image count as one."""
    return len({walk.tobytes() for walk in np.packbits(up ^ up[:, :1], axis=1)})


@pytest.mark.task("simulate", weight=2, core=True)
def test_the_law_of_leaning_walks(student):
    judge_law(student, 9, 0.3, seed=302)
    judge_law(student, 5, 0.85, seed=303)
    judge_law(student, 4, 0.004, seed=305)


@pytest.mark.task("simulate", weight=1)
def test_many_walks_and_long_walks(student):
    got, where = sample(student, 40, 0.5, 22_000, make_rng(student, 307))
    different = distinct(got[:, 1:] > got[:, :-1])
    evidence = f"of {len(got):,} walks of 40 steps, {different:,} are different"
    check.true(different >= len(got) - 3, where=where, evidence=evidence, look=CONTRACT)
    for n, p, walks, seed in (
        (40, 0.3, 4000, 308),
        (1000, 0.0004, 200, 309),
        (300, 0.5, 500, 310),
    ):
        got, where = sample(student, n, p, walks, make_rng(student, seed))
        up = np.diff(got, axis=1) > 0
        for part, name in ((up, "all"), (up[:, n // 2 :], "in the second half")):
            what = f"{where}: steps up, {name}"
            judge_count(np.count_nonzero(part), part.size, p, what, STEP_8)
        pairs = up[:, : n // 2] == up[:, n - n // 2 :]
        what = f"{where}: a step and that {n // 2} later, how often they are equal"
        same = p * p + (1 - p) ** 2
        judge_count(np.count_nonzero(pairs), pairs.size, same, what, STEP_8)
        once = up[:, 0] == up[:, -1]
        what = f"{where}: the first and the last step, how often they are equal"
        judge_count(np.count_nonzero(once), walks, same, what, STEP_8)


@pytest.mark.task("simulate", weight=1)
def test_the_generator_decides(student):
    first, again, other = (make_rng(student, seed) for seed in (7, 7, 8))
    walks = [sample(student, 40, 0.5, 6, rng)[0] for rng in (first, again, other)]
    with student.together() as batch:
        several = [batch.simulate(80, 0.5, 1, first) for _ in range(40)]
    several = [batch.result(walk) for walk in several]
    where = "simulate with two generators in the same state"
    same = np.array_equal(walks[0], walks[1])
    evidence = "the walks differ: is there another source of chance?"
    check.true(same, where=where, evidence=evidence, look=CONTRACT)
    one, two = student.run(rewound, name="simulate", args=(40, 0.5, 6), seed=311)
    where, same = "simulate, one generator put back", np.array_equal(one, two)
    evidence = "the walks from the same state differ"
    check.true(same, where=where, evidence=evidence, look=CONTRACT)
    where, different = "simulate with another seed", not np.array_equal(*walks[1:])
    evidence = "the walks are the same as before"
    check.true(different, where=where, evidence=evidence, look=CONTRACT)
    where = "simulate with the same generator, 40 times: one walk of 80 steps each time"
    for walk in several:
        is_array(walk, (1, 81), np.int64, where)
    different = len({walk.tobytes() for walk in several})
    evidence = f"only {different} of the 40 walks are different"
    check.true(different == 40, where=where, evidence=evidence, look=CONTRACT)


def many_calls(lesson, calls, seed):
    """Return the walks of many calls with one generator, stacked."""
    import numpy as np

    rng = np.random.default_rng(seed)
    return np.stack([lesson.simulate(10, 0.5, 8, rng) for _ in range(calls)])


@pytest.mark.task("simulate", weight=1)
def test_each_call_draws_anew(student):
    calls = 2000
    where = f"simulate(10, 0.5, 8, rng), {calls:,} times with one generator"
    walks = student.run(many_calls, calls=calls, seed=306)
    is_array(walks, (calls, 8, 11), np.int64, where)
    different = len({one.tobytes() for one in walks})
    evidence = f"only {different:,} of {calls:,} answers are different"
    check.true(different == calls, where=where, evidence=evidence, look=CONTRACT)
    # Walks that balance each other have the right law, and counts that hardly vary.
    up = np.diff(walks, axis=2) > 0
    all_new = math.prod(1 - k / 2**10 for k in range(8))
    kinds = [len({walk.tobytes() for walk in one}) for one in np.packbits(up, axis=2)]
    for what, good, chance in (
        ("a step that four of the 8 walks take up", up.sum(axis=1) == 4, 70 / 2**8),
        ("40 of all 80 steps up", up.sum(axis=(1, 2)) == 40, math.comb(80, 40) / 2**80),
        ("8 different walks", np.array(kinds) == 8, all_new),
    ):
        hits = np.count_nonzero(good)
        judge_count(hits, good.size, chance, f"{where}: {what}", STEP_8)


@pytest.mark.task("simulate", weight=1)
def test_sure_steps_and_far_positions(student):
    rng = make_rng(student, 5)
    for p, sign in ((1.0, 1), (0.0, -1)):
        got, where = sample(student, 300, p, 4, rng)
        want = sign * np.tile(np.arange(301), (4, 1))
        check.close(got, want, where=where, look=CONTRACT)
    far, where = sample(student, 33_000, 1.0, 1, rng)
    check.equal(int(far[0, -1]), 33_000, where=f"{where}: the end", look=CONTRACT)


@pytest.mark.task("simulate", weight=1)
def test_no_steps_and_no_walks(student):
    rng = make_rng(student, 6)
    for n, walks in ((0, 3), (4, 0), (0, 0), (1, 1), (3, 1)):
        sample(student, n, 0.5, walks, rng)


@pytest.mark.task("simulate", weight=1)
def test_walks_are_refused(student):
    rng = make_rng(student, 9)
    cases = [(what, (3, p, 4)) for what, p in no_probabilities()]
    cases += [(f"{what}, no steps", (0, p, 4)) for what, p in no_probabilities()]
    cases += [(f"{what}, no walks", (3, p, 0)) for what, p in no_probabilities()]
    cases = [case for case in cases if isinstance(case[1][1], float)]
    cases += [("with n = -1", (-1, 0.5, 4)), ("with walks = -1", (3, 0.5, -1))]
    for what, args in cases:
        where = f"simulate {what}"
        check.raises(
            ValueError, student.simulate, *args, rng, where=where, look=CONTRACT
        )
