"""Public tests of lesson 11: small trees whose right answer you can see.

Models that a test plays count their passes. The hidden tests ask the same of other
inputs.
"""

import itertools
import math

import numpy as np
import pytest
import torch

from autograder.student.proxy import StudentError
from autograder.student.testing import check

CONTRACT = "The contract."
INF = float("inf")
#: Nodes 0 (the root), 1 (0,), 2 (1,), 3 (0, 1), 4 (0, 2).
FORK = [(0,), (1,), (0, 1), (0, 2)]
#: Nodes 1 (0,), 2 (2,), 3 (3,), 4 (0, 1), 5 (3, 0), 6 (0, 1, 0), 7 (0, 1, 2).
UNEVEN = [(3,), (0, 1), (0,), (2,), (3, 0), (0, 1, 2), (0, 1, 0)]


def tree_of(choices, topk):
    """Return what tree_buffers should: each row the beginnings of a path."""
    paths = [(), *sorted(choices, key=lambda path: (len(path), path))]
    starts = [[path[:d] for d in range(len(path) + 1)] for path in paths]
    inner = {path[:-1] for path in paths[1:]}
    leaves = [start for path, start in zip(paths, starts, strict=True)
              if path not in inner]  # fmt: skip
    rows = [[paths.index(p) for p in start] for start in sorted(leaves)]
    width = max(map(len, rows))
    numbers = [0 if not p else 1 + (len(p) - 1) * topk + p[-1] for p in paths]
    return {
        "mask": torch.tensor([[p in start for p in paths] for start in starts]),
        "place": torch.tensor(numbers),
        "depth": torch.tensor([len(p) for p in paths]),
        "paths": torch.tensor([row + [-1] * (width - len(row)) for row in rows]),
    }


# --- 1: MedusaHead ------------------------------------------------------------------

STEP_1 = "Chapter, step 1."


def trained(lesson, weight, layers, values, h):
    """Make a head, read it, write into it, read it again, and run it backward."""
    import torch

    head = lesson.MedusaHead(weight, layers)
    first = head(h)
    own = [*head.w1, head.w2]
    begin = [one.weight.detach().clone() for one in own]
    with torch.no_grad():
        for one, value in zip(own, values, strict=True):
            one.weight.copy_(value)
    h.requires_grad_()
    then = head(h)
    then.square().sum().backward()
    grads = [h.grad, *(one.weight.grad for one in own)]
    return first, begin, then, grads, len(list(head.parameters()))


def head_run(layers, dtype, shape=(2, 3)):
    """Return what a head of three inputs and two tokens is tried with, and answers."""
    rng = np.random.default_rng(layers)
    weight, h = rng.normal(size=(2, 3)), rng.normal(size=shape)
    sizes = [(3, 3)] * layers + [(2, 3)]
    values = [rng.normal(size=size) for size in sizes]

    def logits(values, h):
        for w1 in values[:-1]:
            z = h @ w1.T
            h = h + z / (1 + np.exp(-z))
        return h @ values[-1].T

    given = [torch.tensor(a).to(dtype) for a in (weight, *values, h)]
    return given, logits, values, weight, h


@pytest.mark.task("MedusaHead")
def test_new_heads(student):
    for layers in (1, 2, 0):
        (weight, *values, h), *_ = head_run(layers, torch.float32)
        got = student.run(trained, weight=weight, layers=layers, values=values, h=h)
        where = f"MedusaHead(lm_weight, {layers}), untouched"
        look = "Chapter, step 1: W1 begins with zeros, W2 as a copy."
        want = (h @ weight.T).numpy()
        check.close(got[0], want, atol=1e-6, where=where, look=look, dtype="float32")
        for i, w1 in enumerate(got[1][:-1]):
            check.close(w1, np.zeros((3, 3)), where=f"{where}: w1[{i}]", look=look)
        check.close(got[1][-1], weight.numpy(), where=f"{where}: w2", look=look)
        where, look = f"{where}: number of parameters", "The contract: no bias."
        check.equal(got[4], layers + 1, where=where, look=look)


@pytest.mark.task("MedusaHead")
def test_heads_with_other_weights(student):
    for layers, shape in ((1, (2, 3)), (2, (2, 3)), (3, (4, 1, 3)), (1, (3,))):
        (weight, *given, h), logits, values, _, raw = head_run(
            layers, torch.float64, shape
        )
        got = student.run(trained, weight=weight, layers=layers, values=given, h=h)
        where = f"MedusaHead with {layers} blocks, h {shape}, after training"
        want = logits(values, raw)
        check.close(got[2], want, atol=1e-9, where=where, look=STEP_1, dtype="float64")
        arrays, names = [raw, *values], ["h", *["W1"] * layers, "W2"]
        for array, grad, name in zip(arrays, got[3], names, strict=True):
            slope, step = np.zeros(array.shape), 1e-6
            for place in np.ndindex(*array.shape):
                ends, kept = [], array[place]
                for moved in (kept + step, kept - step):
                    array[place] = moved
                    ends.append((logits(values, raw) ** 2).sum())
                array[place] = kept
                slope[place] = (ends[0] - ends[1]) / (2 * step)
            at = f"{where}: gradient by {name}"
            check.close(grad, slope, rtol=1e-5, atol=1e-5, where=at, look=STEP_1)


@pytest.mark.task("MedusaHead")
def test_the_language_model_stays(student):
    weight = student.keep(torch.ones(2, 3))
    head = student.held("MedusaHead", weight, 1)
    student.part(head, "w2", "weight", "data")[slice(None)] = torch.zeros(2, 3)
    where = "MedusaHead, after w2 was set to 0: lm_weight"
    look = "The contract: training this head never changes it."
    check.unchanged(np.asarray(student.fetch(weight)), np.ones((2, 3)), where=where,
                    look=look)  # fmt: skip
    weight.requires_grad_(True)
    student.held("MedusaHead", weight, 1)
    where = "MedusaHead, lm_weight a parameter that learns"
    learns = student.fetch(student.part(weight, "requires_grad"))
    said = "lm_weight no longer learns: its requires_grad was switched off"
    look = "No argument is changed."
    check.true(learns is True, where=where, evidence=said, look=look)


# --- 2: medusa_loss -----------------------------------------------------------------

SHIFT = "Chapter, step 2: head k at position i is asked for token i + 1 + k."


def loss_of(logits, tokens, decay):
    """Add up decay^k times the mean of -log p of the targets."""
    loss = 0.0
    for k, row in enumerate(logits, start=1):
        found = [
            math.log(sum(math.exp(z - row[b, i].max()) for z in row[b, i]))
            + row[b, i].max()
            - row[b, i, tokens[b, i + 1 + k]]
            for b, i in np.ndindex(*tokens.shape)
            if i + 1 + k < tokens.shape[1] and tokens[b, i + 1 + k] != -100
        ]
        loss += decay**k * sum(found) / max(len(found), 1)
    return loss


def compare_loss(student, logits, tokens, what, look, atol=1e-9, **decay):
    given = student.keep(torch.tensor(logits))
    given.requires_grad_(True)
    loss = student.held("medusa_loss", given, torch.tensor(tokens), **decay)
    factor, where = decay.get("decay", 0.8), f"medusa_loss, {what}"
    want = loss_of(logits, tokens, factor)
    check.close(student.fetch(loss), want, rtol=atol, atol=atol, where=where, look=look,
                dtype=logits.dtype)  # fmt: skip
    learns = student.fetch(student.part(loss, "requires_grad"))
    said = "the loss has no backward pass: it does not depend on the logits"
    check.true(learns is True, where=where, evidence=said,
               look="The contract: the logits get a gradient.")  # fmt: skip
    loss.backward()
    grad = np.asarray(student.fetch(student.part(given, "grad")), dtype=float)
    check.shape(grad, logits.shape, where=f"{where}: gradient", look=look)
    where = f"{where}: what the gradient says of a small step"
    wide, step = logits.astype(float), 1e-5 * np.cos(np.arange(logits.size))
    ends = [
        loss_of(wide + s * step.reshape(grad.shape), tokens, factor) for s in (1, -1)
    ]
    found = np.sum(grad.ravel() * step)
    check.close(found, (ends[0] - ends[1]) / 2, rtol=1e-4, atol=1e-9, where=where,
                look=look)  # fmt: skip


def batch(heads, sequences, width, vocab=5, size=1.5):
    rng = np.random.default_rng(heads + 10 * width)
    logits = size * rng.normal(size=(heads, sequences, width, vocab))
    return logits, rng.integers(vocab, size=(sequences, width))


@pytest.mark.task("medusa_loss")
def test_loss_by_hand(student):
    logits = np.zeros((2, 1, 4, 4))
    logits[0, 0, 0, 1] = logits[0, 0, 1, 3] = math.log(3)  # 3 of 6 for tokens 2 and 3
    logits[1, 0, 0, 3] = math.log(6)  # 6 of 9 for token 3
    want = 0.8 * math.log(2) + 0.64 * math.log(1.5)
    got = student.medusa_loss(torch.tensor(logits), torch.tensor([[0, 2, 1, 3]]))
    check.close(got, want, atol=1e-9, where="medusa_loss of two heads, by hand",
                look=SHIFT)  # fmt: skip


@pytest.mark.task("medusa_loss")
def test_loss_of_several_heads(student):
    look = "Chapter, step 2: head k counts with decay^k, from k = 1."
    compare_loss(student, *batch(1, 2, 5), "one head", SHIFT)
    compare_loss(student, *batch(3, 2, 6), "three heads", look)
    compare_loss(student, *batch(3, 1, 7), "decay 0.5", look, decay=0.5)
    single = batch(2, 1, 5)
    compare_loss(
        student, single[0].astype(np.float32), single[1], "float32", look, 1e-5
    )


@pytest.mark.task("medusa_loss")
def test_loss_at_the_edges(student):
    look = "The contract: a head without any target adds 0."
    for width in (1, 2, 3):
        compare_loss(student, *batch(2, 2, width), f"two heads, T = {width}", look)
    look = "The contract: a target of -100 counts neither in the sum nor in the number."
    logits, tokens = batch(2, 2, 6)
    tokens[0, 2] = -100
    compare_loss(student, logits, tokens, "padding between tokens", look)
    tokens[0, 3:] = -100
    compare_loss(student, logits, tokens, "a sequence of two and padding", look)
    tokens[:, 2:] = -100
    compare_loss(student, logits, tokens, "nothing but padding", look)
    logits, tokens = batch(2, 1, 5, size=900.0)
    compare_loss(student, logits, tokens, "large logits", "The contract: large.")


# --- 3: tree_buffers ----------------------------------------------------------------

STEP_3 = "Chapter, step 3."


@pytest.mark.task("tree_buffers")
def test_buffers_by_hand(student):
    got = student.tree_buffers([(0,), (0, 0), (0, 1), (1,)], 2, 10)
    for name, want in (
        ("mask", [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [1, 1, 0, 1, 0],
                  [1, 1, 0, 0, 1]]),
        ("place", [0, 1, 2, 11, 12]),
        ("depth", [0, 1, 1, 2, 2]),
        ("paths", [[0, 1, 3], [0, 1, 4], [0, 2, -1]]),
    ):  # fmt: skip
        kind = "bool" if name == "mask" else "int64"
        where = f"tree_buffers of the chapter's tree: {name}"
        check.close(got[name], torch.tensor(want), where=where, look=STEP_3, dtype=kind)


@pytest.mark.task("tree_buffers")
def test_buffers_of_other_trees(student):
    for what, choices, heads, topk in (
        ("paths of all lengths", UNEVEN, 3, 4),
        ("no choices", [], 2, 3),
        ("a chain", [(2, 1), (2,), (2, 1, 2)], 4, 3),
        ("ranks of two digits", [(2,), (10,), (10, 2), (10, 11)], 2, 12),
    ):
        got, want = student.tree_buffers(choices, heads, topk), tree_of(choices, topk)
        for name, right in want.items():
            kind = "bool" if name == "mask" else "int64"
            check.close(got[name], right, where=f"tree_buffers, {what}: {name}",
                        look=STEP_3, dtype=kind)  # fmt: skip
    given = student.keep([[1], [0], [1, 1]])
    got = student.tree_buffers(given, 2, 2)
    where = "tree_buffers of lists: place"
    check.close(got["place"], np.array([0, 1, 2, 4]), where=where, look=CONTRACT)
    check.equal(student.fetch(given), [[1], [0], [1, 1]],
                where="tree_buffers: its argument", look=CONTRACT)  # fmt: skip


@pytest.mark.task("tree_buffers")
def test_buffers_refuse(student):
    for what, choices in (
        ("no parent", [(1,), (0, 0)]),
        ("no grandparent", [(1, 0), (1, 0, 1)]),
        ("twice the same", [(1,), (1,)]),
        ("an empty choice", [(1,), ()]),
        ("rank 3 of 2", [(1,), (3,)]),
        ("rank 2 of 2", [(1,), (1, 2)]),
        ("rank -1", [(1,), (1, -1)]),
        ("four levels of three heads", [(0,), (0, 0), (0, 0, 0), (0, 0, 0, 0)]),
    ):
        check.raises(ValueError, student.tree_buffers, choices, 3, 2,
                     where=f"tree_buffers, {what}", look=CONTRACT)  # fmt: skip


# --- 4: tree_pass -------------------------------------------------------------------

STEP_4 = "Chapter, step 4."


class Listener:
    """A model that answers its questions with numbers, and keeps them."""

    def __init__(self, vocab=8, heads=3):
        self.vocab, self.heads, self.calls = vocab, heads, []

    def step(self, tokens, positions, mask):
        self.calls.append([np.asarray(a) for a in (tokens, positions, mask)])
        n = len(self.calls[0][0])
        told = [float((7 + j) * (a.ravel() + 2) @ np.cos(np.arange(a.size)))
                for j, a in enumerate(self.calls[0])]  # fmt: skip
        self.answer = (torch.arange(n * self.vocab).reshape(n, self.vocab) + sum(told),
                       torch.ones(n, self.heads, self.vocab))  # fmt: skip
        return self.answer


def compare_pass(student, what, choices, guesses, ranked, *, root=6, length=3, topk=4):
    """Ask for one pass; `ranked` are the tokens of each head, the best first."""
    listener, tree = Listener(), tree_of(choices, topk)
    got = student.tree_pass(listener.step, root, guesses, tree, length, topk)
    where = f"tree_pass, {what}"
    calls = len(listener.calls)
    said = f"step was called {calls} times"
    check.true(
        calls == 1, where=where, evidence=said, look="The contract: called once."
    )
    good = isinstance(got, tuple) and len(got) == 2
    said = f"returned {check.show(got)}"
    check.true(good, where=where, evidence=said, look=CONTRACT)
    paths = [(), *sorted(choices, key=lambda path: (len(path), path))]
    tokens = [ranked[len(p) - 1][p[-1]] if p else root for p in paths]
    n = len(tokens)
    mask = np.hstack([np.ones((n, length), bool), tree["mask"].numpy()])
    for name, one, want, kind in (
        ("tokens", listener.calls[0][0], tokens, "int64"),
        ("tokens returned", got[0], torch.tensor(tokens), "int64"),
        ("positions", listener.calls[0][1], [length + len(p) for p in paths], "int64"),
        ("mask", listener.calls[0][2], mask, "bool"),
    ):
        want = want if isinstance(want, torch.Tensor) else np.array(want)
        check.close(one, want, where=f"{where}: {name}", look=STEP_4,
                    dtype=kind, axis_names=("node", "slot"))  # fmt: skip
    for one, want in zip(got[1], listener.answer, strict=True):
        check.close(one, want.numpy(), where=f"{where}: what step returned",
                    look=CONTRACT)  # fmt: skip


@pytest.mark.task("tree_pass")
def test_passes(student):
    guesses = torch.tensor([[0, 1, 9, 3, 8, 2, 1.5, 7], [5, 9, 1, 2, 8, 7, 3, 4],
                            [1, 2, 3, 4, 5, 6, 7, 8]])  # fmt: skip
    ranked = [[2, 4, 7, 3], [1, 4, 5, 0], [7, 6, 5, 4]]
    compare_pass(student, "a fork", FORK, guesses, ranked)
    compare_pass(student, "paths of all lengths", UNEVEN, guesses, ranked, length=5)
    compare_pass(student, "an empty cache", UNEVEN, guesses, ranked, length=0)
    compare_pass(student, "only the root", [], guesses, ranked, root=0)


@pytest.mark.task("tree_pass")
def test_passes_of_equal_guesses(student):
    guesses = torch.tensor([[1.0, 2, 2, 1, 2, 1, 2, 2], [0, 0, 0, 0, 0, 0, 0, 0],
                            [3, 1, 3, 1, 3, 1, 3, 1]])  # fmt: skip
    ranked = [[1, 2, 4, 6], [0, 1, 2, 3], [0, 2, 4, 6]]
    choices = [(r,) for r in range(4)] + [(1, r) for r in range(4)]
    compare_pass(student, "guesses that are equal", choices, guesses, ranked)
    rows = 200 * torch.tensor([[1.0, 2, 9, 3, 8, 0, 7, 5], [8, 7, 6, 5, 4, 3, 2, 1],
                               [1, 2, 3, 4, 5, 6, 7, 8]])  # fmt: skip
    ranked = [[2, 4, 6, 7], [0, 1, 2, 3], [7, 6, 5, 4]]
    compare_pass(student, "guesses that are hundreds apart", UNEVEN, rows, ranked)
    close = torch.ones(3, 8, dtype=torch.float64)
    close[0, 5] += 1e-12
    ranked = [[5, 0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3]]
    compare_pass(student, "float64, nearly equal", FORK, close, ranked)
    rows = torch.zeros(3, 60)
    rows[:, 30:] = 1.0
    got = student.tree_pass(Listener(60).step, 1, rows, tree_of([(9,), (0,)], 10), 2)
    want, where = [1, 30, 39], "tree_pass, half of 60 guesses are equal: tokens"
    check.close(got[0], torch.tensor(want), where=where, look=CONTRACT)


# --- 5: accept_greedy ---------------------------------------------------------------

STEP_5 = "Chapter, step 5: follow the model's own choice from the root down."


def compare_accepted(got, nodes, token, where, look):
    good = isinstance(got, tuple) and len(got) == 2
    said = f"returned {check.show(got)}, not (nodes, token)"
    check.true(good, where=where, evidence=said, look=CONTRACT)
    check.equal(got[0], nodes, where=f"{where}: the nodes", look=look)
    check.equal(got[1], token, where=f"{where}: the token that follows", look=look)


def greedy(student, what, choices, tokens, wanted, nodes, look=STEP_5):
    """Let the model want a token at each node."""
    logits = torch.nn.functional.one_hot(torch.tensor(wanted), 9).double()
    got = student.accept_greedy(logits, torch.tensor(tokens), tree_of(choices, 4))
    compare_accepted(got, nodes, wanted[nodes[-1]], f"accept_greedy, {what}", look)


@pytest.mark.task("accept_greedy")
def test_greedy_paths(student):
    tokens = [8, 1, 2, 3, 4]
    greedy(student, "nothing fits", FORK, tokens, [5, 3, 6, 7, 0], [0])
    greedy(student, "the first level fits", FORK, tokens, [1, 5, 6, 7, 0], [0, 1])
    greedy(student, "both levels fit", FORK, tokens, [1, 4, 6, 7, 5], [0, 1, 4])
    look = "The contract: accepted if its parent is."
    greedy(student, "a leaf fits, its parent does not", FORK, tokens, [2, 3, 6, 7, 0],
           [0, 2], look)  # fmt: skip
    greedy(student, "only a leaf fits", FORK, tokens, [6, 3, 6, 7, 0], [0], look)
    greedy(student, "a leaf holds what the root wants", FORK, tokens, [3, 6, 6, 7, 0],
           [0], look)  # fmt: skip
    tokens = [8, 1, 2, 3, 4, 5, 6, 7]
    greedy(student, "three levels", UNEVEN, tokens, [1, 4, 0, 0, 7, 0, 0, 2],
           [0, 1, 4, 7])  # fmt: skip
    greedy(student, "the third of three levels does not fit", UNEVEN, tokens,
           [1, 4, 0, 0, 8, 0, 0, 2], [0, 1, 4])  # fmt: skip


@pytest.mark.task("accept_greedy")
def test_greedy_padding(student):
    look = "Chapter, step 5: -1 in paths is no node."
    greedy(student, "a short path, then token 0", FORK, [8, 1, 2, 3, 4],
           [2, 5, 0, 0, 0], [0, 2], look)  # fmt: skip
    greedy(student, "a short path, then the last node's token", FORK, [8, 1, 2, 3, 4],
           [2, 5, 4, 4, 4], [0, 2], look)  # fmt: skip


@pytest.mark.task("accept_greedy")
def test_greedy_ties(student):
    look = "The contract: the first one in tree['paths']."
    greedy(student, "siblings with one token", FORK, [8, 1, 1, 3, 3],
           [1, 3, 6, 7, 0], [0, 1, 3], look)  # fmt: skip
    look = "Before task 1: of equal logits that of the smaller token counts as larger."
    logits = torch.tensor([[0.0, 3, 1, 3], [1, 1, 1, 1], [0, 0, 2, 2]])
    got = student.accept_greedy(
        logits, torch.tensor([0, 1, 3]), tree_of([(0,), (1,)], 2)
    )
    compare_accepted(got, [0, 1], 0, "accept_greedy, equal logits", look)
    greedy(student, "siblings with one token, the second goes on",
           [(0,), (1,), (1, 0)], [8, 1, 1, 3], [1, 5, 3, 0], [0, 2, 3])  # fmt: skip
    got = student.accept_greedy(logits[:2], torch.tensor([0, 3]), tree_of([(0,)], 2))
    compare_accepted(got, [0], 1, "accept_greedy, the larger of equal tokens", look)
    close = torch.full((2, 4), 1.0 - 1e-13, dtype=torch.float64)
    close[0, 2] = close[1, 3] = 1.0
    got = student.accept_greedy(close, torch.tensor([0, 2]), tree_of([(0,)], 2))
    compare_accepted(got, [0, 1], 3, "accept_greedy, nearly equal logits", CONTRACT)
    got = student.accept_greedy(close[:1], torch.tensor([1]), tree_of([], 2))
    compare_accepted(got, [0], 2, "accept_greedy, only the root", CONTRACT)


# --- 6: accept_typical --------------------------------------------------------------

STEP_6 = "Chapter, step 6: p > min(epsilon, delta exp(-H))."


def typical(
    student, what, choices, tokens, p, nodes, look=STEP_6, temperature=1, **more
):
    """Let the model have these probabilities at each node, at temperature 1."""
    logits = (
        p if isinstance(p, torch.Tensor) else torch.tensor(p, dtype=torch.float64).log()
    )
    tree = tree_of(choices, 4)
    got = student.accept_typical(
        logits, torch.tensor(tokens), tree, temperature, **more
    )
    token = int(np.argmax(logits[nodes[-1]].numpy()))
    compare_accepted(got, nodes, token, f"accept_typical, {what}", look)


@pytest.mark.task("accept_typical")
def test_typical_limits(student):
    one, rest = [(0,)], [0.1, 0.2, 0.3, 0.4]
    for share, nodes in ((0.06, [0]), (0.12, [0, 1])):
        p = [0.88 - share, share, 0.06, 0.06]
        typical(student, f"a token of {share}, of few", one, [0, 1], [p, rest], nodes)
    p = [[0.25, 0.75], [0.4, 0.6]]  # exp(-H) is 0.57
    for delta in (0.13, 0.2):
        typical(student, f"epsilon 0.3, delta {delta}, a token of 0.25", one, [0, 0], p,
                [0, 1], epsilon=0.3, delta=delta)  # fmt: skip
    for share, nodes in ((0.012, [0]), (0.016, [0, 1])):  # the limit is 0.0142
        many = [share] + [(1 - share) / 20] * 20
        typical(student, f"a token of {share}, of 21", one, [2, 0],
                [many, [1 / 21] * 21], nodes)  # fmt: skip
    typical(student, "delta 0.45, a token of 0.25", one, [0, 0], p, [0], epsilon=1.0,
            delta=0.45)  # fmt: skip
    typical(student, "delta 0.43, a token of 0.25", one, [0, 0], p, [0, 1], epsilon=1.0,
            delta=0.43)  # fmt: skip
    typical(
        student, "epsilon 0.2, delta 9", one, [0, 0], p, [0, 1], epsilon=0.2, delta=9
    )
    typical(
        student, "epsilon 9, delta 0.1", one, [0, 0], p, [0, 1], epsilon=9, delta=0.1
    )


@pytest.mark.task("accept_typical")
def test_typical_paths(student):
    p = [[0.05, 0.6, 0.3, 0.05], [0.05, 0.05, 0.3, 0.6], [0.25] * 4, [0.25] * 4,
         [0.25] * 4]  # fmt: skip
    look = "Chapter, step 6: the longest path, of several the likeliest."
    typical(student, "two leaves, the second likelier", FORK, [0, 1, 2, 2, 3], p,
            [0, 1, 4], look)  # fmt: skip
    p[0] = [0.05, 0.3, 0.6, 0.05]
    typical(student, "a shorter path is likelier", FORK, [0, 1, 2, 2, 3], p, [0, 1, 4],
            look)  # fmt: skip
    typical(student, "the first level fits", FORK, [0, 1, 0, 0, 1], p, [0, 1], look)
    typical(student, "leaves below a refused node", FORK, [0, 0, 0, 2, 3], p, [0], look)
    look = "Chapter, step 6: -1 in paths is no node."
    q = [[0.02, 0.02, 0.94, 0.02], [0.25] * 4, [0.4, 0.2, 0.3, 0.1], *p[3:]]
    typical(student, "a short path", FORK, [0, 1, 2, 3, 0], q, [0, 2], look)
    q[1] = [0.9, 0.05, 0.03, 0.02]
    look = "Chapter, step 6: the parent's distribution."
    typical(student, "a child that its own node would refuse", [(0,)], [0, 2],
            [q[0], q[1]], [0, 1], look)  # fmt: skip


@pytest.mark.task("accept_typical")
def test_typical_ties(student):
    fork, tokens = [(0,), (1,), (0, 0), (1, 0)], [0, 0, 1, 2, 3]
    p = [[0.3, 0.3, 0.2, 0.2], [0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.4, 0.3], [0.25] * 4,
         [0.25] * 4]  # fmt: skip
    look = "The contract: the largest product, then the first path."
    typical(student, "equal products", fork, tokens, p, [0, 1, 3], look)
    p[0] = [0.2, 0.4, 0.2, 0.2]
    typical(student, "the larger first factor wins", fork, tokens, p, [0, 2, 4], look)
    q = [[0.3, 0.12, 0.29, 0.29], [0.3, 0.2, 0.3, 0.2], [0.1, 0.1, 0.2, 0.6], *p[3:]]
    typical(student, "the larger product, not the larger sum", fork, tokens, q,
            [0, 1, 3], look)  # fmt: skip
    q[1], q[2] = [0.5, 0.3, 0.01, 0.19], [0.5, 0.3, 0.15, 0.05]
    q[0] = [0.3, 0.25, 0.25, 0.2]
    typical(student, "leaves that are refused", fork, tokens, q, [0, 1], look)
    q[0], q[1] = [0.3, 0.3, 0.2, 0.2], [0.5, 0.17, 0.17, 0.16]
    q[2] = [0.52, 0.47, 0.005, 0.005]
    for temperature, nodes in ((0.5, [0, 1, 3]), (1.0, [0, 2, 4])):
        what = f"two branches, temperature {temperature}"
        typical(student, what, fork, [0, 0, 1, 0, 0], q, nodes, look, temperature)
    p[1] = [0.05, 0.05, 0.85, 0.05]
    typical(student, "the larger last factor wins", fork, tokens, p, [0, 1, 3], look)
    tiny = torch.tensor([[500.0, 0, 0, 1], [500, 0, 1, 0], [500, 0, 0, 9], [1, 2, 3, 4],
                         [1, 2, 3, 4]]).double()  # fmt: skip
    what = "products of e^-1000"
    typical(student, what, fork, [0, 1, 2, 2, 3], tiny, [0, 2, 4], look,
            epsilon=0.0)  # fmt: skip


@pytest.mark.task("accept_typical")
def test_typical_edges(student):
    half = torch.tensor([[0.0, -INF, 0.0], [0, 1, 0]])
    look = "The contract: not if they are equal."
    typical(student, "0.5 and epsilon 0.5", [(0,)], [0, 2], half, [0], look,
            epsilon=0.5, delta=5)  # fmt: skip
    typical(student, "0.5 and epsilon 0.499", [(0,)], [0, 2], half, [0, 1], look,
            epsilon=0.499, delta=5)  # fmt: skip
    look = "The contract: 0 log 0 is 0."
    typical(student, "a token of probability 0, no limits", [(0,)], [0, 1], half, [0],
            look, epsilon=0.0, delta=0.0)  # fmt: skip
    for delta, nodes in ((1 - 1e-9, [0, 1]), (1 + 1e-9, [0])):
        typical(student, f"four equal tokens, delta {delta}", [(0,)], [0, 1],
                torch.zeros(2, 4), nodes, look, epsilon=0.9, delta=delta)  # fmt: skip
    sure = torch.tensor([[-INF, 0.0], [0, 1]])
    typical(student, "a sure token, delta 1", [(0,)], [0, 1], sure, [0], look,
            epsilon=1.0, delta=1.0)  # fmt: skip
    typical(student, "a sure token", [(0,)], [0, 1], sure, [0, 1], look)
    p = [[0.72, 0.14, 0.08, 0.06], [0.25] * 4]
    look = "The contract: softmax of logits / temperature."
    for temperature, nodes in ((0.4, [0]), (1.0, [0]), (2.5, [0, 1])):
        what = f"temperature {temperature}"
        typical(student, what, [(0,)], [0, 3], p, nodes, look, temperature)
    p = [[0.64, 0.16, 0.11, 0.09], [0.25] * 4]  # exp(-H) is 0.65 at 0.5, 0.35 at 1
    # exp(-H) is 0.65 at temperature 0.5, and 0.35 at 1.
    what = "the entropy at temperature 0.5"
    typical(student, what, [(0,)], [0, 1], p, [0], look, 0.5,
            epsilon=1.0, delta=0.12)  # fmt: skip
    look = "The contract: at 0 the result is that of accept_greedy."
    even = torch.tensor([[1.0, 1, 0, 0], [0, 1, 0, 1]])
    typical(student, "temperature 0", [(0,)], [0, 1], even, [0], look, 0)
    typical(student, "temperature 0", [(0,)], [0, 0], even, [0, 1], look, 0.0)
    typical(student, "temperature 0.001", [(0,)], [0, 1], even, [0, 1], look, 0.001)
    big = torch.tensor([[0.0, 9e3, 8e3], [0, 1e4, 1e4]])
    typical(student, "large logits", [(0,)], [0, 1], big, [0, 1], CONTRACT)
    typical(student, "only the root", [], [2], big[:1], [0], CONTRACT)
    exact = [[0.1, 0.1 + 1e-11, 0.8 - 1e-11], [0.2, 0.3, 0.5]]
    what = "0.1 and a little more, epsilon 0.1"
    typical(student, what, [(0,)], [0, 1], exact, [0, 1],
            "The contract: compute in float64.", epsilon=0.1, delta=9)  # fmt: skip


# --- 7: best_tree -------------------------------------------------------------------

STEP_7 = "Chapter, step 7."


def compare_tree(student, accuracy, budget, choices, length, look=STEP_7):
    got, where = student.best_tree(accuracy, budget), f"best_tree({accuracy}, {budget})"
    good = isinstance(got, tuple) and len(got) == 2
    said = f"returned {check.show(got)}"
    check.true(good, where=where, evidence=said, look=CONTRACT)
    check.equal(got[0], choices, where=f"{where}: the choices", look=look)
    check.close(got[1], length, rtol=1e-12, where=f"{where}: the length", look=look)


@pytest.mark.task("best_tree")
def test_trees_by_hand(student):
    two = [[0.6, 0.3], [0.7, 0.2]]
    compare_tree(student, two, 0, [], 1.0)
    compare_tree(student, two, 1, [(0,)], 1.6)
    compare_tree(student, two, 2, [(0,), (0, 0)], 2.02)
    compare_tree(student, two, 3, [(0,), (1,), (0, 0)], 2.32)
    compare_tree(student, two, 4, [(0,), (1,), (0, 0), (1, 0)], 2.53)
    everything = [(0,), (1,), (0, 0), (0, 1), (1, 0), (1, 1)]
    compare_tree(student, two, 60, everything, 1 + 0.9 * 1.9)
    compare_tree(student, [[0.1], [0.9]], 2, [(0,), (0, 0)], 1.19)
    tiny = [[1e-5, 1e-14]]
    compare_tree(student, tiny, 3, [(0,), (1,)], 1 + 1e-5 + 1e-14)
    chain = [(0,) * k for k in range(1, 7)]
    compare_tree(student, [[1.0]] * 6, 9, chain, 7.0)
    wide = [[0.1, 0.12, 0.13, 0.11, 0.1, 0.3, 0.14]]
    compare_tree(student, wide, 2, [(5,), (6,)], 1.44)


@pytest.mark.task("best_tree")
def test_trees_against_all_trees(student):
    accuracy = [[0.1, 0.45, 0.3], [0.5, 0.15, 0.2]]
    nodes = [path for d in (1, 2) for path in itertools.product(range(3), repeat=d)]
    worth = {p: math.prod(accuracy[k][r] for k, r in enumerate(p)) for p in nodes}
    for budget in (2, 3, 4, 5):
        best = max(
            sum(worth[p] for p in chosen)
            for chosen in itertools.combinations(nodes, budget)
            if all(len(p) == 1 or p[:1] in chosen for p in chosen)
        )
        choices, length = student.best_tree(accuracy, budget)
        where = f"best_tree({accuracy}, {budget})"
        check.close(length, 1 + best, rtol=1e-12, where=f"{where}: the length",
                    look=STEP_7)  # fmt: skip
        found = sum(worth[tuple(p)] for p in choices)
        check.close(found, best, rtol=1e-12, where=f"{where}: the choices", look=STEP_7)


@pytest.mark.task("best_tree")
def test_trees_with_ties_and_zeros(student):
    look = "The contract: the less deep first, then as in tree_buffers."
    compare_tree(student, [[0.5, 0.25], [0.5, 0.5]], 2, [(0,), (1,)], 1.75, look)
    compare_tree(student, [[0.5, 0.25], [0.5, 0.5]], 3, [(0,), (1,), (0, 0)], 2.0, look)
    compare_tree(student, [[1.0, 1.0], [1.0, 0.0]], 2, [(0,), (1,)], 3.0, look)
    compare_tree(student, [[0.5, 0.5, 0.5]], 2, [(0,), (1,)], 2.0, look)
    look = "The contract: a node that is never right is not taken."
    compare_tree(student, [[0.5, 0.0], [0.0, 0.0]], 5, [(0,)], 1.5, look)
    look = "The contract: in any order."
    compare_tree(student, [[0.1, 0.0, 0.6]], 1, [(2,)], 1.6, look)


@pytest.mark.task("best_tree")
def test_trees_of_many_heads(student):
    accuracy = [[0.5, 0.2, 0.1, 0.05, 0.04, 0.03, 0.02, 0.02, 0.02, 0.01]] * 12
    choices, length = student.best_tree(accuracy, 200)
    where = "best_tree, 12 heads of 10 ranks, budget 200"
    said = f"{len(choices)} choices"
    check.true(len(choices) == 200, where=where, evidence=said, look=CONTRACT)
    found = sum(math.prod(accuracy[0][r] for r in p) for p in choices)
    check.close(length, 1 + found, rtol=1e-12, where=where, look=STEP_7)


# --- 8: medusa_generate -------------------------------------------------------------

STEP_8 = "Chapter, step 8."
SAME = "Chapter, step 8: at temperature 0 the text is that of plain greedy decoding."
PASSES = "Chapter, step 8: all accepted tokens and one more from each pass."
BRANCHES = [(0,), (1,), (0, 0), (0, 1), (1, 0), (0, 0, 0), (0, 1, 0)]


class Machine:
    """A model with a cache: all that it says depends on the text that it is shown."""

    def __init__(self, vocab=12, heads=3, sure=(0, 0, 1), second=0.0):
        self.vocab, self.heads, self.sure, self.second = vocab, heads, sure, second
        self.slots, self.sizes, self.open, self.wrong = [], [], False, None

    def after(self, text):
        """Return the token after a text."""
        number = 7
        for token in text:
            number = (31 * number + 17 * token + 5) % 1009
        return number % self.vocab

    def plain(self, text, count):
        """Return what plain greedy decoding writes."""
        for _ in range(count):
            text = [*text, self.after(text)]
        return text[len(text) - count :]

    def rows(self, text):
        """Return the logits after a text, and those of the heads."""
        own, *later = self.plain(text, 1 + self.heads)
        logits = [9.0 - (t - own) % self.vocab for t in range(self.vocab)]
        logits[own] += 9.0 - self.second
        guesses = []
        for k, right in enumerate(later):
            rank = self.sure[(own + k) % len(self.sure)]
            row = [-float((t - right + rank) % self.vocab) for t in range(self.vocab)]
            guesses.append(row)
        return logits, guesses

    def fewest(self, prompt, choices, count):
        """Return how many passes it takes: the heads' right guesses are known."""
        text = [*prompt, *self.plain(prompt, count + self.heads)]
        choices = {(), *map(tuple, choices)}
        size, passes = len(prompt) + 1, 1
        while size < len(prompt) + count:
            path = ()
            for row, right in zip(
                self.rows(text[: size - 1])[1], text[size:], strict=False
            ):
                path += (sum(value > row[right] for value in row),)
                if path not in choices:
                    break
                size += 1
            size, passes = size + 1, passes + 1
        return passes

    def step(self, tokens, positions, mask):
        """Answer a pass; a text that is none gets answers, too."""
        tokens, positions = np.asarray(tokens).tolist(), np.asarray(positions).tolist()
        mask, old = np.asarray(mask), len(self.slots)
        shape = (len(tokens), old + len(tokens))
        look = "Before task 4: step(tokens, positions, mask)."
        self.note(
            mask.shape == shape, f"mask has shape {mask.shape}, not {shape}", look
        )
        self.note(not self.open, "keep was not called", "The contract of keep.")
        if not old:
            causal = np.array_equal(mask, np.tri(len(tokens), dtype=bool))
            self.note(causal, "the prompt's mask is not causal", CONTRACT)
        self.sizes.append(len(tokens))
        self.open = old > 0
        self.slots += zip(positions, tokens, strict=True)
        rows = []
        for i, seen in enumerate(mask):
            there = [j for j in np.flatnonzero(seen) if j < len(self.slots)]
            shown = sorted(self.slots[j] for j in there)
            text = [token for _, token in shown]
            places = [position for position, _ in shown]
            if (
                places != list(range(self.slots[old + i][0] + 1))
                or old + i not in there
            ):
                text = [*text, *places, len(seen)]
            rows.append(self.rows(text))
        logits, guesses = zip(*rows, strict=True)
        guesses = torch.tensor(guesses).reshape(-1, self.heads, self.vocab)
        return torch.tensor(logits), guesses

    def keep(self, slots):
        """Keep slots of the cache."""
        slots = np.asarray(slots).tolist()
        real = [slot for slot in slots if 0 <= slot < len(self.slots)]
        said = (
            f"keep got {check.show(slots)}, and the cache has {len(self.slots)} slots"
        )
        self.note(real == slots and self.open, said, "The contract of keep.")
        self.slots, self.open = [self.slots[slot] for slot in real], False

    def note(self, good, said, look):
        """Remember the first thing that was wrong; the game goes on."""
        if self.wrong is None and not good:
            self.wrong = len(self.sizes) + 1, said, look


def generate(student, what, machine, prompt, choices, max_new, look=SAME, want=None,
             **more):  # fmt: skip
    """Compare a text, and the sizes of the passes."""
    where, wrong = f"medusa_generate, {what}", None
    try:
        got = student.medusa_generate(machine.step, machine.keep, torch.tensor(prompt),
                                      choices, max_new, **more)  # fmt: skip
    except StudentError as error:
        got, wrong = None, error
    machine.note(not machine.open or wrong, "keep was not called", CONTRACT)
    if machine.wrong:
        at, said, look = machine.wrong
        check.true(False, where=f"{where}, pass {at}", evidence=said, look=look)
    if wrong:
        raise wrong
    is_plain = want is None
    if is_plain:
        want = machine.plain(prompt, max_new)
        end = more.get("end")
        want = want[: want.index(end) + 1] if end in want else want
    check.equal(got, want, where=where, look=look)
    if is_plain:
        passes = machine.fewest(prompt, choices, len(want)) if want else 0
        sizes = [len(prompt), *[len(choices) + 1] * (passes - 1)][:passes]
        check.equal(machine.sizes, sizes, where=f"{where}: the tokens of each pass",
                    look=PASSES)  # fmt: skip


CHAIN = [(0,), (0, 0), (0, 0, 0)]


@pytest.mark.task("medusa_generate")
def test_generated_text(student):
    for prompt in ([1], [4, 0, 7], [2, 2, 2, 2, 2]):
        what = f"a prompt of {len(prompt)} tokens"
        generate(student, what, Machine(), prompt, BRANCHES, 24)
    generate(student, "no choices", Machine(), [5, 6], [], 7)
    two = Machine(heads=2, sure=(1, 0))
    generate(student, "two heads, lists", two, [5, 6], [[1], [0], [1, 1]], 12)
    zeros = Machine()
    zeros.after = lambda text: 0 if len(text) % 3 else sum(text) % 12
    generate(student, "a text of many zeros", zeros, [0, 3], UNEVEN, 15)


@pytest.mark.task("medusa_generate")
def test_generated_passes(student):
    look = "The contract: at most max_new; no pass once enough is known."
    for count in (2, 5, 6, 8, 9, 1, 0):
        what = f"heads that are right, {count} tokens"
        generate(student, what, Machine(sure=(0,)), [3, 1], CHAIN, count, look)
    generate(student, "ranks 0 and 1", Machine(sure=(0, 1)), [3, 1], BRANCHES, 20)
    generate(student, "heads that are wrong", Machine(sure=(5,)), [3, 1], CHAIN, 5)
    wide = [(11,), (0,), (11, 11)]
    generate(student, "12 ranks", Machine(sure=(11, 0)), [3], wide, 9, topk=12)
    few = Machine(vocab=3, sure=(0, 1))
    generate(student, "three tokens, topk 3", few, [2, 1], BRANCHES, 9, topk=3)


@pytest.mark.task("medusa_generate")
def test_generated_ends(student):
    look = "The contract: writing ends after this token."
    text = Machine(vocab=40, sure=(0,)).plain([6, 2], 12)
    for place in (2, 3, 4, 0, 8):
        machine, end = Machine(vocab=40, sure=(0,)), text[place]
        generate(
            student, f"an end at {place}", machine, [6, 2], CHAIN, 12, look, end=end
        )
    for prompt, end in (([5, 0, 4], 4), ([3, 0], 0)):
        zeros = Machine(sure=(0,))
        zeros.after = lambda text: 0 if len(text) == 5 else 3
        what = f"a prompt with {end}, end={end}"
        generate(student, what, zeros, prompt, [(0,), (0, 0)], 9, look, end=end)


@pytest.mark.task("medusa_generate")
def test_generated_typically(student):
    look = "The contract: accept_typical says which nodes are kept."
    limits = {"epsilon": 0.3, "delta": 0.9}, {"epsilon": 0.2, "delta": 0.4}, {}
    for more, temperature in itertools.product(limits, (0.7, 1.0, 3.0)):
        # The heads guess the second likeliest token, or the first.
        machine = Machine(sure=(-1, 0), second=9.0)
        want = typical_text(machine, [4, 1], CHAIN, 12, temperature, **more)
        what = f"temperature {temperature}, {more or 'the defaults'}"
        generate(student, what, machine, [4, 1], CHAIN, 12, look, want,
                 temperature=temperature, **more)  # fmt: skip


def typical_text(machine, prompt, chain, count, temperature, epsilon=0.09, delta=0.3):
    """Write on from a prompt with a chain of guesses, by hand."""
    text = list(prompt)
    logits, guesses = machine.rows(text)
    text.append(int(np.argmax(logits)))
    while len(text) < len(prompt) + count:
        for row in guesses[: len(chain)]:
            p = np.exp(np.array(machine.rows(text)[0]) / temperature)
            p /= p.sum()
            limit = min(epsilon, delta * math.exp((p * np.log(p)).sum()))
            if not p[int(np.argmax(row))] > limit:
                break
            text.append(int(np.argmax(row)))
        logits, guesses = machine.rows(text)
        text.append(int(np.argmax(logits)))
    return text[len(prompt) : len(prompt) + count]


@pytest.mark.task("medusa_generate")
def test_generate_refuses(student):
    for what, prompt, choices in (
        ("an empty prompt", torch.zeros(0, dtype=torch.int64), FORK),
        ("a batch", torch.tensor([[1, 2]]), FORK),
        ("an orphan", torch.tensor([1, 2]), [(0,), (1, 1)]),
        ("too many levels", torch.tensor([1, 2]), [*CHAIN, (0, 0, 0, 0)]),
    ):
        machine = Machine()
        check.raises(ValueError, student.medusa_generate, machine.step, machine.keep,
                     prompt, choices, 4, where=f"medusa_generate, {what}",
                     look=CONTRACT)  # fmt: skip
        if choices is FORK:
            check.raises(ValueError, student.medusa_generate, machine.step,
                         machine.keep, prompt, choices, 0,
                         where=f"medusa_generate, {what}, max_new 0",
                         look=CONTRACT)  # fmt: skip
        good = not machine.sizes or choices is not FORK
        check.true(good, where=f"medusa_generate, {what}", evidence="the model was run",
                   look=CONTRACT)  # fmt: skip
