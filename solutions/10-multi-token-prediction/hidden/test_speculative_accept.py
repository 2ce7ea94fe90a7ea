"""Hidden tests of `speculative_accept`: the rule draw by draw, and the law as a whole.

The law of what comes out is checked exactly, for one draft and for two, by going over a
grid of u in which every border lies between two points, as `NOTES.md` derives.
"""

import itertools
from fractions import Fraction

import numpy as np
import pytest
import torch
from hidden.answers import CONTRACT, refused, step, whole_numbers

from autograder.grading.reference import remembered
from autograder.student.testing import check

STEP_7 = step(7)


def law(*weights):
    """Return rows of probabilities from whole numbers."""
    rows = np.array(weights, dtype=np.float64)
    return torch.from_numpy(rows / rows.sum(1, keepdims=True))


@remembered
def by_rule(p, q, drafts, u):
    """Return the tokens, in exact fractions."""
    p, q = ([[Fraction(x) for x in row] for row in m.tolist()] for m in (p, q))
    u = [Fraction(x) for x in u]
    kept = []
    weights = p[len(drafts)]
    for j, x in enumerate(drafts):
        if u[j] * q[j][x] < p[j][x]:
            kept.append(x)
            continue
        weights = [max(Fraction(0), a - b) for a, b in zip(p[j], q[j], strict=True)]
        if not any(weights):
            weights = p[j]
        break
    sums = list(itertools.accumulate(weights))
    return [*kept, next(k for k, s in enumerate(sums) if s > u[-1] * sums[-1])]


def ask(student, cases):
    """Return the answers to many calls, in order, each as a list of ints."""
    with student.together() as batch:
        handles = [batch.speculative_accept(*args) for args in cases]
    got = [batch.result(handle) for handle in handles]
    pairs = zip(got, cases, strict=True)
    return [tokens(answer, len(drafts)) for answer, (_, _, drafts, _) in pairs]


def tokens(answer, g):
    """Return an answer as ints; its types are judged by `test_laws_are_left_alone`."""
    if (
        type(answer) is list
        and 1 <= len(answer) <= g + 1
        and {*map(type, answer)} == {int}
    ):
        return answer  # most are: thousands are asked for
    where = f"speculative_accept, {g} drafts"
    check.plain(answer, where, CONTRACT)
    good = isinstance(answer, (list, tuple)) and 1 <= len(answer) <= g + 1
    evidence = f"got {check.show(answer)}, expected a list of 1 to {g + 1} tokens"
    check.true(good, where=where, evidence=evidence, look=STEP_7)
    return [int(token) for token in answer]


def judge(student, cases, look=STEP_7):
    """Ask, then judge; cases: words -> arguments."""
    got = ask(student, list(cases.values()))
    for answer, (where, args) in zip(got, cases.items(), strict=True):
        where = f"speculative_accept, {where}"
        check.equal(answer, by_rule(*args), where=where, look=look)


@pytest.mark.task("speculative_accept", weight=2)
def test_one_draft(student):
    p, q = law([2, 5, 3, 0], [1, 2, 3, 4]), law([6, 1, 1, 2])
    cases = {}
    for x in range(4):
        for u in (0.05, 0.3, 0.35, 0.6, 0.95):
            for choice in (0.02, 0.45, 0.5, 0.7, 0.99):
                where = f"draft {x}, u = {u} and {choice}"
                cases[where] = (p, q, [x], [u, choice])
    judge(student, cases)


@pytest.mark.task("speculative_accept", weight=2)
def test_several_drafts(student, rng):
    cases = {}
    for g in (2, 3, 5):
        for trial in range(25):
            p, q = (law(*rng.integers(1, 40, size=(n, 5))) for n in (g + 1, g))
            drafts = rng.integers(5, size=g).tolist()
            u = (rng.random(g + 1) * ([0.6] * g + [1.0])).tolist()
            cases[f"{g} drafts, case {trial}"] = (p, q, drafts, u)
    judge(student, cases)


def shares(student, p, q, n):
    """Return how often each first token comes out, over a grid of u and all drafts.

    The drafts are weighted by q, which is a row of whole numbers over its sum.
    """
    grid = [(k + 0.5) / n for k in range(n)]
    drafts = [x for x in range(q.shape[1]) if q[0, x] > 0]
    cells = [(x, u, v) for x in drafts for u in grid for v in grid]
    got = ask(student, [(p, q, [x], [u, v]) for x, u, v in cells])
    found = np.zeros(q.shape[1])
    for (x, _, _), answer in zip(cells, got, strict=True):
        if 0 <= answer[0] < len(found):
            found[answer[0]] += float(q[0, x])
    return found / n**2


@pytest.mark.task("speculative_accept", weight=3, core=True)
def test_the_law_exactly(student):
    # Every acceptance p/q and every share of a residual is a multiple of 1/n.
    pairs = {
        "overlapping laws": ([4, 2, 2], [2, 2, 4], 8),
        "a draft that is too sure": ([1, 1, 2], [0, 0, 4], 8),
        "a law that is surer": ([0, 4, 0], [1, 2, 1], 8),
        "laws without a common token": ([3, 1, 0, 0], [0, 0, 1, 3], 8),
        "four tokens": ([1, 3, 2, 2], [2, 1, 4, 1], 6),
    }
    for words, (top, low, n) in pairs.items():
        p, q = law(top, [1] * len(top)), law(low)
        got = shares(student, p, q, n)
        where = f"speculative_accept, {words}: shares over a grid of {n} x {n}"
        check.close(got, p[0].numpy(), atol=1e-9, where=where, look=STEP_7)


@pytest.mark.task("speculative_accept", weight=3, core=True)
def test_the_law_of_two_drafts(student):
    # As above: acceptances and shares of residuals are multiples of 1/4.
    p = law([1, 3, 2, 2], [2, 2, 1, 3], [1, 0, 2, 1])
    for words, q in (
        ("drafts from another law", law([4, 4, 0, 0], [0, 0, 4, 4])),
        ("both drafts from one law", law([4, 4, 0, 0], [4, 4, 0, 0])),
    ):
        first, second = (np.flatnonzero(row).tolist() for row in q.numpy())
        pairs = list(itertools.product(first, second))
        grid = list(itertools.product((0.125, 0.375, 0.625, 0.875), repeat=3))
        cells = [(pair, u) for pair in pairs for u in grid]
        got = ask(student, [(p, q, [*pair], [*u]) for pair, u in cells])
        found = np.zeros((3, 4))
        for (pair, _), answer in zip(cells, got, strict=True):
            where = f"speculative_accept, {words}, both accepted"
            evidence = "no token follows the two drafts"
            good = answer != [*pair]
            check.true(good, where=where, evidence=evidence, look=STEP_7)
            for place, token in enumerate(answer):
                if 0 <= token < 4:
                    found[place, token] += 1  # all pairs are equally likely
        for place, row in enumerate(found):
            if not row.any():
                continue
            where = f"speculative_accept, {words}: shares of tokens at place {place}"
            want = p[place].numpy()
            check.close(row / row.sum(), want, atol=1e-9, where=where, look=STEP_7)


@pytest.mark.task("speculative_accept", weight=2)
def test_equal_laws_and_sure_ones(student, rng):
    cases = {}
    for trial in range(10):
        p = law(*rng.integers(1, 9, size=(3, 6)))
        drafts = rng.integers(6, size=2).tolist()
        u = [1 - 2**-53, 0.999, float(rng.random())]
        cases[f"equal laws, case {trial}"] = (p, p[:2].clone(), drafts, u)
    sure = law([0, 1, 0], [0, 0, 1], [1, 0, 0])
    for drafts in ([1, 2], [1, 0], [0, 2], [2, 2]):
        for v in (0.0, 0.5, 1 - 2**-53):
            u = [0.0, 0.0, v]
            cases[f"temperature 0, drafts {drafts}, u = 0 and {v}"] = (
                sure,
                law([1, 1, 1], [1, 1, 1]),
                drafts,
                u,
            )
    judge(student, cases)


@pytest.mark.task("speculative_accept", weight=1)
def test_drafts_that_q_forbids(student):
    p, q = law([1, 3, 0], [1, 1, 2]), law([0, 1, 1])
    cases = {}
    for v in (0.0, 0.2, 0.9):
        cases[f"q = 0 and p > 0, {v}"] = (p, q, [0], [0.99, v])
        same = law([0, 1, 3], [1, 1, 2])
        cases[f"q = 0 and p = 0, {v}"] = (same, law([0, 1, 1]), [0], [0.0, v])
        cases[f"q = p, and a draft of probability 0, {v}"] = (
            same,
            same[:1].clone(),
            [0],
            [0.5, v],
        )
    twice = law([0, 1, 3], [0, 1, 3], [1, 0, 0])
    case = twice, twice[:2].clone(), [1, 0], [0.5, 0.5, 0.9]
    cases["q = p, and a second draft of probability 0"] = case
    judge(student, cases, CONTRACT)


@pytest.mark.task("speculative_accept", weight=1)
def test_borders(student):
    p, q = law([1, 3, 4], [2, 1, 1]), law([4, 2, 2])
    cases = {
        "u q equals p": (p, q, [0], [0.25, 0.1]),
        "u q is a little less than p": (p, q, [0], [0.25 - 2**-54, 0.1]),
        "u = 0 and p > 0": (p, q, [0], [0.0, 0.1]),
    }
    for before, which in ((1, "second"), (2, "third")):
        p = law(*[[4, 2, 2]] * before, [1, 3, 4], [2, 1, 1])
        q = law(*[[2, 2, 4]] * before, [4, 2, 2])
        for words, border in (("equals p", 0.25), ("is a little less", 0.25 - 2**-54)):
            u = [*[0.5] * before, border, 0.1]
            cases[f"the {which} draft, u q {words}"] = (p, q, [0] * (before + 1), u)
    p, q = law([1 + 2**-41, 1 - 2**-41], [1, 1]), law([1, 1])
    cases["a residual of 2**-42, 0"] = (p, q, [1], [1 - 2**-45, 0.9])
    p, q = law([1 + 2**-49, 1 - 2**-49], [1, 1]), law([1, 1])
    cases["a residual of 2**-50, 0"] = (p, q, [1], [1 - 2**-53, 0.9])
    p = torch.tensor([[1 - 2**-53, 2**-60], [0.5, 0.5]], dtype=torch.float64)
    cases["u = 0 and p = 2**-60"] = (p, law([1, 1]), [1], [0.0, 0.1])
    p = q = torch.tensor([[1.0, 1e-13]], dtype=torch.float64)
    cases["q = p = 1e-13"] = (p.repeat(2, 1), q, [1], [0.5, 0.1])
    cases["one token"] = (law([1], [1]), law([1]), [0], [0.5, 0.3])
    p, q = law(*[[1, 1]] * 13), law(*[[0, 1]] * 12)
    for j in (7, 8, 9, 11):
        u = [*[0.4] * j, 0.9, *[0.4] * (11 - j), 0.3]
        cases[f"12 drafts, number {j} is wrong"] = (p, q, [1] * 12, u)
    p, q = law([1, 1], [1, 1], [3, 1]), law([1, 1], [1, 1])
    cases["tuples"] = (p, q, (1, 0), (0.5, 0.5, 0.9))
    p, q = law([1, 1], [1, 1]), law([1, 1])
    p[0, 1] -= 2**-54  # q is more nowhere else, and nowhere less
    cases["q is p but for rounding"] = (p, q, [1], [1 - 2**-53, 0.9])
    bonus = law([0, 0, 2, 0, 1, 1, 0])
    none = torch.zeros((0, 7), dtype=torch.float64)
    for v in (0.0, 0.25, 0.5, 0.5 - 2**-54, 0.75, 1 - 2**-53):
        cases[f"no drafts, u = {v}"] = (bonus, none, [], [v])
    # One after the other, the small weights change no sum: another sum is larger.
    lost = torch.tensor([[0.0, 0.6, *[2.0**-55] * 300, 0.4]], dtype=torch.float64)
    cases["300 weights of 2**-55"] = (lost, lost[:0], [], [1 - 2**-53])
    residual = law([0, 3, 1, 4], [1, 1, 1, 1])
    for v in (0.0, 0.5, 0.5 - 2**-54, 1 - 2**-53):
        where = f"a residual of 0, 1/4, 0, 1/4: u = {v}"
        cases[where] = (residual, law([4, 1, 1, 2]), [0], [0.5, v])
    judge(student, cases, CONTRACT)


@pytest.mark.task("speculative_accept", weight=1)
def test_laws_are_left_alone(student):
    p, q = law([1, 3, 4], [2, 1, 1], [1, 1, 2]), law([4, 2, 2], [1, 2, 1])
    given = [student.keep(value) for value in (p, q, [0, 1], [0.9, 0.3, 0.4])]
    want = by_rule(p, q, [0, 1], [0.9, 0.3, 0.4])
    for words in ("once", "again"):
        got = student.speculative_accept(*given)
        where = f"speculative_accept, asked {words}, with the same tensors"
        whole_numbers(got, where)
        check.equal(got, want, where=where, look=CONTRACT)
    for name, one, before in (("p", given[0], p), ("q", given[1], q)):
        after = student.fetch(one)
        good = isinstance(after, torch.Tensor) and torch.equal(after, before)
        where = f"speculative_accept: {name} afterwards"
        evidence = "it was changed"
        check.true(good, where=where, evidence=evidence, look=CONTRACT)
    where = "speculative_accept: the drafts afterwards"
    check.equal(student.fetch(given[2]), [0, 1], where=where, look=CONTRACT)
    for u in ([0.9, 0.3, 0.4], [0.1, 0.1, 0.4]):  # the first is wrong; none is
        kept = student.keep(u)
        student.speculative_accept(p, q, [0, 1], kept)
        where = f"speculative_accept, u = {u}: u afterwards"
        check.equal(student.fetch(kept), u, where=where, look=CONTRACT)


@pytest.mark.task("speculative_accept", weight=1)
def test_laws_that_do_not_fit(student):
    p, q = law([1, 1], [1, 1], [1, 1]), law([1, 1], [1, 1])
    name = "speculative_accept with"
    cases = {
        f"{name} 2 rows of p for 2 drafts": (p[:2], q, [0, 1], [0.1, 0.2, 0.3]),
        f"{name} 3 rows of p for 1 draft": (p, q[:1], [0], [0.1, 0.2]),
        f"{name} 1 row of q for 2 drafts": (p, q[:1], [0, 1], [0.1, 0.2, 0.3]),
        f"{name} 3 rows of q for 2 drafts": (p, p, [0, 1], [0.1, 0.2, 0.3]),
        f"{name} 2 numbers u for 2 drafts": (p, q, [0, 1], [0.1, 0.2]),
        f"{name} 4 numbers u for 2 drafts": (p, q, [0, 1], [0.1, 0.2, 0.3, 0.4]),
        f"{name} 2 rows of p, 3 of q for 2 drafts": (q, p, [0, 1], [0.1, 0.2, 0.3]),
        f"{name} laws and u of 2 drafts for 1": (p, q, [0], [0.1, 0.2, 0.3]),
        f"{name} laws and u of 2 drafts for 3": (p, q, [0, 1, 0], [0.1, 0.2, 0.3]),
    }
    none = q[:0]
    cases[f"{name} 2 rows of p for no drafts"] = (p[:2], none, [], [0.1])
    cases[f"{name} 1 row of q for no drafts"] = (p[:1], q[:1], [], [0.1])
    cases[f"{name} 2 numbers u for no drafts"] = (p[:1], none, [], [0.1, 0.2])
    refused(student.speculative_accept, cases)
