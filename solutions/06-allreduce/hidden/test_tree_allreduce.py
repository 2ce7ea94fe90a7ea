"""Hidden tests of `tree_allreduce`."""

import pytest
from hidden.collectives import (
    ask,
    check_all,
    check_counts,
    check_dead_links,
    check_dtypes,
    check_links,
    check_odd_values,
    check_refusals,
    check_shapes,
    check_small,
    uneven,
    untouched,
)

from autograder.student.testing import check


def tree_messages(n):
    """Return the edges of the tree, each used once up and once down."""
    found, d = {}, 1
    while d < n:
        for r in range(d, n, 2 * d):
            found[r, r - d] = found[r - d, r] = 1
        d *= 2
    return found


# --- 5. tree_allreduce --------------------------------------------------------------


@pytest.mark.task("tree_allreduce", weight=3, core=True)
def test_tree_adds_in_the_order_of_the_tree(ranks, rng):
    cases = [("sum", n) for n in (2, 3, 5, 7, 8)] + [("mean", 3), ("mean", 6)]
    cases = [(f"{op}, n = {n}", op, uneven(rng, n, (40,))) for op, n in cases]
    check_all(ranks, "tree_allreduce", cases, "Chapter, step 5: up, then down.")


#: The longest chain of messages, up and down the tree, by the number of ranks.
CHAINS = {2: 2, 3: 2, 4: 4, 6: 4, 7: 4, 8: 6}


def plan(length, n):
    """Return what each rank sends, the messages of each link, and the steps."""
    edges = tree_messages(n)
    sent = [length * sum(source == r for source, _ in edges) for r in range(n)]
    return sent, edges, CHAINS[n]


@pytest.mark.task("tree_allreduce", weight=3, core=True)
def test_tree_sends_whole_arrays_along_its_edges(ranks, rng):
    look = "Chapter, step 5: every edge once up and once down."
    cases = [(2, 3), (3, 2), (4, 0), (6, 3), (7, 1), (8, 3)]
    check_counts(ranks, "tree_allreduce", rng, cases, plan, look)


@pytest.mark.task("tree_allreduce", weight=2)
def test_tree_of_every_shape(ranks, rng):
    check_shapes(ranks, "tree_allreduce", rng, "Chapter, step 5: the shape of x.")


@pytest.mark.task("tree_allreduce", weight=2)
def test_tree_with_each_op_and_dtype(ranks, rng):
    check_dtypes(ranks, "tree_allreduce", rng, "Chapter, step 5: op and dtype.")


@pytest.mark.task("tree_allreduce")
def test_tree_passes_on_nan_infinity_and_signed_zeros(ranks):
    check_odd_values(ranks, "tree_allreduce", "Chapter, step 5.")


@pytest.mark.task("tree_allreduce")
def test_tree_of_few_elements_or_ranks(ranks, rng):
    check_small(ranks, "tree_allreduce", rng, "Chapter, step 5.")


@pytest.mark.task("tree_allreduce", weight=2, core=True)
def test_tree_on_links_that_hold_little(ranks, rng):
    look = "Chapter, step 5: who receives while you send?"
    check_links(ranks, "tree_allreduce", rng, (2, 6), look)
    xs = uneven(rng, 8, (3,))
    out = ask(ranks, "tree_allreduce", xs, capacity=0, latency_s=1.0)
    where = "tree_allreduce, n = 8, links that hold no message: seconds of 1 a message"
    check.at_most(out.seconds, 6.0, where=where, look="Chapter, step 5: largest first.")


@pytest.mark.task("tree_allreduce")
def test_tree_uses_no_other_link(ranks, rng):
    used = tree_messages(5)
    check_dead_links(ranks, "tree_allreduce", rng, 5, used, "Chapter, step 5.")


@pytest.mark.task("tree_allreduce")
def test_tree_leaves_its_input_alone(ranks, rng):
    look = "Chapter, step 5: a new array, on one rank too."
    for n, op in ((3, "sum"), (4, "mean"), (1, "sum")):
        untouched(ranks, "tree_allreduce", uneven(rng, n, (6,)), op, look)


@pytest.mark.task("tree_allreduce")
def test_tree_refuses_what_the_combiner_refuses(ranks):
    check_refusals(ranks, "tree_allreduce", "Chapter, step 5.")
