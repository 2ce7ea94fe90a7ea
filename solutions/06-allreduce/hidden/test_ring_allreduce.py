"""Hidden tests of `ring_allreduce`."""

import pytest
from hidden.collectives import (
    check_all,
    check_counts,
    check_dead_links,
    check_dtypes,
    check_links,
    check_odd_values,
    check_refusals,
    check_shapes,
    check_small,
    ring_elements,
    ring_messages,
    uneven,
    untouched,
)

# --- 4. ring_allreduce --------------------------------------------------------------


@pytest.mark.task("ring_allreduce", weight=3, core=True)
def test_ring_adds_in_the_order_of_the_ring(ranks, rng):
    cases = [("sum", n) for n in (2, 3, 7)] + [("mean", 3), ("max", 4)]
    cases = [(f"{op}, n = {n}", op, uneven(rng, n, (43,))) for op, n in cases]
    check_all(ranks, "ring_allreduce", cases, "Chapter, step 4: both halves.")


def plan(length, n):
    """Return what each rank sends, the messages of each link, and the steps."""
    each = 2 * (n - 1)
    return ring_elements(length, n), ring_messages(n, each), each


@pytest.mark.task("ring_allreduce", weight=3, core=True)
def test_ring_meets_its_byte_budget_exactly(ranks, rng):
    look = "Chapter, step 4: 2 (n - 1) chunks a rank."
    cases = [(4, 10), (3, 12), (2, 7), (4, 1)]
    check_counts(ranks, "ring_allreduce", rng, cases, plan, look)


@pytest.mark.task("ring_allreduce")
def test_ring_sends_empty_chunks_too(ranks, rng):
    look = "Chapter, step 4: 2 (n - 1) steps, whatever the length."
    check_counts(ranks, "ring_allreduce", rng, [(5, 3), (3, 0)], plan, look)


@pytest.mark.task("ring_allreduce", weight=2)
def test_ring_of_every_shape(ranks, rng):
    check_shapes(ranks, "ring_allreduce", rng, "Chapter, step 4: the shape of x.")


@pytest.mark.task("ring_allreduce", weight=2)
def test_ring_with_each_op_and_dtype(ranks, rng):
    check_dtypes(ranks, "ring_allreduce", rng, "Chapter, step 4: op and dtype.")


@pytest.mark.task("ring_allreduce")
def test_ring_passes_on_nan_infinity_and_signed_zeros(ranks):
    check_odd_values(ranks, "ring_allreduce", "Chapter, step 4.")


@pytest.mark.task("ring_allreduce", weight=2)
def test_ring_of_few_elements_or_ranks(ranks, rng):
    check_small(ranks, "ring_allreduce", rng, "Chapter, step 4: empty chunks.")


@pytest.mark.task("ring_allreduce", weight=4, core=True)
def test_ring_on_links_that_hold_little(ranks, rng):
    look = "Chapter, step 4: who receives while all ranks send?"
    check_links(ranks, "ring_allreduce", rng, (2, 4), look)


@pytest.mark.task("ring_allreduce")
def test_ring_uses_no_other_link(ranks, rng):
    used = ring_messages(4, 6)
    check_dead_links(ranks, "ring_allreduce", rng, 4, used, "Chapter, step 4.")


@pytest.mark.task("ring_allreduce")
def test_ring_leaves_its_input_alone(ranks, rng):
    look = "Chapter, step 4: a new array, on one rank too."
    for n, op in ((3, "sum"), (2, "mean"), (1, "sum")):
        untouched(ranks, "ring_allreduce", uneven(rng, n, (6,)), op, look)


@pytest.mark.task("ring_allreduce")
def test_ring_refuses_what_the_combiner_refuses(ranks):
    check_refusals(ranks, "ring_allreduce", "Chapter, step 4.")
