"""Hidden tests of `accept_greedy`: trees whose right answer is seen by walking down."""

import itertools

import pytest
import torch
from hidden.answers import (
    CONTRACT,
    INF,
    RAGGED,
    SMALL,
    accepted,
    built,
    points_at,
    random_choices,
    same_tree,
    step,
    unchanged,
    view,
)

STEP_5 = step(5, "follow the model's own choice from the root down.")
PADDING = step(5, "-1 in paths is no node.")
TIES = "The contract: of several longest paths the first one counts."


def walked(logits, tokens, tree):
    """Return the right answer for siblings of different tokens: walk down the tree."""
    mask, depth = tree["mask"].tolist(), tree["depth"].tolist()
    at, nodes = 0, [0]
    while True:
        row = logits[at].tolist()
        token = row.index(max(row))
        below = [
            i for i in range(len(mask)) if mask[i][at] and depth[i] == depth[at] + 1
        ]
        fit = [i for i in below if int(tokens[i]) == token]
        if not fit:
            return nodes, token
        at = fit[0]
        nodes.append(at)


def ask(student, what, choices, tokens, wanted, nodes, look=STEP_5, topk=5, vocab=12):
    """Give each node a wanted token; compare."""
    logits = points_at(wanted, vocab)
    got = student.accept_greedy(logits, torch.tensor(tokens), built(choices, topk))
    where = f"accept_greedy, {what}"
    accepted(got, nodes, wanted[nodes[-1]], where, look)


# Nodes of SMALL: 0 root, 1 (0,), 2 (1,), 3 (0, 0), 4 (0, 1); paths 0 1 3, 0 1 4, 0 2.


@pytest.mark.task("accept_greedy", weight=2, core=True)
def test_paths_of_all_lengths(student):
    tokens = [9, 3, 4, 5, 6]
    for what, wanted, nodes in (
        ("nothing fits", [1, 5, 1, 1, 1], [0]),
        ("one node fits", [3, 1, 1, 1, 1], [0, 1]),
        ("the other branch fits", [4, 5, 1, 1, 1], [0, 2]),
        ("two nodes fit", [3, 5, 1, 1, 1], [0, 1, 3]),
        ("two nodes fit, the second leaf", [3, 6, 1, 1, 2], [0, 1, 4]),
    ):
        ask(student, what, SMALL, tokens, wanted, nodes)


@pytest.mark.task("accept_greedy", weight=2, core=True)
def test_a_refused_node_ends_its_path(student):
    look = "The contract: a node is accepted only if its parent is."
    tokens = [9, 3, 4, 5, 6]
    ask(student, "a leaf fits below a node that does not", SMALL, tokens,
        [4, 5, 1, 1, 1], [0, 2], look)  # fmt: skip
    ask(student, "a leaf fits below a node that does not, nothing else does", SMALL,
        tokens, [7, 6, 1, 1, 1], [0], look)  # fmt: skip
    chain = [(0,), (0, 0), (0, 0, 0), (0, 0, 0, 0)]
    tokens = [1, 2, 3, 4, 5]
    for gap in range(4):
        wanted = [2, 3, 4, 5, 6]
        wanted[gap] = 9
        what = f"a chain that breaks at depth {gap + 1}"
        ask(student, what, chain, tokens, wanted, list(range(gap + 1)), look)


@pytest.mark.task("accept_greedy", weight=2, core=True)
def test_trees_at_random(student, rng):
    for _ in range(6):
        choices = random_choices(rng, 4, 3, 16)
        tree = built(choices, 3)
        n = len(choices) + 1
        tokens = torch.zeros(n, dtype=torch.int64)
        names = [(), *sorted(choices, key=lambda path: (len(path), path))]
        for i, name in enumerate(names):  # siblings have different tokens
            tokens[i] = (7 * sum(name[:-1]) + (name[-1] if name else 0)) % 6
        logits = torch.tensor(rng.normal(size=(n, 8)))
        leaf = tree["paths"][int(rng.integers(len(tree["paths"])))].tolist()
        for above, node in itertools.pairwise(leaf):
            if node >= 0 and rng.random() < 0.8:
                logits[above, tokens[node]] += 9
        nodes, token = walked(logits, tokens, tree)
        got = student.accept_greedy(logits, tokens, tree)
        accepted(got, nodes, token, "accept_greedy, 17 nodes at random", STEP_5)


@pytest.mark.task("accept_greedy", weight=2, core=True)
def test_paths_of_unequal_length(student):
    # The short path 0 2 is padded. Token 0, and the last node's, are no part of it.
    for what, tokens, wanted, nodes in (
        ("a short path, the model wants token 0 below it",
         [9, 3, 4, 5, 6], [4, 1, 0, 0, 0], [0, 2]),
        ("a short path, the model wants the last node's token below it",
         [9, 3, 4, 5, 6], [4, 6, 6, 6, 6], [0, 2]),
        ("the model wants token 0 everywhere",
         [0, 1, 0, 2, 3], [0, 0, 0, 0, 0], [0, 2]),
        ("the model wants the root's token below a short path",
         [9, 3, 4, 5, 6], [4, 9, 9, 9, 9], [0, 2]),
    ):  # fmt: skip
        ask(student, what, SMALL, tokens, wanted, nodes, PADDING)
    tree = [(0,), (1,), (2,), (1, 0), (1, 0, 0), (1, 0, 1)]
    tokens, wanted = [5, 1, 2, 0, 0, 0, 4], [1, 0, 0, 0, 0, 0, 0]
    ask(student, "three lengths, token 0 wanted", tree, tokens, wanted, [0, 1], PADDING)


@pytest.mark.task("accept_greedy")
def test_several_longest_paths(student):
    for what, tokens, wanted, nodes in (
        ("two leaves with the same token", [9, 3, 4, 5, 5], [3, 5, 1, 1, 1], [0, 1, 3]),
        ("two nodes with the same token", [9, 3, 3, 5, 6], [3, 1, 1, 1, 1], [0, 1]),
        ("the second of two is longer", [9, 3, 3, 5, 6], [3, 6, 1, 1, 1], [0, 1, 4]),
    ):
        ask(student, what, SMALL, tokens, wanted, nodes, TIES)
    tree = [(0,), (1,), (0, 0), (1, 0)]
    ask(student, "the first node is a dead end", tree, [9, 3, 3, 5, 6],
        [3, 1, 6, 1, 2], [0, 2, 4], STEP_5)  # fmt: skip
    ask(student, "two branches of the same tokens", tree, [9, 3, 3, 5, 5],
        [3, 5, 5, 1, 2], [0, 1, 3], TIES)  # fmt: skip


@pytest.mark.task("accept_greedy")
def test_other_logits(student):
    tree, tokens = built(SMALL, 5), torch.tensor([9, 3, 4, 5, 6])
    logits = torch.full((5, 12), -INF)
    logits[torch.arange(5), torch.tensor([3, 6, 0, 0, 11])] = -3e38
    kept = student.keep(logits)
    got = student.accept_greedy(kept, tokens, tree)
    unchanged(student, [kept], [logits], "accept_greedy, logits of -inf")
    accepted(got, [0, 1, 4], 11, "accept_greedy, logits of -inf", STEP_5)
    logits = torch.zeros(5, 12)
    got = student.accept_greedy(logits, torch.tensor([9, 3, 0, 5, 6]), tree)
    look = "Before task 1: of equal logits that of the smaller token counts as larger."
    accepted(got, [0, 2], 0, "accept_greedy, all logits are equal", look)
    logits[0, [3, 4]], logits[1, [2, 8]] = 1.0, 1.0
    got = student.accept_greedy(logits, tokens, tree)
    accepted(got, [0, 1], 2, "accept_greedy, two largest logits", look)
    close = points_at([3, 6, 1, 1, 7], 12, 1.0).double()
    close[:, 0] = 1 - 1e-12
    for what, rows in (("float64, nearly equal", close), ("of 1e-30", close * 1e-30)):
        got = student.accept_greedy(rows, tokens, tree)
        accepted(got, [0, 1, 4], 7, f"accept_greedy, logits {what}", STEP_5)


@pytest.mark.task("accept_greedy")
def test_only_the_root_and_whole_ragged_trees(student):
    got = student.accept_greedy(points_at([0], 3), torch.tensor([2]), built([], 5))
    accepted(got, [0], 0, "accept_greedy, only the root", CONTRACT)
    tree = built(RAGGED, 5)
    tokens = torch.arange(11) + 1
    for path in tree["paths"].tolist():
        way = [node for node in path if node >= 0]
        wanted = [0] * 11
        for above, node in itertools.pairwise(way):
            wanted[above] = node + 1
        got = student.accept_greedy(points_at(wanted, 12), tokens, tree)
        where = f"accept_greedy, leaves of all depths, a path of {len(way)} nodes"
        accepted(got, way, 0, where, PADDING)
    logits = points_at([1] * 11, 12)
    kept = [view(student, logits), view(student, tokens)]
    held, where = student.keep(tree), "accept_greedy, arguments that are views"
    got = student.accept_greedy(*kept, held)
    unchanged(student, kept, (logits, tokens), where)
    same_tree(student, held, tree, where)
    accepted(got, [0], 1, where, CONTRACT)
    chain = [(0,) * d for d in range(1, 9)]
    ask(student, "a chain of eight", chain, [*range(9)], [*range(1, 10)], [*range(9)])
