"""Hidden tests of `simulate`: the law of the walks, where the chance comes from, edges.

Generators live beside the submission. Their seeds are fixed, so a submission gets the
same verdict each time; `hidden.chance` says how seldom that is an accident.
"""

import numpy as np
import pytest
from hidden.answers import CONTRACT, is_array, make_rng, no_probabilities, step
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
def test_the_law_of_leaning_walks(student):
    judge_law(student, 9, 0.3, seed=302)
    judge_law(student, 5, 0.85, seed=303)


@pytest.mark.task("simulate", weight=1)
def test_the_generator_decides(student):
    first, again, other = (make_rng(student, seed) for seed in (7, 7, 8))
    walks = [sample(student, 40, 0.5, 6, rng)[0] for rng in (first, again, other)]
    later, _ = sample(student, 40, 0.5, 6, first)
    where = "simulate with two generators in the same state"
    same = np.array_equal(walks[0], walks[1])
    evidence = "the walks differ: is there another source of chance?"
    check.true(same, where=where, evidence=evidence, look=CONTRACT)
    for kind, one in (("another seed", walks[2]), ("the same generator again", later)):
        different = not np.array_equal(walks[0], one)
        where = f"simulate with {kind}"
        evidence = "the walks are the same as before"
        check.true(different, where=where, evidence=evidence, look=CONTRACT)


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
def test_simulate_refuses(student):
    rng = make_rng(student, 9)
    cases = [(what, (3, p, 4)) for what, p in no_probabilities()]
    cases = [case for case in cases if isinstance(case[1][1], float)]
    cases += [("with n = -1", (-1, 0.5, 4)), ("with walks = -1", (3, 0.5, -1))]
    for what, args in cases:
        where = f"simulate {what}"
        check.raises(
            ValueError, student.simulate, *args, rng, where=where, look=CONTRACT
        )
