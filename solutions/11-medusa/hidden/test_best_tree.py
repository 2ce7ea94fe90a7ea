"""Hidden tests of `best_tree`: against all trees, ties, and trees that are large."""

import itertools
import math

import pytest
from hidden.answers import CONTRACT, step

from autograder.student.testing import check

STEP_7 = step(7, "the most probable nodes, as many as the budget allows.")
TIES = "The contract: the less deep node first, then the smaller ranks."


def value(accuracy, path):
    """Return how often a node is right."""
    return math.prod(accuracy[k][r] for k, r in enumerate(path))


def all_nodes(accuracy):
    """Return every node of the full tree."""
    ranks = range(len(accuracy[0]))
    depths = range(1, len(accuracy) + 1)
    return [p for depth in depths for p in itertools.product(ranks, repeat=depth)]


def brute(accuracy, budget):
    """Return the greatest expected length of all trees, by trying each of them."""
    best, nodes = 1.0, all_nodes(accuracy)
    for size in range(min(budget, len(nodes)) + 1):
        for chosen in itertools.combinations(nodes, size):
            if all(len(p) == 1 or p[:-1] in chosen for p in chosen):
                best = max(best, 1 + sum(value(accuracy, p) for p in chosen))
    return best


def sorted_out(accuracy, budget):
    """Return the contract's tree: all nodes sorted, the first of them taken."""
    nodes = [p for p in all_nodes(accuracy) if value(accuracy, p) > 0]
    nodes.sort(key=lambda p: (-value(accuracy, p), len(p), p))
    return sorted(nodes[:budget], key=lambda p: (len(p), p))


def ask(student, what, accuracy, budget, look=STEP_7):
    """Compare the tree and its length."""
    got, where = student.best_tree(accuracy, budget), f"best_tree, {what}"
    good = isinstance(got, tuple) and len(got) == 2
    said = f"returned {check.show(got)}, not (choices, length)"
    check.true(good, where=where, evidence=said, look=CONTRACT)
    choices = sorted_out(accuracy, budget)
    check.equal(got[0], choices, where=f"{where}: the choices", look=look)
    length = 1 + sum(value(accuracy, p) for p in choices)
    where, said = f"{where}: the length", f"got {check.show(got[1])}, not a float"
    check.true(isinstance(got[1], float), where=where, evidence=said, look=CONTRACT)
    check.close(got[1], length, rtol=1e-12, where=where, look=look)


@pytest.mark.task("best_tree", weight=2, core=True)
def test_no_tree_is_better(student, rng):
    for heads, ranks, budgets in ((2, 2, range(7)), (3, 2, (3, 4)), (2, 3, (2, 4, 5))):
        accuracy = rng.dirichlet([1.0] * (ranks + 1), heads)[:, :ranks].tolist()
        for budget in budgets:
            got = student.best_tree(accuracy, budget)
            where = f"best_tree, {heads} heads, {ranks} ranks, budget {budget}"
            best = brute(accuracy, budget)
            check.close(got[1], best, rtol=1e-12, look=STEP_7,
                        where=f"{where}: the length, against all trees")  # fmt: skip
            found = 1 + sum(value(accuracy, p) for p in got[0])
            check.close(found, best, rtol=1e-12, look=STEP_7,
                        where=f"{where}: the length of its choices")  # fmt: skip
            check.at_most(len(got[0]), budget, where=where, unit="nodes", look=STEP_7)


@pytest.mark.task("best_tree", weight=2, core=True)
def test_trees_of_many_shapes(student, rng):
    for heads, ranks in ((1, 6), (3, 4), (4, 3), (5, 2)):
        accuracy = rng.dirichlet([0.7] * (ranks + 1), heads)[:, :ranks]
        accuracy = (-abs(accuracy)).copy()
        accuracy.sort(axis=1)
        accuracy = (-accuracy).tolist()
        for budget in (1, 5, 12, 40):
            what = f"{heads} heads, {ranks} ranks, budget {budget}"
            ask(student, what, accuracy, budget)


@pytest.mark.task("best_tree", weight=2, core=True)
def test_heads_that_differ(student):
    weak_then_strong = [[0.2, 0.15, 0.1], [0.9, 0.05, 0.02], [0.5, 0.3, 0.1]]
    for budget in (2, 4, 7, 11):
        ask(student, f"a weak head before strong ones, budget {budget}",
            weak_then_strong, budget)  # fmt: skip
    even = [[0.3, 0.29, 0.28], [0.3, 0.29, 0.28]]
    ask(student, "guesses that are nearly as good, budget 6", even, 6)
    sharp = [[0.9, 0.01, 0.01], [0.9, 0.01, 0.01], [0.9, 0.01, 0.01], [0.8, 0.1, 0.1]]
    ask(student, "one good guess a head, budget 6", sharp, 6)


@pytest.mark.task("best_tree")
def test_guesses_in_any_order(student, rng):
    look = "The contract: in any order."
    for budget in (1, 3, 6, 10):
        accuracy = [[0.1, 0.5, 0.05, 0.3], [0.2, 0.05, 0.6, 0.1], [0.02, 0.3, 0.1, 0.5]]
        ask(student, f"ranks out of order, budget {budget}", accuracy, budget, look)
    accuracy = rng.uniform(0, 0.3, (3, 3)).tolist()
    ask(student, "numbers at random, budget 8", accuracy, 8, look)


@pytest.mark.task("best_tree")
def test_equal_nodes(student):
    half = [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]
    quarter = [[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]]
    for budget in range(1, 9):
        ask(student, f"all accuracies 0.5, budget {budget}", half, budget, TIES)
        ask(student, f"0.5, 0.25, 0.25, budget {budget}", quarter, budget, TIES)
    ones = [[1.0, 0.5], [1.0, 0.5], [1.0, 1.0]]
    for budget in range(1, 9):
        ask(
            student, f"heads that are always right, budget {budget}", ones, budget, TIES
        )


@pytest.mark.task("best_tree")
def test_nodes_that_are_never_right(student):
    look = "The contract: a node that is never right is not taken."
    ask(student, "zeros, budget 20", [[0.5, 0.0], [0.5, 0.0]], 20, look)
    ask(student, "nothing but zeros", [[0.0, 0.0], [0.5, 0.5]], 4, look)
    ask(student, "a head that knows nothing", [[0.5, 0.2], [0.0, 0.0], [0.9, 0.1]], 9,
        look)  # fmt: skip
    ask(student, "a rank that is never right", [[0.0, 0.5], [0.0, 0.5]], 9, look)


@pytest.mark.task("best_tree")
def test_budgets(student):
    look = "The contract: the most nodes, beside the root."
    accuracy = [[0.6, 0.2], [0.4, 0.3]]
    for budget in (0, 1, 2, 5, 6, 7, 50):
        ask(student, f"2 heads of 2 ranks, budget {budget}", accuracy, budget, look)
    ask(student, "one head, one rank, budget 1", [[0.3]], 1, look)
    ask(student, "hardly ever right", [[1e-16, 1e-300]], 2, look)
    ask(student, "twelve heads", [[0.9]] * 12, 12, look)
    ask(student, "twelve ranks", [[0.05] * 12], 4, TIES)
    ask(student, "twelve ranks, all", [[0.05] * 12] * 2, 156, TIES)
    tiny = [[1e-3, 1e-4], [1e-3, 1e-4], [1e-3, 1e-4]]
    ask(student, "heads that are hardly ever right, budget 14", tiny, 14, look)
    kept = student.keep(accuracy)
    student.best_tree(kept, 3)
    check.equal(student.fetch(kept), accuracy, where="best_tree: its argument",
                look=CONTRACT)  # fmt: skip


@pytest.mark.task("best_tree")
def test_large_trees(student):
    accuracy = [[0.6 * 0.93**k * 0.6**r for r in range(10)] for k in range(12)]
    choices, length = student.best_tree(accuracy, 256)
    where = "best_tree, 12 heads, 10 ranks, budget 256"
    good = isinstance(choices, list) and len(choices) == 256
    said = f"{len(choices)} choices"
    check.true(good, where=where, evidence=said, look=CONTRACT)
    found = {tuple(p): value(accuracy, p) for p in choices}
    ordered = sorted(found, key=lambda p: (len(p), p))
    check.equal(choices, ordered, where=f"{where}: the order", look=CONTRACT)
    least = min(found.values())
    outside = max(
        value(accuracy, (*p, r))
        for p in [(), *found]
        if len(p) < 12
        for r in range(10)
        if (*p, r) not in found
    )
    said = "a node outside is more often right than one inside"
    check.true(outside <= least, where=where, evidence=said, look=STEP_7)
    check.close(length, 1 + sum(found.values()), rtol=1e-12, where=where, look=STEP_7)
