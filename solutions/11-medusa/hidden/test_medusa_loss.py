"""Hidden tests of `medusa_loss`: its value and its gradient, by NumPy in float64."""

import numpy as np
import pytest
import torch
from hidden.answers import step, view

from autograder.student.testing import check

STEP_2 = step(2)
SHIFT = step(2, "head k at position i is asked for token i + 1 + k.")
WEIGHTS = step(2, "head k counts with decay^k, from k = 1.")
ROUGH = 1e-5  # float32 will do
PADDING = "The contract: a target of -100 counts neither in the sum nor in the number."


def truth(logits, tokens, decay=0.8):
    """Return the loss and its gradient by the logits, place after place."""
    heads, batch, width, _ = logits.shape
    loss, grad = 0.0, np.zeros(logits.shape)
    for k in range(1, heads + 1):
        places = [
            (b, i)
            for b in range(batch)
            for i in range(width)
            if i + 1 + k < width and tokens[b, i + 1 + k] != -100
        ]
        for b, i in places:
            row = logits[k - 1, b, i].astype(float)
            row = row - row.max()
            p = np.exp(row) / np.exp(row).sum()
            goal = tokens[b, i + 1 + k]
            weight = decay**k / len(places)
            loss -= weight * (row[goal] - np.log(np.exp(row).sum()))
            grad[k - 1, b, i] = weight * (p - np.eye(len(p))[goal])
    return loss, grad


def ask(student, logits, tokens, what, look, atol=1e-9, kind=None, keep=None, **decay):
    """Compare the loss and the gradient."""
    pair = torch.tensor(logits), torch.tensor(tokens)
    given, batch = (keep(student, one) if keep else student.keep(one) for one in pair)
    given.requires_grad_(True)
    loss = student.held("medusa_loss", given, batch, **decay)
    want, grad = truth(logits, tokens, *decay.values())
    where = f"medusa_loss, {what}"
    check.close(student.fetch(loss), want, rtol=atol, atol=atol, where=where, look=look,
                dtype=kind)  # fmt: skip
    loss.backward()
    found = student.fetch(student.part(given, "grad"))
    axes = ("head", "sequence", "position", "token")
    check.close(found, grad, rtol=atol, atol=atol, axis_names=axes,
                where=f"{where}: gradient by the logits", look=look)  # fmt: skip
    check.unchanged(np.asarray(student.fetch(batch)), tokens, where=f"{where}: tokens")
    after = np.asarray(student.fetch(student.part(given, "data")))
    check.unchanged(after, logits, where=f"{where}: logits")


def some(rng, heads, batch, width, vocab=7, size=2.0):
    """Return logits and tokens."""
    logits = size * rng.normal(size=(heads, batch, width, vocab))
    return logits, rng.integers(1, vocab, size=(batch, width))


@pytest.mark.task("medusa_loss", weight=2, core=True)
def test_one_head(student, rng):
    ask(student, *some(rng, 1, 1, 6), "one head, one sequence", SHIFT, ROUGH)
    ask(student, *some(rng, 1, 3, 5), "one head, three sequences", SHIFT, ROUGH)


@pytest.mark.task("medusa_loss", weight=2, core=True)
def test_heads_look_at_their_own_token(student, rng):
    logits, tokens = np.zeros((3, 1, 9, 10)), 1 + rng.permutation(9)[None]
    for k in range(3):  # each head is sure of its own target
        for i in range(9):
            logits[k, 0, i, tokens[0, min(i + 2 + k, 8)]] = 9.0
    ask(student, logits, tokens, "three heads that are right", SHIFT, ROUGH)
    logits, tokens = some(rng, 3, 2, 7)
    logits[1:] *= 0.1
    ask(student, logits, tokens, "three heads", SHIFT, ROUGH)


@pytest.mark.task("medusa_loss", weight=2, core=True)
def test_heads_count_less_and_less(student, rng):
    ask(student, *some(rng, 5, 2, 9), "five heads", WEIGHTS, ROUGH)
    ask(student, *some(rng, 4, 1, 12), "four heads", WEIGHTS, ROUGH)


@pytest.mark.task("medusa_loss")
def test_other_decays(student, rng):
    for decay in (0.5, 1.0, 0.0, 1.5):
        what = f"four heads, decay {decay}"
        ask(student, *some(rng, 4, 2, 9), what, WEIGHTS, decay=decay)


@pytest.mark.task("medusa_loss")
def test_padding(student, rng):
    logits, tokens = some(rng, 3, 3, 8)
    tokens[0, 5:] = tokens[2, 3] = -100
    tokens[1, 1:] = -100
    ask(student, logits, tokens, "padding in all sequences", PADDING)
    logits, tokens = some(rng, 3, 3, 8)
    tokens[:, :2] = tokens[1, :4] = -100
    ask(student, logits, tokens, "padding in front", PADDING)
    tokens[:, 3:] = -100
    ask(student, logits, tokens, "no targets for heads 2 and 3", PADDING)
    tokens[...] = -100
    ask(student, logits, tokens, "nothing but padding", PADDING)


@pytest.mark.task("medusa_loss")
def test_short_sequences(student, rng):
    look = "The contract: a head without any target adds 0."
    for width in (1, 2, 3, 4):
        ask(student, *some(rng, 3, 2, width), f"three heads, T = {width}", look)


@pytest.mark.task("medusa_loss")
def test_other_numbers(student, rng):
    logits, tokens = some(rng, 2, 2, 6, size=3e3)
    ask(student, logits, tokens, "logits in the thousands", "The contract: large.")
    logits, tokens = some(rng, 2, 2, 6)
    ask(student, logits.astype(np.float32), tokens, "float32", STEP_2, 1e-5, "float32")
    ask(student, logits, tokens, "float64", STEP_2, kind="float64")
    logits, tokens = some(rng, 2, 2, 6)
    tokens[:] = 0
    ask(student, logits, tokens, "token 0 everywhere", STEP_2)
    ask(student, *some(rng, 2, 1, 40, vocab=50), "T = 40, V = 50", STEP_2)
    ask(student, *some(rng, 9, 1, 14), "nine heads", STEP_2)
    ask(student, *some(rng, 2, 3, 5), "views in another order", STEP_2, keep=view)
    logits, tokens = some(rng, 2, 2, 6, size=1e5)
    ask(student, logits, tokens, "logits of 100,000", "The contract: large.")
    logits, tokens = some(rng, 2, 2, 6, vocab=20)
    logits = (3e37 + 1e36 * logits).astype(np.float32)
    look = "The contract: never NaN."
    ask(student, logits, tokens, "logits whose sum is too large", look, 1e-5)
    given = student.keep(torch.tensor(logits))
    student.medusa_loss(given, torch.tensor(tokens))
    learns = student.fetch(student.part(given, "requires_grad"))
    where = "medusa_loss: requires_grad of the logits afterwards"
    check.equal(learns, False, where=where, look="No argument is changed.")
