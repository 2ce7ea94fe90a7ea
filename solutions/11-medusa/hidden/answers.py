"""What the hidden tests of this lesson share: words, trees, comparisons."""

import numpy as np
import torch

from autograder.student.testing import check

CONTRACT = "The contract."
INF = float("inf")

#: From the chapter: node 0 is the root, then (0,), (1,), (0, 0), (0, 1).
SMALL = [(0,), (1,), (0, 0), (0, 1)]
#: Leaves of all depths: (0, 0, 1), (0, 2), (1, 0, 0), (2,), (4, 0).
RAGGED = [(0,), (1,), (2,), (4,), (0, 0), (0, 2), (1, 0), (4, 0), (0, 0, 1), (1, 0, 0)]


def step(number, what=""):
    """Point to a step of the chapter."""
    return f"Chapter, step {number}{': ' + what if what else '.'}"


def seeded(rng):
    """Return a generator of torch's that the test's own seeds."""
    return torch.Generator().manual_seed(int(rng.integers(2**31)))


def built(choices, topk):
    """Build a tree's buffers by asking of each pair of nodes which begins the other.

    Shares no step with the reference but the order of the choices.
    """
    nodes = [(), *sorted(map(tuple, choices), key=lambda path: (len(path), path))]
    mask = [[b == a[: len(b)] for b in nodes] for a in nodes]
    place = [1 + topk * (len(a) - 1) + a[-1] if a else 0 for a in nodes]
    last = [a for a in nodes if sum(b[: len(a)] == a for b in nodes) == 1]
    width = 1 + max(map(len, nodes))
    paths = []
    for leaf in sorted(last):
        way = [nodes.index(leaf[:d]) for d in range(len(leaf) + 1)]
        paths.append(way + [-1] * (width - len(way)))
    return {
        "mask": torch.tensor(mask),
        "place": torch.tensor(place),
        "depth": torch.tensor([len(a) for a in nodes]),
        "paths": torch.tensor(paths),
    }


def random_choices(rng, heads, topk, nodes):
    """Grow a tree by nodes at random places."""
    grown = [()]
    while len(grown) <= nodes:
        at = grown[int(rng.integers(len(grown)))]
        new = (*at, int(rng.integers(topk)))
        if len(new) <= heads and new not in grown:
            grown.append(new)
    return [grown[i] for i in rng.permutation(len(grown)) if grown[i]]


def same_ints(got, want, where, look=CONTRACT, kind="int64", axes=("row", "column")):
    """Compare whole numbers or truths exactly, and the dtype; a tensor wants one."""
    check.close(got, want, where=where, look=look, dtype=kind, axis_names=axes)


def accepted(got, nodes, token, where, look):
    """Compare what an acceptance function returned: (nodes, token)."""
    evidence = f"returned {check.show(got)}, not (list of nodes, token)"
    good = isinstance(got, tuple) and len(got) == 2
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    check.equal(got[0], nodes, where=f"{where}: the accepted nodes", look=look)
    check.equal(got[1], token, where=f"{where}: the token that follows", look=look)


def points_at(tokens, vocab, size=9.0):
    """Return logits that are largest at one token each."""
    rows = torch.zeros(len(tokens), vocab)
    rows[torch.arange(len(tokens)), torch.tensor(tokens)] = size
    return rows


def view(student, tensor):
    """Keep equal numbers there that do not lie in memory in their order.

    Tensors cross the wall in C order, so the axes are exchanged on the other side.
    """
    if tensor.ndim == 1:
        return student.part(student.keep(torch.stack([tensor] * 2, 1)), "T", 0)
    return student.part(student.keep(tensor.mT.contiguous()), "mT")


def same_tree(student, handle, tree, where):
    """Look whether a tree that was kept there holds what it held, and nothing else."""
    after = student.fetch(handle)
    check.equal(sorted(after), sorted(tree), where=f"{where}: the tree", look=CONTRACT)
    for key, value in tree.items():
        check.unchanged(np.asarray(after[key]), value.numpy(), where=f"{where}: {key}",
                        look=CONTRACT)  # fmt: skip


def unchanged(student, handles, before, where):
    """Look whether arguments that were kept there are as they were."""
    for handle, value in zip(handles, before, strict=True):
        check.unchanged(np.asarray(student.fetch(handle)), np.asarray(value),
                        where=f"{where}: its arguments", look=CONTRACT)  # fmt: skip
