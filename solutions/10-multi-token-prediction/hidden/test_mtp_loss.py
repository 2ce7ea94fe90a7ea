"""Hidden tests of `mtp_loss`: which terms count, and what they are divided by."""

import numpy as np
import pytest
import torch
from hidden.answers import CONTRACT, floats, ids, parts_of, step, tensor, view

from autograder.student.testing import check

STEP_5 = step(5)
TIGHT = 1e-10


def by_terms(logits, tokens, weight=0.3, end=None):
    """Return the loss, its parts and the gradients, term by term, in float64."""
    rows = tokens.tolist()
    length = len(rows[0]) - 1 if rows else 0
    asked = sum(row[i] != end for row in rows for i in range(length))
    parts, slopes = [], []
    for k, said in enumerate(logits):
        said = said.double().numpy()
        part, slope = 0.0, np.zeros_like(said)
        for b, row in enumerate(rows):
            for i in range(length - k):
                if end in row[i : i + k + 1]:
                    continue
                scores = said[b, i] - said[b, i].max()
                total = np.exp(scores).sum()
                wanted = row[i + k + 1]
                part += np.log(total) - scores[wanted]
                slope[b, i] = np.exp(scores) / total
                slope[b, i, wanted] -= 1
        parts.append(part / max(asked, 1))
        slopes.append(slope / max(asked, 1))
    depth = len(logits) - 1
    factors = [1.0] + [weight / depth] * depth if depth else [1.0]
    loss = sum(f * part for f, part in zip(factors, parts, strict=True))
    slopes = [f * slope for f, slope in zip(factors, slopes, strict=True)]
    return loss, parts, slopes


def drawn(rng, rows, length, vocab, depth):
    """Return logits of a model with modules, and tokens."""
    logits = [
        floats(rng, rows, max(length - k, 0), vocab) * 2 for k in range(depth + 1)
    ]
    return logits, ids(rng, vocab, rows, length + 1)


def judge(student, cases, look=STEP_5, rtol=TIGHT, dtype=None):
    """Ask for all losses, then judge; cases: words -> arguments."""
    with student.together() as batch:
        handles = [batch.mtp_loss(*args) for args in cases.values()]
    got = [batch.result(handle) for handle in handles]
    for answer, (where, args) in zip(got, cases.items(), strict=True):
        where = f"mtp_loss, {where}"
        loss, parts = parts_of(answer, ("the loss", "its parts"), where)
        want_loss, want_parts, _ = by_terms(*args)
        good = type(parts) is list and len(parts) == len(want_parts)
        evidence = f"expected a list of {len(want_parts)} parts"
        check.true(good, where=f"{where}: parts", evidence=evidence, look=CONTRACT)
        for k, (one, want) in enumerate(zip(parts, want_parts, strict=True)):
            at = f"{where}: part {k}"
            tensor(one, want, at, look, rtol=rtol, atol=rtol, dtype=dtype)
        at = f"{where}: the loss"
        tensor(loss, want_loss, at, look, rtol=rtol, atol=rtol, dtype=dtype)


@pytest.mark.task("mtp_loss", weight=3, core=True)
def test_parts_of_whole_rows(student, rng):
    cases = {}
    for rows, length, vocab, depth in ((2, 6, 5, 1), (1, 4, 9, 2), (3, 8, 4, 3)):
        where = f"{depth} modules, {rows} rows of {length} positions"
        cases[where] = drawn(rng, rows, length, vocab, depth)
    judge(student, cases)


@pytest.mark.task("mtp_loss", weight=2, core=True)
def test_weights_of_the_parts(student, rng):
    logits, tokens = drawn(rng, 2, 5, 6, 4)
    cases = {}
    for depth in (1, 2, 3, 4):
        for weight in (1.0, 0.1, 0.0, 2.5):
            where = f"{depth} modules, lambda {weight}"
            cases[where] = (logits[: depth + 1], tokens, weight)
    judge(student, cases)


@pytest.mark.task("mtp_loss", weight=2, core=True)
def test_texts_that_end(student, rng):
    cases = {}
    for depth in (1, 2, 5):
        logits, tokens = drawn(rng, 4, 9, 6, depth)
        cases[f"{depth} modules, many texts"] = (logits, tokens, 0.3, 5)
    logits, tokens = drawn(rng, 1, 6, 8, 2)
    tokens[0] = torch.tensor([1, 2, 7, 3, 4, 5, 6])
    cases["2 modules, an end at 2 of 7"] = (logits, tokens, 0.3, 7)
    judge(student, cases)


@pytest.mark.task("mtp_loss", weight=2, core=True)
def test_gradients_flow(student, rng):
    for end in (None, 4):
        logits, tokens = drawn(rng, 2, 5, 6, 2)
        given = [student.keep(one) for one in logits]
        for one in given:
            one.requires_grad_()
        held = student.held("mtp_loss", given, tokens, 0.7, end)
        where = f"mtp_loss, end {end}: the loss, from which backward is called"
        parts_of(student.fetch(held), ("the loss", "its parts"), where)
        student.part(held, 0).backward()
        _, _, slopes = by_terms(logits, tokens, 0.7, end)
        for k, (one, slope) in enumerate(zip(given, slopes, strict=True)):
            where = f"mtp_loss, end {end}: gradient of logits[{k}]"
            got = one.grad
            there = got is not None
            evidence = "there is none"
            check.true(there, where=where, evidence=evidence, look=STEP_5)
            tensor(got, slope, where, STEP_5, rtol=1e-9, atol=1e-12)


@pytest.mark.task("mtp_loss", weight=1)
def test_gradients_of_single_parts(student, rng):
    logits, tokens = drawn(rng, 2, 5, 6, 2)
    _, _, slopes = by_terms(logits, tokens, 2.0)  # so every part counts once
    for k in range(3):
        given = [student.keep(one) for one in logits]
        for one in given:
            one.requires_grad_()
        held = student.held("mtp_loss", given, tokens, 2.0)
        where = "mtp_loss, part by part"
        parts_of(student.fetch(held), ("the loss", "its parts"), where)
        student.part(held, 1, k).backward()
        where = f"mtp_loss: gradient of logits[{k}], from part {k}"
        got = given[k].grad
        there = got is not None
        check.true(there, where=where, evidence="there is none", look=CONTRACT)
        tensor(got, slopes[k], where, CONTRACT, rtol=1e-9, atol=1e-12)


@pytest.mark.task("mtp_loss", weight=1)
def test_without_modules(student, rng):
    logits, tokens = drawn(rng, 3, 7, 5, 0)
    cases = {
        "no modules": (logits, tokens),
        "no modules, lambda 5": (logits, tokens, 5.0),
        "no modules, texts that end": (logits, tokens, 0.3, 2),
    }
    logits, tokens = drawn(rng, 3, 7, 5, 2)
    cases["a tuple of logits"] = (tuple(logits), tokens)
    judge(student, cases, CONTRACT)
    views = [view(student, one) for one in logits]
    got = student.mtp_loss(views, view(student, tokens))
    where = "mtp_loss, logits and tokens in another order in memory"
    loss, _ = parts_of(got, ("the loss", "its parts"), where)
    tensor(loss, by_terms(logits, tokens)[0], where, CONTRACT, rtol=TIGHT)


@pytest.mark.task("mtp_loss", weight=1)
def test_short_rows(student, rng):
    cases = {}
    for length, depth in ((1, 1), (2, 2), (1, 4), (3, 3), (0, 1)):
        where = f"{depth} modules, rows of {length} positions"
        cases[where] = drawn(rng, 2, length, 5, depth)
    cases["one row of one position"] = drawn(rng, 1, 1, 5, 1)
    logits, _ = drawn(rng, 3, 2, 5, 1)
    few = torch.tensor([[1, 2, 3], [4, 4, 4], [4, 4, 4]])
    cases["fewer targets than rows"] = (logits, few, 0.3, 4)
    judge(student, cases, CONTRACT)
    logits, tokens = drawn(rng, 2, 1, 5, 2)
    given = [student.keep(one) for one in logits]
    for one in given:
        one.requires_grad_()
    held = student.held("mtp_loss", given, tokens)
    student.part(held, 1, 2).backward()
    where = "mtp_loss, rows of 1 position: gradient of logits[2], from part 2"
    tensor(given[2].grad, logits[2], where, CONTRACT)


@pytest.mark.task("mtp_loss", weight=1)
def test_nothing_is_asked_for(student, rng):
    logits, tokens = drawn(rng, 2, 4, 6, 1)
    tokens[:] = 3
    judge(student, {"nothing but ends": (logits, tokens, 0.3, 3)}, CONTRACT)
    given = [student.keep(one) for one in logits]
    for one in given:
        one.requires_grad_()
    held = student.held("mtp_loss", given, tokens, 0.3, 3)
    student.part(held, 0).backward()
    for k, (one, said) in enumerate(zip(given, logits, strict=True)):
        where = f"mtp_loss, nothing but ends: gradient of logits[{k}]"
        got = one.grad
        there = got is not None
        check.true(there, where=where, evidence="there is none", look=CONTRACT)
        tensor(got, torch.zeros_like(said), where, CONTRACT)
    logits, tokens = drawn(rng, 1, 3, 6, 2)
    tokens[0] = torch.tensor([1, 0, 2, 4])
    cases = {"the end is token 0": (logits, tokens, 0.3, 0)}
    tokens = torch.tensor([[1, 2, 3, 0]])
    cases["an end after the last position"] = (logits, tokens, 0.3, 0)
    judge(student, cases, CONTRACT)


@pytest.mark.task("mtp_loss", weight=1)
def test_padded_rows(student, rng):
    logits, tokens = drawn(rng, 3, 8, 7, 2)
    tokens[tokens == 6] = 1
    tokens[0, 3:], tokens[1, 6:] = 6, 6
    judge(student, {"rows filled up with ends": (logits, tokens, 0.3, 6)}, CONTRACT)


@pytest.mark.task("mtp_loss", weight=1)
def test_losses_in_float32_and_of_large_logits(student, rng):
    logits, tokens = drawn(rng, 2, 5, 6, 1)
    single = [one.float() for one in logits]
    cases = {"in float32": (single, tokens)}
    judge(student, cases, CONTRACT, rtol=1e-5, dtype=np.float32)
    large = [one * 2000 for one in logits]
    cases = {"logits in the thousands": (large, tokens)}
    judge(student, cases, CONTRACT, rtol=1e-9, dtype=np.float64)
