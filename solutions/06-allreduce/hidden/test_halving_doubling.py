"""Hidden tests of `halving_doubling`."""

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
    sizes,
    uneven,
    untouched,
)


def halving_traffic(length, n):
    """Return messages of every link and elements sent by every rank."""
    p = 1 << (n.bit_length() - 1)
    s, found, sent = sizes(length, p), {}, [0] * n
    for r in range(p, n):
        found[r, r - p] = found[r - p, r] = 1
        sent[r] += length
        sent[r - p] += length
    for r in range(p):
        d = 1
        while d < p:
            found[r, r ^ d] = 2  # once in halving, once in doubling
            for c in (r, r ^ d):  # doubling sends our group, halving the partner's
                sent[r] += sum(s[c // d * d : c // d * d + d])
            d *= 2
    return found, sent


# --- 6. halving_doubling ------------------------------------------------------------


@pytest.mark.task("halving_doubling", weight=3, core=True)
def test_halving_adds_in_pairs(ranks, rng):
    cases = [(f"n = {n}", "sum", uneven(rng, n, (46,))) for n in (2, 4, 8)]
    # Multiples of the smallest number: half of an odd one is rounded.
    tiny = rng.integers(-99, 99, (4, 46)) * 2.0**-1074
    cases.append(("mean of subnormals, n = 4", "mean", list(tiny)))
    check_all(ranks, "halving_doubling", cases, "Chapter, step 6: halve, double.")


@pytest.mark.task("halving_doubling", weight=3, core=True)
def test_halving_folds_what_is_no_power_of_two(ranks, rng):
    cases = [("sum", n) for n in (3, 6, 7)] + [("mean", 5)]
    cases = [(f"{op}, n = {n}", op, uneven(rng, n, (38,))) for op, n in cases]
    check_all(ranks, "halving_doubling", cases, "Chapter, step 6: fold, unfold.")


def plan(length, n):
    """Return what each rank sends, the messages of each link, and the steps."""
    messages, sent = halving_traffic(length, n)
    levels = n.bit_length() - 1
    return sent, messages, 2 * levels + 2 * (n > 1 << levels)


@pytest.mark.task("halving_doubling", weight=3, core=True)
def test_halving_meets_its_byte_budget_exactly(ranks, rng):
    look = "Chapter, step 6: half, a quarter, ... and back."
    check_counts(
        ranks,
        "halving_doubling",
        rng,
        [(4, 10), (8, 12), (6, 7), (3, 4), (2, 5)],
        plan,
        look,
    )


@pytest.mark.task("halving_doubling")
def test_halving_exchanges_empty_halves_too(ranks, rng):
    look = "Chapter, step 6: the same messages, whatever the length."
    check_counts(ranks, "halving_doubling", rng, [(8, 5), (4, 0)], plan, look)


@pytest.mark.task("halving_doubling", weight=2)
def test_halving_of_every_shape(ranks, rng):
    check_shapes(ranks, "halving_doubling", rng, "Chapter, step 6: the shape of x.")


@pytest.mark.task("halving_doubling", weight=2)
def test_halving_with_each_op_and_dtype(ranks, rng):
    check_dtypes(ranks, "halving_doubling", rng, "Chapter, step 6: op and dtype.")


@pytest.mark.task("halving_doubling")
def test_halving_passes_on_nan_infinity_and_signed_zeros(ranks):
    check_odd_values(ranks, "halving_doubling", "Chapter, step 6.")


@pytest.mark.task("halving_doubling", weight=2)
def test_halving_of_few_elements_or_ranks(ranks, rng):
    check_small(ranks, "halving_doubling", rng, "Chapter, step 6: empty chunks.")


@pytest.mark.task("halving_doubling", weight=4, core=True)
def test_halving_on_links_that_hold_little(ranks, rng):
    look = "Chapter, step 6: who receives while both partners send?"
    check_links(ranks, "halving_doubling", rng, (4, 7), look)


@pytest.mark.task("halving_doubling")
def test_halving_uses_no_other_link(ranks, rng):
    used, _ = halving_traffic(10, 5)
    check_dead_links(ranks, "halving_doubling", rng, 5, used, "Chapter, step 6.")


@pytest.mark.task("halving_doubling")
def test_halving_leaves_its_input_alone(ranks, rng):
    look = "Chapter, step 6: a new array, on one rank too."
    for n, op in ((3, "sum"), (4, "mean"), (1, "sum")):
        untouched(ranks, "halving_doubling", uneven(rng, n, (6,)), op, look)


@pytest.mark.task("halving_doubling")
def test_halving_refuses_what_the_combiner_refuses(ranks):
    check_refusals(ranks, "halving_doubling", "Chapter, step 6.", (1, 3))
