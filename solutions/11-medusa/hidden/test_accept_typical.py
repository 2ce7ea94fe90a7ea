"""Hidden tests of `accept_typical`: thresholds on both sides, ties, limits."""

import itertools
import math

import numpy as np
import pytest
import torch
from hidden.answers import (
    CONTRACT,
    INF,
    RAGGED,
    SMALL,
    accepted,
    built,
    random_choices,
    same_tree,
    step,
    unchanged,
    view,
)

RULE = step(6, "p > min(epsilon, delta exp(-H)).")
ENTROPY = step(6, "H = - sum p log p, in nats.")
STRICT = "The contract: not if they are equal."
TIES = "The contract: the largest product, then the first path."
ZERO = "The contract: at temperature 0 the result is that of accept_greedy."
EVEN = [0.1, 0.2, 0.3, 0.4]


def logs(rows):
    """Return logits whose softmax has these rows."""
    return torch.tensor(rows, dtype=torch.float64).log()


def entropy(p):
    """Return the entropy in nats."""
    return -sum(x * math.log(x) for x in p if x > 0)


def truth(logits, tokens, tree, temperature, epsilon=0.09, delta=0.3):
    """Return the right nodes, by looking at every node of every path."""
    rows = np.asarray(logits, float) / temperature
    p = np.exp(rows - rows.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    best = (1, 0.0, [0])
    for path in tree["paths"].tolist():
        way, likelihood = [0], 0.0
        for node in path[1:]:
            chance = p[way[-1]]
            limit = min(epsilon, delta * math.exp(-entropy(chance)))
            if node < 0 or not chance[tokens[node]] > limit:
                break
            way.append(node)
            likelihood += math.log(chance[tokens[node]])
        if len(way) > best[0] or (len(way) == best[0] and likelihood > best[1] + 1e-12):
            best = (len(way), likelihood, way)
    return best[2], int(np.argmax(np.asarray(logits)[best[2][-1]]))


def greedily(logits, tokens, tree):
    """Return the right nodes at temperature 0: the first of the longest paths."""
    best, wanted = [0], logits.argmax(dim=1).tolist()
    for path in tree["paths"].tolist():
        fits = [node >= 0 and int(tokens[node]) == wanted[above]
                for above, node in itertools.pairwise(path)]  # fmt: skip
        length = [*fits, False].index(False) + 1
        best = path[:length] if length > len(best) else best
    return best, wanted[best[-1]]


def ask(
    student, what, choices, tokens, logits, nodes, look=RULE, temperature=1.0, **more
):
    """Compare; the token that follows is that of the largest logit."""
    tokens = torch.tensor(tokens)
    got = student.accept_typical(logits, tokens, built(choices, 5), temperature, **more)
    token = int(np.argmax(logits[nodes[-1]].numpy()))
    accepted(got, nodes, token, f"accept_typical, {what}", look)


def on_one_node(student, what, p, token, is_likely, look=RULE, **more):
    """Ask for one child of the root."""
    rows = logs([p, EVEN[:1] * len(p)])
    nodes = [0, 1] if is_likely else [0]
    ask(student, what, [(0,)], [0, token], rows, nodes, look, **more)


@pytest.mark.task("accept_typical", weight=2, core=True)
def test_sharp_distributions_are_cut_at_epsilon(student):
    # exp(-H) is about 1, so 0.09 is the smaller of the two.
    for share, is_likely in ((0.085, False), (0.095, True)):
        p = [0.9 - share, share, 0.1]
        assert 0.3 * math.exp(-entropy(p)) > 0.1
        what = f"a token of {share}, the first of which has {p[0]:.3f}"
        on_one_node(student, what, p, 1, is_likely)
    p = [0.82, 0.18]
    on_one_node(student, "epsilon 0.17, a token of 0.18", p, 1, True, epsilon=0.17)
    on_one_node(student, "epsilon 0.185, a token of 0.18", p, 1, False, epsilon=0.185)
    on_one_node(student, "epsilon 0.5, delta 0.1", p, 1, True, epsilon=0.5, delta=0.1)


@pytest.mark.task("accept_typical", weight=2, core=True)
def test_flat_distributions_are_cut_at_the_entropy(student):
    # 40 tokens: exp(-H) is about 1/40, so the limit is 0.0075 or so, far below 0.09.
    for share, is_likely in ((0.0065, False), (0.0085, True)):
        p = [share, *[(1 - share) / 39] * 39]
        limit = 0.3 * math.exp(-entropy(p))
        assert (share > limit) == is_likely
        on_one_node(student, f"a token of {share} among 40", p, 0, is_likely, ENTROPY)
    even = [1 / 20] * 20
    on_one_node(student, "20 equal tokens", even, 7, True, ENTROPY)
    on_one_node(
        student, "20 equal tokens, delta 1.1", even, 7, False, ENTROPY, delta=1.1
    )
    sure = logs([[0.576, 0.212, 0.212], EVEN[:3]])
    ask(
        student, "delta 1.6", [(0,)], [0, 0], sure, [0], ENTROPY, epsilon=1.0, delta=1.6
    )
    two = [0.3, *[0.1] * 7]
    near = math.exp(-entropy(two))
    for delta in (0.0997 / near, 0.1003 / near):
        what, is_likely = f"8 tokens, delta {delta:.4f}", delta * near < 0.1
        on_one_node(student, what, two, 3, is_likely, ENTROPY, epsilon=0.9, delta=delta)


@pytest.mark.task("accept_typical", weight=2, core=True)
def test_longest_and_likeliest_paths(student):
    tokens = [0, 1, 2, 3, 4]
    p = [[0.1, 0.5, 0.2, 0.1, 0.1], [0.2, 0.1, 0.1, 0.4, 0.2], [0.2] * 5, [0.2] * 5,
         [0.2] * 5]  # fmt: skip
    ask(student, "all is likely", SMALL, tokens, logs(p), [0, 1, 3])
    p[1] = [0.2, 0.1, 0.1, 0.2, 0.4]
    ask(student, "the second leaf is the likelier", SMALL, tokens, logs(p), [0, 1, 4])
    p[0] = [0.1, 0.2, 0.5, 0.1, 0.1]
    ask(student, "the longer path is less likely", SMALL, tokens, logs(p), [0, 1, 4])
    p[1] = [0.9, 0.08, 0.01, 0.005, 0.005]
    look = step(6, "of equally long paths the likelier.")
    ask(student, "paths of one node each", SMALL, tokens, logs(p), [0, 2], look)
    p[0] = [0.9, 0.05, 0.03, 0.01, 0.01]
    ask(student, "nothing is likely", SMALL, tokens, logs(p), [0])
    p[1] = [0.2, 0.1, 0.1, 0.4, 0.2]
    ask(student, "leaves are likely below a node that is not", SMALL, tokens, logs(p),
        [0])  # fmt: skip


@pytest.mark.task("accept_typical", weight=2, core=True)
def test_likely_paths_of_trees_at_random(student, rng):
    for temperature in (1.0, 0.6, 1.7):
        for _ in range(3):
            choices = random_choices(rng, 3, 4, 20)
            tree, n = built(choices, 4), len(choices) + 1
            logits = torch.tensor(1.5 * rng.normal(size=(n, 8)))
            tokens = torch.tensor(rng.integers(8, size=n))
            nodes, token = truth(logits, tokens, tree, temperature)
            got = student.accept_typical(logits, tokens, tree, temperature)
            where = f"accept_typical, 21 nodes at random, temperature {temperature}"
            accepted(got, nodes, token, where, RULE)


@pytest.mark.task("accept_typical", weight=1)
def test_close_to_the_threshold(student):
    p = [0.3, *[0.1] * 7]
    on_one_node(student, "epsilon 0.9, delta 0.3 by default", p, 3, True, epsilon=0.9)
    for p in ([0.3, *[0.1] * 7], [0.4, 0.35, 0.25], [0.9, 0.06, 0.04]):
        near = math.exp(-entropy(p))
        for excess, is_likely in ((-1e-6, True), (1e-6, False)):
            delta = p[-1] * (1 + excess) / near
            what = f"{len(p)} tokens, a millionth beside the limit"
            on_one_node(student, what, p, len(p) - 1, is_likely, ENTROPY, epsilon=0.9,
                        delta=delta)  # fmt: skip


@pytest.mark.task("accept_typical", weight=1)
def test_entropies_that_are_exact(student):
    # Small numbers inside the logarithm, and floors below p, move both by 1e-9 or more.
    two = torch.tensor([[0.0, 0.0, *[-INF] * 298], [0.0] * 300]).double()
    for rows in (torch.zeros(2, 300).double(), two):
        tokens = int((rows[0] > -INF).sum())
        for excess, nodes in ((-1e-10, [0, 1]), (1e-10, [0])):
            what = f"{tokens} equal tokens of 300, delta 1{excess:+}"
            ask(student, what, [(0,)], [0, 1], rows, nodes, ENTROPY, epsilon=0.9,
                delta=1 + excess)  # fmt: skip


@pytest.mark.task("accept_typical", weight=1)
def test_equal_to_the_threshold(student):
    two = [[0.0, 0.0, -INF, -INF], [0.0] * 4]  # 0.5 twice
    for what, more, is_likely in (
        ("0.5 and epsilon 0.5", {"epsilon": 0.5, "delta": 9.0}, False),
        ("0.5 and epsilon a little less", {"epsilon": 0.5 - 1e-9, "delta": 9.0}, True),
        ("0.5 and epsilon a little more", {"epsilon": 0.5 + 1e-9, "delta": 9.0}, False),
    ):
        nodes = [0, 1] if is_likely else [0]
        ask(student, what, [(0,)], [0, 1], torch.tensor(two), nodes, STRICT, **more)
    one = torch.tensor([[-INF, 0.0, -INF], [0.0, 1.0, 0.0]])
    sure = {"epsilon": 1.0, "delta": 1.0}
    ask(
        student, "a sure token, both limits 1", [(0,)], [0, 1], one, [0], STRICT, **sure
    )
    sure = {"epsilon": 1.0, "delta": 0.999}
    ask(
        student,
        "a sure token, delta 0.999",
        [(0,)],
        [0, 1],
        one,
        [0, 1],
        STRICT,
        **sure,
    )


@pytest.mark.task("accept_typical", weight=1)
def test_tokens_that_never_come(student):
    look = "The contract: where 0 log 0 is 0."
    rows = torch.tensor([[0.0, -INF, 0.2, -INF], [0.0, 0.1, 0.2, 0.3], [0.0] * 4])
    for tokens, nodes in (([0, 2, 1], [0, 1]), ([0, 1, 3], [0]), ([0, 1, 0], [0, 2])):
        what = f"logits of -inf, tokens {tokens[1]} and {tokens[2]}"
        ask(student, what, [(0,), (1,)], tokens, rows, nodes, look)
        ask(student, f"{what}, both limits 0", [(0,), (1,)], tokens, rows, nodes, look,
            epsilon=0.0, delta=0.0)  # fmt: skip
    deep = torch.tensor([[-5e4, -INF, -5e4, -INF], [-5e4, -INF, -INF, -INF]])
    what = "logits of -50,000 and -inf, both limits 0"
    ask(student, what, [(0,)], [0, 1], deep, [0], look, epsilon=0.0, delta=0.0)
    tiny = torch.tensor(
        [[0.0, -460, -900], [-450, -460, 0], [0, 0, 1], [0, 1, 0]]
    ).double()
    tree = [(0,), (1,), (0, 0)]
    ask(student, "tokens of 1e-200, both limits 0", tree, [0, 1, 0, 1], tiny, [0, 1, 3],
        look, epsilon=0.0, delta=0.0)  # fmt: skip
    ask(student, "tokens of 1e-200, delta 0", tree, [0, 1, 0, 0], tiny, [0, 1, 3],
        look, delta=0.0)  # fmt: skip


@pytest.mark.task("accept_typical", weight=1)
def test_equally_long_paths(student):
    fork, tokens = [(0,), (1,), (0, 0), (1, 0)], [0, 1, 2, 3, 4]
    p = [[0.2] * 5, [0.1, 0.1, 0.1, 0.3, 0.4], [0.1, 0.1, 0.1, 0.4, 0.3], [0.2] * 5,
         [0.2] * 5]  # fmt: skip
    ask(student, "two paths of equal products", fork, tokens, logs(p), [0, 1, 3], TIES)
    p[0] = [0.2, 0.2, 0.3, 0.15, 0.15]
    ask(student, "the second path is likelier", fork, tokens, logs(p), [0, 2, 4], TIES)
    p[0] = [0.1, 0.4, 0.3, 0.1, 0.1]
    p[1], p[2] = [0.3, 0.2, 0.2, 0.12, 0.18], [0.1, 0.1, 0.1, 0.1, 0.6]
    what = "the second path has the larger product, not the larger first factor"
    ask(student, what, fork, tokens, logs(p), [0, 2, 4], TIES)
    p[1], p[2] = [0.1, 0.1, 0.1, 0.5, 0.2], [0.1, 0.1, 0.1, 0.15, 0.55]
    what = "the first path has the larger product, not the larger last factor"
    ask(student, what, fork, tokens, logs(p), [0, 1, 3], TIES)
    p[0] = [0.05, 0.6, 0.3, 0.03, 0.02]
    p[1], p[2] = [0.3, 0.3, 0.2, 0.1, 0.1], [0.3, 0.2, 0.1, 0.1, 0.3]
    what = "the second path has the larger product, not the larger sum"
    ask(student, what, fork, tokens, logs(p), [0, 2, 4], TIES)
    small = torch.zeros(5, 5, dtype=torch.float64)
    small[:, 0] = 600.0
    small[1, 3], small[2, 4] = 20.0, 21.0  # products of e^-1180 and e^-1179
    ask(student, "products that are too small for float64", fork, tokens, small,
        [0, 2, 4], TIES, epsilon=0.0)  # fmt: skip
    for more in (1e-6, 1e-8, 1e-12):
        rows = torch.tensor([[0.0, more], [0, 0], [0, 0]]).double()
        what = f"two guesses, the second likelier by {more}"
        ask(student, what, [(0,), (1,)], [0, 0, 1], rows, [0, 2], TIES)
    pair = 1.95 + 2.0**-23 * torch.tensor([1.0, 2.0])  # float32 / 1.9 is one number
    for more, temperature in ((torch.tensor([0.0, 1e-8]), 1.0), (pair, 1.9)):
        rows = torch.stack([more, more, more]).float()
        what = f"the second likelier, float32 cannot tell, temperature {temperature}"
        ask(student, what, [(0,), (1,)], [0, 0, 1], rows, [0, 2], TIES, temperature)
    rows = torch.tensor([[-INF, 0.0, 1.0], [0, 0, 0], [0, 0, 0]])
    what = "the root's own token never comes"
    ask(student, what, [(0,), (1,)], [0, 1, 2], rows, [0, 2], TIES)
    same = [(0,), (1,)]
    rows = logs([[0.2, 0.4, 0.4], [0.2, 0.3, 0.5], [0.5, 0.3, 0.2]])
    ask(student, "two equal tokens", same, [0, 1, 2], rows, [0, 1], TIES)
    rows = logs([[0.05, 0.9, 0.05], [0.2, 0.3, 0.5], [0.5, 0.3, 0.2]])
    ask(student, "the same token twice", same, [0, 1, 1], rows, [0, 1], TIES)


@pytest.mark.task("accept_typical", weight=2, core=True)
def test_temperatures(student):
    look = step(6, "p is the softmax of logits / temperature.")
    p = [[0.5, 0.3, 0.12, 0.08], [0.25] * 4]
    for temperature, is_likely in ((2.0, True), (1.0, False), (0.5, False)):
        nodes, what = [0, 1] if is_likely else [0], f"temperature {temperature}"
        ask(student, what, [(0,)], [0, 3], logs(p), nodes, look, temperature)
    p = [[0.6, 0.2, 0.1, 0.1], [0.1, 0.4, 0.3, 0.2], [0.25] * 4]
    for temperature, nodes in ((0.3, [0]), (0.8, [0, 1, 2])):
        what = f"a chain, temperature {temperature}"
        chain = [(0,), (0, 0)]
        ask(student, what, chain, [0, 1, 3], logs(p), nodes, look, temperature)


@pytest.mark.task("accept_typical", weight=1)
def test_likelihood_at_a_temperature(student):
    fork, tokens = [(0,), (1,), (0, 0), (1, 0)], [0, 0, 1, 0, 0]
    p = [[0.3, 0.3, 0.2, 0.2], [0.4, 0.2, 0.2, 0.2], [0.42, 0.57, 0.005, 0.005]]
    rows = logs([*p, EVEN, EVEN])
    look = step(6, "p, in the product as well, is the softmax of logits / temperature.")
    for temperature, nodes in ((0.5, [0, 1, 3]), (1.0, [0, 2, 4])):
        what = f"two branches, temperature {temperature}"
        ask(student, what, fork, tokens, rows, nodes, look, temperature)


@pytest.mark.task("accept_typical", weight=1)
def test_temperature_zero(student, rng):
    tree = built(RAGGED, 5)
    for _ in range(3):
        tokens = torch.tensor(rng.integers(4, size=11))
        logits = torch.tensor(rng.normal(size=(11, 4)))
        nodes, token = greedily(logits, tokens, tree)
        for temperature in (0, 0.0):
            got = student.accept_typical(logits, tokens, tree, temperature)
            where = f"accept_typical, temperature {temperature}"
            accepted(got, nodes, token, where, ZERO)
    even = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    what = "temperature 0.001, which is not 0, equal logits"
    ask(student, what, [(0,)], [0, 1], even, [0, 1], ZERO, 0.001)
    what = "temperature 1e-300, which is not 0, equal logits"
    ask(student, what, [(0,)], [0, 1], even, [0, 1], ZERO, 1e-300)
    for temperature in (1e-5, 1e-9):
        near = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]).double()
        near[0, 1] -= 10 * temperature
        what = f"temperature {temperature}"
        ask(student, what, [(0,)], [0, 1], near, [0], RULE, temperature)
    flat = torch.zeros(11, 4)
    got = student.accept_typical(flat, torch.tensor([1] * 11), tree, 0.0)
    accepted(got, [0], 0, "accept_typical, temperature 0, equal logits", ZERO)
    again = torch.tensor([[3.0, 1, 0, 0], [0, 0, 3, 0], [0, 3, 0, 0]])
    got = student.accept_typical(
        again, torch.tensor([0, 0, 0]), built([(0,), (1,)], 5), 0
    )
    accepted(got, [0, 1], 2, "accept_typical, temperature 0, one token twice", ZERO)


@pytest.mark.task("accept_typical", weight=1)
def test_other_trees_and_numbers(student):
    rows = torch.tensor([[0.0, 3e4, 2.9e4], [2e4, 0.0, 0.0], [1e4, 1e4, 0]])
    ask(student, "large logits", [(0,), (0, 0)], [0, 1, 0], rows, [0, 1, 2])
    ask(student, "large logits, small temperature", [(0,), (0, 0)], [0, 1, 0], rows,
        [0, 1, 2], RULE, 0.01)  # fmt: skip
    ask(student, "only the root", [], [1], rows[:1], [0], CONTRACT)
    zeros = logs([[0.4, 0.3, 0.3], [0.5, 0.3, 0.2], [0.9, 0.05, 0.05], [0.2, 0.2, 0.6],
                  [0.3, 0.3, 0.4]])  # fmt: skip
    look = step(6, "-1 in paths is no node.")
    ask(student, "a short path, token 0 is likely", SMALL, [1, 1, 0, 2, 2],
        logs([[0.9, 0.05, 0.05], *zeros[1:].exp().tolist()]), [0, 2], look)  # fmt: skip
    what = "a short path, the last node's token is likely"
    ask(student, what, SMALL, [1, 1, 0, 2, 0],
        logs([[0.9, 0.05, 0.05], *zeros[1:].exp().tolist()]), [0, 2], look)  # fmt: skip
    ask(student, "temperature 9", [(0,)], [0, 1],
        logs([[0.2, 0.3, 0.5], [0.1, 0.7, 0.2]]), [0, 1], CONTRACT, 9.0)  # fmt: skip
    hot = torch.tensor([[0.0, 3, 1], [1, 2, 5]]).double()
    look = "The contract: the largest logit, also where all p are equal."
    for what, tokens, nodes in (("", [0, 2], [0, 1]), (", epsilon 1", [0, 2], [0])):
        limits = {"epsilon": 1.0, "delta": 2.0} if len(nodes) == 1 else {}
        ask(student, f"temperature 1e18{what}", [(0,)], tokens, hot, nodes, look, 1e18,
            **limits)  # fmt: skip
    tokens, tree = torch.tensor([0, 1, 2, 3, 4]), built(SMALL, 5)
    for kind in (torch.float32, torch.float64):
        logits = (torch.arange(25) % 7).reshape(5, 5).to(kind)
        kept = [view(student, logits), view(student, tokens)]
        held = student.keep(tree)
        where = f"accept_typical, arguments that are views, {kind}"
        got = student.accept_typical(*kept, held, 0.7)
        unchanged(student, kept, (logits, tokens), where)
        same_tree(student, held, tree, where)
        accepted(got, *truth(logits, tokens, tree, 0.7), where, CONTRACT)
