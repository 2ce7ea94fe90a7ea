"""Hidden tests of `tree_pass`: what the model is asked, and one pass against many."""

import numpy as np
import pytest
import torch
from hidden.answers import (
    CONTRACT,
    RAGGED,
    SMALL,
    built,
    random_choices,
    same_ints,
    same_tree,
    step,
    unchanged,
    view,
)

from autograder.student.lab import lm
from autograder.student.testing import check

TOKENS = step(4, "a node's token is the guess of its rank, of the head of its depth.")
WHERE = step(4, "siblings share a position: length + depth.")
MASK = step(4, "all of the cache, then the tree's mask.")
ALL = ("tokens", "positions", "mask")
TIES = "Before task 1: of equal logits that of the smaller token counts as larger."


class Asked:
    """Stands for a model: keeps what it is asked, and answers noise."""

    def __init__(self, rng, heads=3, vocab=12):
        self.calls, self.rng, self.heads, self.vocab = [], rng, heads, vocab

    def step(self, tokens, positions, mask):
        self.calls.append(tuple(map(np.asarray, (tokens, positions, mask))))
        m = np.asarray(tokens).size
        told = [(i + 1) * np.cos(a.sum() + a.ravel()[::-1].cumsum()).sum()
                for i, a in enumerate(self.calls[-1])]  # fmt: skip
        self.answer = (
            torch.tensor(self.rng.normal(size=(m, self.vocab)) + sum(told)),
            torch.tensor(self.rng.normal(size=(m, self.heads, self.vocab))),
        )
        return self.answer


def expected_tokens(root, guesses, choices, topk):
    """Return the token of each node: the root's, then by ranks."""
    order = [sorted(range(len(row)), key=lambda t, row=row: (-row[t], t))
             for row in guesses.tolist()]  # fmt: skip
    paths = sorted(map(tuple, choices), key=lambda path: (len(path), path))
    return [root, *(order[len(path) - 1][path[-1]] for path in paths)]


def ask(student, rng, what, choices, *, heads=3, topk=5, length=4, vocab=12,
        guesses=None, root=7, parts=ALL, look=""):  # fmt: skip
    """Run one pass with a model that only listens, and compare what it was asked."""
    asked = Asked(rng, heads, vocab)
    if guesses is None:
        guesses = torch.tensor(rng.normal(size=(heads, vocab)))
    tree = built(choices, topk)
    where = f"tree_pass, {what}"
    got = student.tree_pass(asked.step, root, guesses, tree, length, topk)
    said = f"step was called {len(asked.calls)} times"
    check.true(len(asked.calls) == 1, where=where, evidence=said, look=CONTRACT)
    said = f"returned {check.show(got)}, not (tokens, answer)"
    good = isinstance(got, tuple) and len(got) == 2
    check.true(good, where=where, evidence=said, look=CONTRACT)
    tokens, positions, mask = asked.calls[0]
    if "tokens" in parts:
        want = expected_tokens(root, guesses, choices, topk)
        same_ints(tokens, want, f"{where}: the tokens", look or TOKENS,
                  axes=("node",))  # fmt: skip
        same_ints(got[0], torch.tensor(want), f"{where}: the tokens returned",
                  look or TOKENS, axes=("node",))  # fmt: skip
    if "positions" in parts:
        want = [length + depth for depth in tree["depth"].tolist()]
        same_ints(positions, want, f"{where}: the positions", look or WHERE,
                  axes=("node",))  # fmt: skip
    if "mask" in parts:
        want = np.hstack([np.ones((len(want), length), bool), tree["mask"].numpy()])
        same_ints(mask, want, f"{where}: the mask", look or MASK, "bool",
                  ("node", "slot"))  # fmt: skip
    return got, asked.answer


@pytest.mark.task("tree_pass", weight=2, core=True)
def test_tokens_of_the_nodes(student, rng):
    for what, choices in (("a small tree", SMALL), ("leaves of all depths", RAGGED)):
        ask(student, rng, what, choices, parts=("tokens",))
    choices = random_choices(rng, 4, 3, 14)
    ask(student, rng, "14 nodes", choices, heads=4, topk=3, parts=("tokens",))


@pytest.mark.task("tree_pass", weight=2, core=True)
def test_positions_of_the_nodes(student, rng):
    for length in (0, 1, 9):
        what = f"{length} slots"
        ask(student, rng, what, RAGGED, length=length, parts=("tokens", "positions"))


@pytest.mark.task("tree_pass", weight=2, core=True)
def test_masks_of_the_nodes(student, rng):
    for length in (5, 2, 0):
        what = f"{length} slots"
        ask(student, rng, what, RAGGED, length=length)
    ask(student, rng, "a chain", [(0,), (0, 0), (0, 0, 0)], length=3)


@pytest.mark.task("tree_pass", weight=3, core=True)
def test_one_pass_is_as_good_as_one_for_each_path(student, rng):
    torch.manual_seed(int(rng.integers(2**31)))
    model = lm.SmallLM(20, 16, 2, 2).double().eval()
    text = torch.tensor(rng.integers(20, size=6))
    guesses = torch.tensor(rng.normal(size=(3, 20)))
    for what, choices in (("a small tree", SMALL), ("leaves of all depths", RAGGED)):
        tree, seen = built(choices, 5), lm.Cache()
        with torch.no_grad():
            model(text[None], seen)

            def run(tokens, positions, mask, seen=seen):
                tokens, positions, mask = map(
                    torch.as_tensor, (tokens, positions, mask)
                )
                with torch.no_grad():
                    logits = model(tokens[None], seen, positions, mask)[0]
                return logits, torch.zeros(len(tokens), 3, 20)

            where = f"tree_pass on a transformer, {what}"
            got = student.tree_pass(run, 3, guesses, tree, len(text), 5)
            logits, tokens = np.asarray(got[1][0]), np.asarray(got[0])
            for path in tree["paths"].tolist():
                way = [node for node in path if node >= 0]
                line = torch.cat([text, torch.tensor(tokens[way])])
                alone = model(line[None])[0, len(text) :]
                look = step(4, "a node sees what its path alone would show it.")
                check.close(logits[way], alone.numpy(), atol=1e-9, look=look,
                            where=f"{where}: the logits on one path alone",
                            axis_names=("depth", "token"))  # fmt: skip


@pytest.mark.task("tree_pass")
def test_equal_logits(student, rng):
    rows = torch.tensor([[1, 3, 2, 3, 3, 1, 2, 3], [0, 0, 0, 0, 0, 0, 0, 0],
                         [5, 4, 5, 4, 5, 4, 5, 4]]).float()  # fmt: skip
    choices = [(r,) for r in range(5)] + [(0, r) for r in range(5)]
    choices += [(0, 0, r) for r in range(5)]
    ask(student, rng, "logits that are equal", choices, vocab=8, guesses=rows,
        parts=("tokens",), look=TIES)  # fmt: skip
    rows = torch.tensor(rng.integers(-3, 0, size=(3, 60))).double()
    ask(student, rng, "60 tokens, three values", choices, vocab=60, guesses=rows,
        parts=("tokens",), look=TIES)  # fmt: skip


@pytest.mark.task("tree_pass")
def test_large_and_close_logits(student, rng):
    choices = [(r,) for r in range(5)] + [(0, r) for r in range(5)]
    rows = 100.0 * torch.tensor(rng.permuted(np.tile(np.arange(12), (3, 1)), axis=1))
    ask(student, rng, "logits that are hundreds apart", choices, guesses=rows,
        parts=("tokens",), look=TOKENS)  # fmt: skip
    rows = (
        1.0
        + 1e-12
        * torch.tensor(rng.permuted(np.tile(np.arange(12), (3, 1)), axis=1)).double()
    )
    ask(student, rng, "logits that are nearly equal", choices, guesses=rows,
        parts=("tokens",), look=TOKENS)  # fmt: skip


@pytest.mark.task("tree_pass")
def test_other_trees(student, rng):
    ask(student, rng, "only the root", [])
    ask(student, rng, "only the root, no heads", [], heads=0)
    ask(student, rng, "V = topk", SMALL, vocab=5, root=0)
    ask(student, rng, "ten guesses", [(9,), (9, 9)],
        topk=10, vocab=15)  # fmt: skip
    deep = [(11,), (0,), (11, 10), (0, 11)]
    ask(student, rng, "twelve guesses", deep, topk=12, vocab=15)
    ask(student, rng, "more heads than levels", [(2,), (1,)], heads=5)
    ask(student, rng, "an empty cache", SMALL, length=0)
    ask(student, rng, "a cache of 90", SMALL, length=90)
    guesses = torch.tensor(rng.normal(size=(2, 12)), dtype=torch.float32)
    got = student.tree_pass(
        Asked(rng).step, 0, guesses, built([(9,), (9, 9)], 10), 3
    )  # without topk
    want = expected_tokens(0, guesses, [(9,), (9, 9)], 10)
    same_ints(got[0], torch.tensor(want), "tree_pass without topk: the tokens", TOKENS)


@pytest.mark.task("tree_pass")
def test_what_comes_back(student, rng):
    got, answer = ask(student, rng, "leaves of all depths", RAGGED)
    where = "tree_pass: what step returned"
    good = isinstance(got[1], tuple) and len(got[1]) == 2
    said = f"got {check.show(got[1])}, not the pair"
    check.true(good, where=where, evidence=said, look=CONTRACT)
    for one, other in zip(got[1], answer, strict=True):
        check.close(one, other.numpy(), where=where, look=CONTRACT)
    guesses = torch.tensor(rng.normal(size=(3, 12)))
    tree = built(RAGGED, 5)
    kept, held = view(student, guesses), student.keep(tree)
    got = student.tree_pass(Asked(rng).step, 1, kept, held, 3, 5)
    want, where = expected_tokens(1, guesses, RAGGED, 5), "tree_pass, logits are a view"
    same_ints(got[0], torch.tensor(want), f"{where}: the tokens", CONTRACT)
    unchanged(student, [kept], [guesses], where)
    same_tree(student, held, tree, where)
