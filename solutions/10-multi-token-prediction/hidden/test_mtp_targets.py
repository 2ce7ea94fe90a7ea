"""Hidden tests of `mtp_targets`: which token each position is asked for."""

import numpy as np
import pytest
import torch
from hidden.answers import CONTRACT, ids, is_tensor, refused, step, tensor, view

from autograder.student.testing import check

STEP_2 = step(2)


def asked_for(tokens, k, end=None, ignore=-100):
    """Return the targets, position by position."""
    rows = []
    for row in tokens.tolist():
        wanted = []
        for i in range(len(row)):
            inside = i + k < len(row) and (end is None or end not in row[i : i + k])
            wanted.append(row[i + k] if inside else ignore)
        rows.append(wanted)
    return np.array(rows, dtype=np.int64).reshape(tokens.shape)


def judge(student, cases, look=STEP_2):
    """Ask for all targets, then judge; cases: words -> arguments."""
    with student.together() as batch:
        handles = [batch.mtp_targets(*args) for args in cases.values()]
    got = [batch.result(handle) for handle in handles]
    for answer, (where, args) in zip(got, cases.items(), strict=True):
        tensor(answer, asked_for(*args), f"mtp_targets, {where}", look)


@pytest.mark.task("mtp_targets", weight=3, core=True)
def test_tokens_ahead(student, rng):
    rows = ids(rng, 50, 3, 9) + 1
    rows[1] = torch.arange(1, 10)
    cases = {f"{k} ahead in rows of 9": (rows, k) for k in (1, 2, 3, 5, 8)}
    cases["3 ahead in a row of 40"] = (ids(rng, 900, 1, 40) + 1, 3)
    judge(student, cases)


@pytest.mark.task("mtp_targets", weight=3, core=True)
def test_nothing_beyond_the_end_of_a_text(student, rng):
    rows = ids(rng, 20, 6, 30)  # about one token in four ends a text
    rows[rows > 14] = 99
    single = torch.tensor([[1, 2, 3, 99, 4, 5, 6, 7, 99, 8, 9]])
    cases = {f"{k} ahead, many texts": (rows, k, 99) for k in (1, 2, 3, 4)}
    for k in (1, 2, 3, 4):
        cases[f"{k} ahead, ends at 3 and 8 of 11"] = (single, k, 99)
    judge(student, cases)


@pytest.mark.task("mtp_targets", weight=2)
def test_ends_in_odd_places(student):
    rows = torch.tensor(
        [
            [99, 1, 2, 3, 4, 5],
            [1, 2, 3, 4, 5, 99],
            [1, 2, 99, 99, 99, 99],
            [99, 99, 1, 2, 99, 3],
            [99, 99, 99, 99, 99, 99],
            [1, 99, 2, 99, 3, 99],
        ]
    )
    cases = {f"{k} ahead, six rows of ends": (rows, k, 99) for k in (1, 2, 3, 5, 6)}
    late = torch.tensor([[1, 2, 3, 4, 5, 6, 99, 7, 8]])
    cases |= {f"{k} ahead, an end at 6 of 9": (late, k, 99) for k in (4, 5, 6, 7, 8)}
    many = torch.full((2, 300), 99)
    many[1] = torch.arange(1, 301) * (torch.arange(300) != 250)
    many[1, [98, 250]] = torch.tensor([400, 99])  # one end, far behind
    cases |= {f"{k} ahead, 300 ends and one": (many, k, 99) for k in (128, 200, 256)}
    judge(student, cases)


@pytest.mark.task("mtp_targets", weight=1)
def test_end_0_and_other_ignores(student):
    rows = torch.tensor([[3, 0, 4, 5, 0, 6, 7], [1, 2, 3, 4, 5, 6, 0]])
    cases = {
        "the end is token 0": (rows, 2, 0),
        "the end is token 0, ignore -1": (rows, 1, 0, -1),
        "no token ends a text, ignore 7": (rows, 3, None, 7),
        "ignore is 3": (rows, 2, 0, 3),
        "the end does not occur": (rows, 2, 50),
        "ignore is the end": (rows, 2, 0, 0),
        "ids of more than 32 bits": (rows + 2**40, 2, 2**40),
    }
    judge(student, cases, CONTRACT)
    got = student.mtp_targets(view(student, rows), 2, 0)
    where = "mtp_targets, columns as rows"
    tensor(got, asked_for(rows, 2, 0), where, CONTRACT)


@pytest.mark.task("mtp_targets", weight=1)
def test_short_and_empty_rows(student):
    empty = torch.zeros((0, 4), dtype=torch.int64)
    without = torch.zeros((3, 0), dtype=torch.int64)
    row = torch.tensor([[4, 5, 6]])
    cases = {
        "3 ahead in rows of 3": (row, 3),
        "4 ahead in rows of 3": (row, 4, 5),
        "7 ahead in rows of 3": (row, 7, 4),
        "100 ahead in rows of 3": (row, 100),
        "1 ahead in rows of 1": (torch.tensor([[4], [5]]), 1),
        "no rows": (empty, 2, 1),
        "rows without tokens": (without, 1),
        "rows without tokens, and an end": (without, 2, 1),
        "2 ahead in rows of 3, ignore -5": (row, 2, None, -5),
    }
    judge(student, cases, CONTRACT)
    for where, (tokens, *rest) in cases.items():
        got = is_tensor(student.mtp_targets(tokens, *rest), f"mtp_targets, {where}")
        check.dtype(got, np.int64, where=f"mtp_targets, {where}", look=CONTRACT)


@pytest.mark.task("mtp_targets", weight=1)
def test_tokens_stay_as_they_were(student):
    rows = torch.tensor([[1, 2, 9, 3, 4], [5, 9, 6, 7, 8]])
    for k, end in ((1, 9), (2, None), (9, 9)):
        given = student.keep(rows)
        held = student.held("mtp_targets", given, k, end)
        where = f"mtp_targets(tokens, {k}, {end}): the tokens afterwards"
        tensor(student.fetch(given), rows, where, CONTRACT)
        held.fill_(77)
        where = f"mtp_targets(tokens, {k}, {end}): the tokens, once the answer changes"
        tensor(student.fetch(given), rows, where, CONTRACT)
        where = f"mtp_targets(tokens, {k}, {end}) again, after the first answer changed"
        tensor(
            student.mtp_targets(given, k, end), asked_for(rows, k, end), where, STEP_2
        )


@pytest.mark.task("mtp_targets", weight=1)
def test_k_below_1_is_refused(student):
    rows = torch.tensor([[1, 2, 3]])
    cases = {
        "mtp_targets with k = 0": (rows, 0),
        "mtp_targets with k = -1": (rows, -1),
        "mtp_targets with k = -5 and an end": (rows, -5, 2),
        "mtp_targets with k = 0 for no tokens": (rows[:, :0], 0),
    }
    refused(student.mtp_targets, cases)
