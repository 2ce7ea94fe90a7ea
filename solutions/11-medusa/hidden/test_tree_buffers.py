"""Hidden tests of `tree_buffers`: each buffer of many trees, and refusals."""

import pytest
from hidden.answers import (
    CONTRACT,
    RAGGED,
    SMALL,
    built,
    random_choices,
    same_ints,
    step,
)

from autograder.student.testing import check

LOOKS = {
    "mask": step(3, "a node sees itself, its ancestors and the root."),
    "place": step(3, "1 + topk (depth - 1) + rank."),
    "depth": step(3, "the root has depth 0."),
    "paths": step(3, "a row for each leaf, in the order of ranks, then -1."),
}
AXES = {
    "mask": ("node", "seen node"),
    "place": ("node", ""),
    "depth": ("node", ""),
    "paths": ("leaf", "depth"),
}
TREES = (
    ("the tree of the chapter", SMALL, 3, 4),
    ("leaves of several depths", RAGGED, 4, 6),
    ("a chain", [(1,), (1, 2), (1, 2, 0), (1, 2, 0, 3)], 5, 4),
    ("a star", [(0,), (1,), (2,), (3,)], 2, 5),
    ("2, then 3 below each", [(a,) for a in range(2)]
     + [(a, b) for a in range(2) for b in range(3)], 3, 10),
)  # fmt: skip


def ask(student, name, trees):
    """Compare one buffer of each tree."""
    for what, choices, heads, topk in trees:
        got = student.tree_buffers(choices, heads, topk)
        where = f"tree_buffers, {what}"
        good = isinstance(got, dict) and got.keys() == AXES.keys()
        told = check.show(list(got) if isinstance(got, dict) else got)
        said = f"returned {told}, expected a dict of {', '.join(AXES)}"
        check.true(good, where=where, evidence=said, look=CONTRACT)
        kind = "bool" if name == "mask" else "int64"
        same_ints(got[name], built(choices, topk)[name], f"{where}: {name}",
                  LOOKS[name], kind, AXES[name])  # fmt: skip


def grown(rng, name, student):
    """Compare one buffer of trees that grew at random."""
    for heads, topk, nodes in ((3, 4, 12), (5, 3, 30), (2, 10, 20)):
        choices = random_choices(rng, heads, topk, nodes)
        choices.sort(key=lambda path: (len(path), path))
        ask(student, name, [(f"{nodes} nodes at random", choices, heads + 1, topk)])


@pytest.mark.task("tree_buffers", weight=2, core=True)
def test_masks(student, rng):
    ask(student, "mask", TREES)
    grown(rng, "mask", student)


@pytest.mark.task("tree_buffers", weight=2, core=True)
def test_places_of_tokens(student, rng):
    ask(student, "place", TREES)
    grown(rng, "place", student)


@pytest.mark.task("tree_buffers", weight=1, core=True)
def test_depths(student, rng):
    ask(student, "depth", TREES)
    grown(rng, "depth", student)


@pytest.mark.task("tree_buffers", weight=2, core=True)
def test_paths_to_leaves(student, rng):
    ask(student, "paths", TREES)
    grown(rng, "paths", student)


@pytest.mark.task("tree_buffers")
def test_odd_trees(student, rng):
    lists = [[0], [1], [0, 11], [0, 2], [1, 0]]
    trees = (
        ("only the root", [], 3, 10),
        ("only the root, no heads", [], 0, 1),
        ("one node", [(0,)], 1, 1),
        ("a chain of seven", [(0,) * d for d in range(1, 8)], 7, 1),
        ("a star of 70", [(r,) for r in range(70)], 1, 70),
        ("one node of rank 7", [(7,)], 2, 8),
        ("one node of rank 7, more guesses", [(7,)], 1, 9),
        ("rank 49,999", [(7,), (7, 49_999)], 2, 50_000),
        ("a small tree, 5 guesses", SMALL, 3, 5),
        ("the same tree, 7 guesses", SMALL, 3, 7),
        (
            "deep siblings, the last first",
            [*[(0,) * 4 + (r,) for r in (2, 1, 0)], *[(0,) * d for d in range(1, 5)]],
            5,
            3,
        ),
        ("lists, from deep to shallow", [[0, 0, 0], [0, 0], [0]], 3, 1),
        ("ranks of two digits", lists, 2, 12),
        ("only ranks above 0", [(2,), (1,), (2, 1), (1, 2)], 2, 3),
        ("fewer levels than heads", [(1,), (0,)], 5, 2),
        ("any order", [(1, 0), (0, 2), (2,), (0,), (0, 2, 1), (1,)], 3, 3),
        ("any order, 15 nodes", random_choices(rng, 4, 3, 15), 4, 3),
    )
    for name in LOOKS:
        ask(student, name, trees)
    kept = student.keep(lists)
    student.tree_buffers(kept, 2, 12)
    where = "tree_buffers, lists: its argument"
    check.equal(student.fetch(kept), lists, where=where, look=CONTRACT)


@pytest.mark.task("tree_buffers")
def test_refused_trees(student):
    for what, choices, heads, topk in (
        ("a node without its parent", [(0,), (1, 0)], 2, 3),
        ("a node without its grandparent", [(0, 0), (0, 0, 0)], 3, 3),
        ("a grandchild without the child", [(0,), (0, 0, 0)], 3, 3),
        ("a choice that stands there twice", [(0,), (1,), (0,)], 2, 3),
        ("a list and a tuple of the same ranks", [(0,), [0]], 2, 3),
        ("an empty choice", [(), (0,)], 2, 3),
        ("only an empty choice", [()], 2, 3),
        ("rank 5 of 3", [(0,), (5,)], 2, 3),
        ("rank 3 of 3", [(0,), (3,)], 2, 3),
        ("rank 3 of 3 at depth 2", [(0,), (0, 3)], 2, 3),
        ("rank -1", [(0,), (-1,)], 2, 3),
        ("rank -1 at depth 2", [(0,), (0, -1)], 2, 3),
        ("rank 3 of 3 at depth 3", [(0,), (0, 0), (0, 0, 3)], 3, 3),
        ("rank -1 at depth 3", [(0,), (0, 0), (0, 0, -1)], 3, 3),
        ("a choice of depth 2 twice", [(0,), (0, 0), (0, 0)], 3, 3),
        (
            "a node of depth 4 without its parent",
            [(0,), (0, 0), (0, 0, 0), (0, 0, 1, 0)],
            4,
            3,
        ),
        ("depth 3 with 2 heads", [(0,), (0, 0), (0, 0, 0)], 2, 3),
        ("depth 1 without heads", [(0,)], 0, 3),
    ):
        check.raises(ValueError, student.tree_buffers, choices, heads, topk,
                     where=f"tree_buffers, {what}", look=CONTRACT)  # fmt: skip
    tree = [(2,), (2, 2)]
    ask(student, "place", [("ranks up to topk - 1", tree, 2, 3)])
    for what, *few in (("1 head", 1, 3), ("2 guesses", 2, 2)):
        check.raises(ValueError, student.tree_buffers, tree, *few,
                     where=f"tree_buffers, the same tree for {what}",
                     look=CONTRACT)  # fmt: skip
