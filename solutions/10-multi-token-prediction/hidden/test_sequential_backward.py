"""Hidden tests of `sequential_backward`: gradients of parallel heads, one at a time."""

import numpy as np
import pytest
from hidden.answers import CONTRACT, floats, ids, number, refused, step, tensor, view

from autograder.grading.reference import remembered
from autograder.student.proxy import StudentMemory
from autograder.student.testing import check

STEP_3 = step(3)
KEYS = {"losses", "z", "heads", "unembedding"}
ROUNDING = 1e-10


@remembered
def by_hand(z, heads, unembedding, targets, ignore=-100):
    """Return losses and gradients from the chain rule, in float64 arrays."""
    z, shared = z.double().numpy(), unembedding.double().numpy()
    losses, d_z, d_heads = [], np.zeros_like(z), []
    d_shared = np.zeros_like(shared)
    for head, wanted in zip(heads, targets, strict=True):
        head, wanted = head.double().numpy(), wanted.numpy()
        rows = np.flatnonzero(wanted != ignore)
        inner = z @ head.T
        gate = np.exp(-np.logaddexp(0, -inner))
        out = z + inner * gate
        logits = out @ shared.T
        logits -= logits.max(1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        loss, d_logits = 0.0, np.zeros_like(logits)
        if len(rows):
            loss = -logs[rows, wanted[rows]].mean()
            d_logits[rows] = np.exp(logs[rows])
            d_logits[rows, wanted[rows]] -= 1
            d_logits /= len(rows)
        d_out = d_logits @ shared
        d_inner = d_out * (gate + inner * gate * (1 - gate))
        losses.append(float(loss))
        d_shared += d_logits.T @ out
        d_heads.append(d_inner.T @ z)
        d_z += d_out + d_inner @ head
    return {"losses": losses, "z": d_z, "heads": d_heads, "unembedding": d_shared}


def keyed(got, heads, where):
    """Check that an answer has the four keys, and one entry a head."""
    check.plain(got, where, CONTRACT)
    good = type(got) is dict and got.keys() == KEYS
    evidence = f"expected a dict with the keys {', '.join(sorted(KEYS))}"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    for key in ("losses", "heads"):
        good = type(got[key]) is list and len(got[key]) == heads
        evidence = f"expected a list of {heads}, one a head"
        check.true(good, where=f"{where}: {key}", evidence=evidence, look=CONTRACT)


def losses(got, want, where, rtol=ROUNDING, exact_type=False):
    for k, (one, expected) in enumerate(
        zip(got["losses"], want["losses"], strict=True)
    ):
        at = f"{where}: loss {k}"
        if exact_type:
            number(one, expected, at, STEP_3, rtol=rtol, atol=rtol)
        check.close(one, expected, rtol=rtol, atol=rtol, where=at, look=STEP_3)


def gradients(got, want, where, tolerance=ROUNDING, dtype=None):
    pairs = [("z", got["z"], want["z"])]
    pairs += [
        (f"head {k}", one, expected)
        for k, (one, expected) in enumerate(
            zip(got["heads"], want["heads"], strict=True)
        )
    ]
    pairs.append(("unembedding", got["unembedding"], want["unembedding"]))
    for name, one, expected in pairs:
        at = f"{where}: gradient of {name}"
        tensor(one, expected, at, STEP_3, rtol=tolerance, atol=tolerance, dtype=dtype)


def drawn(rng, n, d, vocab, count):
    """Return arguments with that many heads."""
    heads = [floats(rng, d, d) for _ in range(count)]
    targets = [ids(rng, vocab, n) for _ in range(count)]
    return floats(rng, n, d), heads, floats(rng, vocab, d), targets


@pytest.mark.task("sequential_backward", weight=2, core=True)
def test_losses_of_the_heads(student, rng):
    for n, d, vocab, count in ((7, 4, 11, 3), (3, 6, 5, 1), (20, 3, 9, 4)):
        given = drawn(rng, n, d, vocab, count)
        where = f"sequential_backward, {count} heads, {n} positions"
        got = student.sequential_backward(*given)
        keyed(got, count, where)
        losses(got, by_hand(*given), where)


@pytest.mark.task("sequential_backward", weight=3, core=True)
def test_gradients_of_the_sum(student, rng):
    for n, d, vocab, count in ((7, 4, 11, 3), (3, 6, 5, 1), (20, 3, 9, 4)):
        given = drawn(rng, n, d, vocab, count)
        where = f"sequential_backward, {count} heads, {n} positions"
        got = student.sequential_backward(*given)
        keyed(got, count, where)
        gradients(got, by_hand(*given), where)


@pytest.mark.task("sequential_backward", weight=3, core=True, memory_mb=48)
def test_memory_of_one_head(student, rng):
    n, vocab, count = 64, 4096, 100  # logits of a head: 1 MiB; of all: 100
    z, heads, unembedding, targets = drawn(rng, n, 4, vocab, count)
    given = (z.float(), [h.float() for h in heads], unembedding.float(), targets)
    where = f"sequential_backward, {count} heads, {n} positions, {vocab:,} tokens"
    short, got = False, None
    try:
        got = student.sequential_backward(*given)
    except StudentMemory:  # an answer like any other, by which a mistake is known
        short = True
    evidence = "48 MiB are not enough: 48 arrays of N V numbers"
    check.true(not short, where=where, evidence=evidence, look=STEP_3)
    keyed(got, count, where)
    want = by_hand(*given)
    losses(got, want, where, 1e-4)
    gradients(got, want, where, 1e-3)


@pytest.mark.task("sequential_backward", weight=2)
def test_targets_left_out(student, rng):
    for ignore in (-100, -1, 999, 6, 2**40):
        z, heads, unembedding, targets = drawn(rng, 8, 3, 6, 4)
        targets[0][2:] = ignore
        targets[1][::2] = ignore
        targets[3][0] = ignore
        given = (z, heads, unembedding, targets, ignore)
        where = f"sequential_backward, some targets are {ignore}"
        got = student.sequential_backward(*given)
        keyed(got, 4, where)
        losses(got, by_hand(*given), where)
        gradients(got, by_hand(*given), where)


@pytest.mark.task("sequential_backward", weight=1)
def test_a_head_without_targets(student, rng):
    z, heads, unembedding, targets = drawn(rng, 5, 3, 6, 3)
    targets[1][:] = -100
    given = (z, heads, unembedding, targets)
    where = "sequential_backward, all targets of head 1 are left out"
    got = student.sequential_backward(*given)
    keyed(got, 3, where)
    losses(got, by_hand(*given), where, exact_type=True)
    gradients(got, by_hand(*given), where)


@pytest.mark.task("sequential_backward", weight=1)
def test_no_heads_and_no_length(student, rng):
    for n, d, vocab, count in ((4, 3, 6, 0), (1, 3, 6, 2), (0, 3, 6, 2), (4, 1, 1, 2)):
        given = drawn(rng, n, d, vocab, count)
        where = f"sequential_backward, {count} heads, {n} positions, d = {d}"
        got = student.sequential_backward(*given)
        keyed(got, count, where)
        losses(got, by_hand(*given), where, exact_type=True)
        gradients(got, by_hand(*given), where, dtype=np.float64)


@pytest.mark.task("sequential_backward", weight=1)
def test_float32_and_large_logits(student, rng):
    z, heads, unembedding, targets = drawn(rng, 6, 3, 7, 2)
    where = "sequential_backward in float32"
    single = (z.float(), [h.float() for h in heads], unembedding.float(), targets)
    got = student.sequential_backward(*single)
    keyed(got, 2, where)
    losses(got, by_hand(*single), where, 1e-5)
    gradients(got, by_hand(*single), where, 1e-4, np.float32)
    where = "sequential_backward in float32, no heads"
    none = (single[0], [], single[2], [])
    gradients(student.sequential_backward(*none), by_hand(*none), where, 0, np.float32)
    where = "sequential_backward, heads and targets as tuples"
    got = student.sequential_backward(z, tuple(heads), unembedding, tuple(targets))
    keyed(got, 2, where)
    losses(got, by_hand(z, heads, unembedding, targets), where)
    gradients(got, by_hand(z, heads, unembedding, targets), where)
    for of_z, of_logits in ((30, 100), (2000, 1)):  # exp(-z @ head) is inf in the last
        where = f"sequential_backward, logits in the thousands, z times {of_z}"
        large = (z * of_z, heads, unembedding * of_logits, targets)
        got = student.sequential_backward(*large)
        keyed(got, 2, where)
        losses(got, by_hand(*large), where, 1e-8)
        gradients(got, by_hand(*large), where, 1e-6)


@pytest.mark.task("sequential_backward", weight=1)
def test_arguments_are_left_alone(student, rng):
    z, heads, unembedding, targets = drawn(rng, 6, 3, 7, 2)
    targets[1][2] = -1
    given = [view(student, z), [view(student, head) for head in heads]]
    given += [view(student, unembedding), [view(student, one) for one in targets]]
    first = student.sequential_backward(*given, -1)
    second = student.sequential_backward(*given, -1)
    want = by_hand(z, heads, unembedding, targets, -1)
    for got, where in ((first, "once"), (second, "again, on the same tensors")):
        where = f"sequential_backward, asked {where}"
        keyed(got, 2, where)
        gradients(got, want, where)
    names = ("z", "heads", "unembedding", "targets")
    for name, one, before in zip(
        names, given, (z, heads, unembedding, targets), strict=True
    ):
        where = f"sequential_backward: {name} afterwards"
        several = type(before) is list
        pairs = zip(one, before, strict=True) if several else [(one, before)]
        for handle, want in pairs:
            tensor(student.fetch(handle), want, where, CONTRACT)


def trained(lesson, z, heads, unembedding, targets):
    """Ask twice with tensors of a training; return answers, and who was changed."""
    start = z.clone().requires_grad_()
    heads = [head.clone().requires_grad_() for head in heads]
    shared = unembedding.clone().requires_grad_()
    given = start * 1, heads, shared, targets
    shared.grad = before = shared.detach() * 0 + 3
    found = [lesson.sequential_backward(*given) for _ in range(2)]
    names = ["z", "unembedding", *(f"head {k}" for k in range(len(heads)))]
    leaves = zip(names, [start, shared, *heads], strict=True)
    changed = [
        name for name, leaf in leaves if leaf is not shared and leaf.grad is not None
    ]
    if shared.grad is None or not bool((shared.grad == 3).all()):
        changed.append("unembedding, which had one before")
    changed += [
        f"requires_grad of {n}"
        for n, leaf in zip(names, [start, shared, *heads], strict=True)
        if not leaf.requires_grad
    ]
    plain = [z, *[h.detach() for h in heads], unembedding]
    lesson.sequential_backward(z, plain[1:-1], unembedding, targets)
    changed += [
        f"requires_grad of a plain tensor, {i}"
        for i, t in enumerate(plain)
        if t.requires_grad
    ]
    return *found, changed


@pytest.mark.task("sequential_backward", weight=1)
def test_tensors_of_a_training(student, rng):
    given = drawn(rng, 6, 3, 7, 2)
    names = "z", "heads", "unembedding", "targets"
    found = student.run(trained, **dict(zip(names, given, strict=True)))
    for got, time in zip(found, ("once", "twice"), strict=False):
        where = f"sequential_backward, asked {time}, of tensors that require gradients"
        keyed(got, 2, where)
        gradients(got, by_hand(*given), where)
    where = "sequential_backward: given tensors that have a .grad afterwards"
    check.equal(found[2], [], where=where, look=CONTRACT)


@pytest.mark.task("sequential_backward", weight=1)
def test_targets_that_fit_no_head(student, rng):
    z, heads, unembedding, targets = drawn(rng, 4, 3, 5, 3)
    where = "sequential_backward with"
    cases = {
        f"{where} 2 targets for 3 heads": (z, heads, unembedding, targets[:2]),
        f"{where} 3 targets for 2 heads": (z, heads[:2], unembedding, targets),
        f"{where} 1 target for no heads": (z, [], unembedding, targets[:1]),
    }
    refused(student.sequential_backward, cases)
