"""Hidden tests of `MedusaHead`: logits, gradients, and what a new head is."""

import numpy as np
import pytest
import torch
from hidden.answers import CONTRACT, seeded, step, view

from autograder.student.testing import check

STEP_1 = step(1)
FRESH = step(1, "W1 begins with zeros, W2 as a copy.")


def right(h, blocks, w2):
    """Return the logits in float64, by NumPy alone."""
    h = np.asarray(h, np.float64)
    for w1 in blocks:
        z = h @ np.asarray(w1, np.float64).T
        h = h + z / (1 + np.exp(-np.maximum(z, -500)))
    return h @ np.asarray(w2, np.float64).T


def gradients(h, blocks, w2, dy):
    """Return the gradients of sum(logits * dy) by h, each block and w2, by hand."""
    inputs, h = [], np.asarray(h, np.float64)
    for w1 in blocks:
        inputs.append(h)
        z = h @ w1.T
        h = h + z / (1 + np.exp(-np.maximum(z, -500)))
    found, dh = [dy.T @ h], dy @ w2
    for w1, x in zip(blocks[::-1], inputs[::-1], strict=True):
        z = x @ w1.T
        s = np.exp(-np.logaddexp(0, -z))
        dz = dh * (s + z * s * (1 - s))
        found.append(dz.T @ x)
        dh = dh + dz @ w1
    return [dh, *found[:0:-1], found[0]]


def near(got, want, where, look):
    """Compare numbers that were computed in float32."""
    size = max(1.0, float(abs(want).max()))
    check.close(got, want, atol=1e-5 * size, where=where, look=look)


def write(student, head, *keys, value):
    """Write into a parameter of the head."""
    try:
        student.part(head, *keys, "weight", "data")[slice(None)] = value
    except (AttributeError, IndexError, TypeError) as error:
        raise AssertionError(str(error)) from None


def made(student, rng, layers, v, d, kind=torch.float32):
    """Make a head and give it parameters; return it with them."""
    chance = seeded(rng)
    lm_weight = torch.randn(v, d, generator=chance).to(kind)
    head = student.held("MedusaHead", lm_weight, layers)
    blocks = [torch.randn(d, d, generator=chance).to(kind) for _ in range(layers)]
    w2 = torch.randn(v, d, generator=chance).to(kind)
    for i, w1 in enumerate(blocks):
        write(student, head, "w1", i, value=w1)
    write(student, head, "w2", value=w2)
    return head, blocks, w2, torch.randn(5, d, generator=chance).to(kind)


def trained(lesson, lm_weight, layers, values, h, dy):
    """Give a head parameters, run it backward; return all gradients."""
    import torch

    head = lesson.MedusaHead(lm_weight, layers)
    with torch.no_grad():
        for own, value in zip([*head.w1, head.w2], values, strict=True):
            own.weight.copy_(value)
    h.requires_grad_()
    (head(h) * dy).sum().backward()
    found = [h, *(own.weight for own in [*head.w1, head.w2])]
    return [one.grad for one in found], len(list(head.parameters()))


@pytest.mark.task("MedusaHead", weight=2, core=True)
def test_new_heads_are_the_language_models_own(student, rng):
    chance = seeded(rng)
    for layers in (1, 3):
        lm_weight = torch.randn(11, 6, generator=chance)
        h = 3 * torch.randn(4, 6, generator=chance)
        head = student.held("MedusaHead", lm_weight, layers)
        where = f"MedusaHead(lm_weight, {layers})(h), untouched, against the LM head"
        want = torch.nn.functional.linear(h, lm_weight).numpy()
        near(head(h), want, where, FRESH)


@pytest.mark.task("MedusaHead", weight=2, core=True)
def test_logits_with_parameters_of_the_judge(student, rng):
    for v, d in ((7, 4), (3, 5)):
        head, blocks, w2, h = made(student, rng, 1, v, d)
        where = f"MedusaHead of {d} inputs and {v} tokens, after training"
        near(head(h), right(h, blocks, w2), where, STEP_1)


@pytest.mark.task("MedusaHead", weight=2, core=True)
def test_several_blocks(student, rng):
    look = step(1, "each block has a W1 of its own, and adds to what it got.")
    heads = [(layers, made(student, rng, layers, 6, 4)) for layers in (3, 2)]
    for layers, (head, blocks, w2, h) in heads:
        where = f"MedusaHead with {layers} blocks, after training"
        near(head(h), right(h, blocks, w2), where, look)


@pytest.mark.task("MedusaHead", weight=2, core=True)
def test_all_parameters_learn(student, rng):
    d, v, layers = 4, 6, 2
    lm_weight, w2 = rng.normal(size=(v, d)), rng.normal(size=(v, d))
    blocks = [rng.normal(size=(d, d)) for _ in range(layers)]
    h, dy = rng.normal(size=(5, d)), rng.normal(size=(5, v))
    *values, w2_32, lm_weight, h_32, dy_32 = (
        torch.tensor(a, dtype=torch.float32) for a in (*blocks, w2, lm_weight, h, dy)
    )
    found, count = student.run(
        trained, lm_weight=lm_weight, layers=layers, values=[*values, w2_32], h=h_32,
        dy=dy_32,
    )  # fmt: skip
    names = ["h", *(f"W1 of block {i}" for i in range(layers)), "W2"]
    large, _ = student.run(
        trained, lm_weight=lm_weight, layers=layers, values=[*values, w2_32],
        h=60 * h_32, dy=dy_32,
    )  # fmt: skip
    pairs = zip(large, gradients(60 * h, blocks, w2, dy), names, strict=True)
    for got, want, name in pairs:
        where = f"MedusaHead with 2 blocks, large h: gradient by {name}"
        near(got, want, where, STEP_1)
    pairs = zip(found, gradients(h, blocks, w2, dy), names, strict=True)
    for got, want, name in pairs:
        where = f"MedusaHead with 2 blocks: gradient by {name}"
        near(got, want, where, STEP_1)
    where = "MedusaHead with 2 blocks: how many parameters it has"
    check.equal(count, 3, where=where, look="The contract: no layer has a bias.")


def fresh(lesson, lm_weight, h, layers):
    """Look at a new head beside the submission, where bits can be compared."""
    import torch

    weight = torch.nn.Parameter(lm_weight)
    head = lesson.MedusaHead(weight, *layers)
    got = head(h)
    got.sum().backward()
    learning = [bool(block.weight.grad.any()) for block in head.w1]
    names = [*head.state_dict(), *(name for name, _ in head.named_parameters())]
    other = int((got != torch.nn.functional.linear(h, weight)).sum())
    plain = lesson.MedusaHead(lm_weight.detach().clone(), *layers)
    frozen = [name for name, p in plain.named_parameters() if not p.requires_grad]
    return names, learning, other, frozen, isinstance(head.w1, torch.nn.ModuleList)


@pytest.mark.task("MedusaHead")
def test_new_heads_from_inside(student, rng):
    for layers in ((), (0,), (1,), (3,)):
        lm_weight = torch.randn(40, 64, generator=seeded(rng))
        h = torch.randn(9, 64, generator=seeded(rng))
        names, learning, other, frozen, is_list = student.run(
            fresh, lm_weight=lm_weight, h=h, layers=layers
        )
        count = layers[0] if layers else 1
        where = f"MedusaHead(lm_weight, {count}), untouched"
        if not layers:
            where = "MedusaHead(lm_weight), untouched"
        want = 2 * [*(f"w1.{i}.weight" for i in range(count)), "w2.weight"]
        check.equal(
            names, want, where=f"{where}: names of what it holds", look=CONTRACT
        )
        check.equal(learning, [True] * count, where=f"{where}: which blocks learn",
                    look=CONTRACT)  # fmt: skip
        check.equal(frozen, [], where=f"{where}: parameters that learn nothing",
                    look=CONTRACT)  # fmt: skip
        check.true(is_list, where=f"{where}: w1", evidence="not an nn.ModuleList",
                   look=CONTRACT)  # fmt: skip
        at = f"{where}: logits with other bits than the LM head's"
        check.equal(other, 0, where=at, look=FRESH)


@pytest.mark.task("MedusaHead")
def test_new_heads_to_the_last_bit(student, rng):
    for layers in (0, 1, 2):
        lm_weight = torch.randn(40, 16, generator=seeded(rng))
        h = 50 * torch.randn(3, 16, generator=seeded(rng))
        head = student.held("MedusaHead", lm_weight, layers)
        w2 = student.fetch(student.part(head, "w2", "weight", "data"))
        where = f"MedusaHead(lm_weight, {layers}), untouched"
        check.close(w2, lm_weight.numpy(), where=f"{where}: w2.weight", look=FRESH,
                    dtype=np.float32)  # fmt: skip
        for i in range(layers):
            w1 = student.fetch(student.part(head, "w1", i, "weight", "data"))
            check.close(w1, np.zeros((16, 16)), where=f"{where}: w1[{i}].weight",
                        look=FRESH, dtype=np.float32)  # fmt: skip
        exact = torch.nn.functional.linear(h, lm_weight)
        check.close(head(h), exact.numpy(), rtol=1e-5, atol=1e-3, where=where,
                    look=FRESH, dtype=np.float32)  # fmt: skip


@pytest.mark.task("MedusaHead")
def test_training_leaves_the_language_model_alone(student, rng):
    lm_weight = torch.randn(5, 3, generator=seeded(rng))
    kept = student.keep(lm_weight)
    head = student.held("MedusaHead", kept)
    write(student, head, "w2", value=torch.zeros(5, 3))
    where = "MedusaHead(lm_weight), after w2.weight was set to 0: lm_weight"
    look = "The contract: training this head never changes it."
    check.unchanged(np.asarray(student.fetch(kept)), lm_weight.numpy(), where=where,
                    look=look)  # fmt: skip
    h = torch.ones(1, 3)
    other = student.held("MedusaHead", kept)
    want = torch.nn.functional.linear(h, lm_weight).numpy()
    check.close(other(h), want, atol=1e-5, where="another head, made later", look=look)
    learning = student.keep(lm_weight)
    learning.requires_grad_(True)
    student.held("MedusaHead", learning)
    learns = student.fetch(student.part(learning, "requires_grad"))
    where = "MedusaHead(lm_weight), lm_weight a parameter that learns"
    said = "lm_weight no longer learns: its requires_grad was switched off"
    check.true(learns is True, where=where, evidence=said, look=CONTRACT)


@pytest.mark.task("MedusaHead")
def test_heads_of_other_shapes(student, rng):
    for shape in ((4,), (2, 3, 4), (0, 4)):
        head, blocks, w2, _ = made(student, rng, 1, 6, 4, torch.float64)
        h = torch.randn(*shape, generator=seeded(rng)).double()
        where = f"MedusaHead of h with shape {shape}"
        check.close(head(h), right(h, blocks, w2), atol=1e-10, where=where,
                    look=CONTRACT, dtype=np.float64)  # fmt: skip
    head, blocks, w2, h = made(student, rng, 1, 6, 4)
    near(head(view(student, h)), right(h, blocks, w2), "MedusaHead of a view", CONTRACT)
    kept = student.keep(h)
    got = head(kept)
    check.close(got, right(h, blocks, w2), atol=1e-4, where="MedusaHead in float32",
                look=CONTRACT, dtype=np.float32)  # fmt: skip
    check.unchanged(np.asarray(student.fetch(kept)), h.numpy(),
                    where="MedusaHead(...)(h): h", look=CONTRACT)  # fmt: skip
    check.close(head(100 * h), right(100 * h, blocks, w2), rtol=1e-5, atol=1e-2,
                where="MedusaHead of large h", look=STEP_1)  # fmt: skip
