"""Hidden tests of `MTPModule`: what it joins, what it sees, what it trains.

Model and module live beside the submission. Their weights are dictated, in float64, and
what comes out is compared with `built`, which goes position by position.
"""

import numpy as np
import pytest
import torch
from hidden.answers import CONTRACT, floats, ids, parts_of, step, tensor

from autograder.lab import lm
from autograder.student.testing import check

STEP_4 = step(4)
VOCAB, D, HEADS = 13, 8, 2
TIGHT = 1e-9


def small_model(lesson, weights):
    """Make a model beside the submission."""
    import torch

    from autograder.lab import lm

    vocab, d = weights["embed.weight"].shape
    model = lm.SmallLM(vocab, d, 2, 2).double()
    model.load_state_dict({k: torch.as_tensor(v) for k, v in weights.items()})
    return model


def weights_like(module, rng):
    """Return random weights of a module's shapes; gains are far from 1."""
    found = {}
    for name, value in module.state_dict().items():
        drawn = floats(rng, *value.shape)
        found[name] = drawn.abs() + 0.3 if name.endswith("gain") else drawn * 0.5
    return found


def drawn_model(rng):
    """Return a model's weights, and the same model here."""
    model = lm.SmallLM(VOCAB, D, 2, 2).double()
    weights = weights_like(model, rng)
    model.load_state_dict(weights)
    return weights, model


def drawn_module(rng):
    """Return weights of a module: its five parts."""
    norm, block = lm.RMSNorm(D), lm.Block(D, HEADS)
    parts = {
        "norm_h": norm,
        "norm_e": norm,
        "project": torch.nn.Linear(2 * D, D, bias=False),
        "block": block,
        "norm_out": norm,
    }
    found = {}
    for name, part in parts.items():
        for key, value in weights_like(part, rng).items():
            found[f"{name}.{key}"] = value
    return found


def normed(x, gain):
    return x / torch.sqrt((x * x).mean() + 1e-6) * gain


def built(weights, model, h, tokens, k, heads=HEADS):
    """Return h^k and the logits, from weights, position by position."""
    block = lm.Block(D, heads).double()
    inside = {n[6:]: w for n, w in weights.items() if n.startswith("block.")}
    block.load_state_dict(inside)
    rows, count = tokens.shape[0], max(tokens.shape[1] - k, 0)
    joined = torch.zeros(rows, count, D, dtype=torch.float64)
    matrix = weights["project.weight"]
    for b in range(rows):
        for i in range(count):
            left = matrix[:, :D] @ normed(h[b, i], weights["norm_h.gain"])
            known = model.embed.weight[tokens[b, i + k]]
            right = matrix[:, D:] @ normed(known, weights["norm_e.gain"])
            joined[b, i] = left + right
    h_k = block(joined, torch.arange(count)) if count else joined
    logits = torch.zeros(rows, count, VOCAB, dtype=torch.float64)
    for b in range(rows):
        for i in range(count):
            out = normed(h_k[b, i], weights["norm_out.gain"])
            logits[b, i] = model.head.weight @ out
    return h_k.detach(), logits.detach()


def made(student, weights, depth, heads=HEADS):
    """Make the submission's module, and give it weights."""
    module = student.MTPModule(D, heads, depth)
    module.double()
    # A bias, or another name, costs marks in `test_names_and_defaults` alone.
    bias = {"project.bias": torch.zeros(D, dtype=torch.float64)}
    module.load_state_dict(weights | bias, strict=False)
    return module


def judge(got, want, where, rtol=TIGHT):
    """Check h^k and the logits."""
    h_k, logits = parts_of(got, ("h^k", "logits"), where)
    at = f"{where}: h^k"
    tensor(h_k, want[0], at, STEP_4, rtol=rtol, atol=rtol)
    at = f"{where}: logits"
    tensor(logits, want[1], at, STEP_4, rtol=rtol, atol=rtol)


@pytest.mark.task("MTPModule", weight=3, core=True)
def test_the_first_module(student, rng):
    weights, here = drawn_model(rng)
    model = student.run(small_model, weights=weights)
    own = drawn_module(rng)
    module = made(student, own, 1)
    for rows, length in ((2, 7), (1, 4), (3, 2)):
        tokens = ids(rng, VOCAB, rows, length)
        h = floats(rng, rows, length, D) * 3
        where = f"MTPModule of depth 1, {rows} rows of {length} tokens"
        judge(module(model, h, tokens), built(own, here, h, tokens, 1), where)


@pytest.mark.task("MTPModule", weight=2, core=True)
def test_deeper_modules(student, rng):
    weights, here = drawn_model(rng)
    model = student.run(small_model, weights=weights)
    tokens, h = ids(rng, VOCAB, 2, 8), floats(rng, 2, 8, D)
    asked, depths = [], (1, 2, 3)
    weights_of = [drawn_module(rng) for _ in depths]
    modules = [made(student, *one) for one in zip(weights_of, depths, strict=True)]
    for k, own, module in zip(depths, weights_of, modules, strict=True):
        want = built(own, here, h, tokens, k)
        asked.append((k, module(model, h, tokens), want))
        h = want[0]
    for k, got, want in asked:
        judge(got, want, f"MTPModule of depth {k}, after those below it")


@pytest.mark.task("MTPModule", weight=2, core=True)
def test_no_look_ahead(student, rng):
    weights, _ = drawn_model(rng)
    model = student.run(small_model, weights=weights)
    for k in (1, 2):
        module = made(student, drawn_module(rng), k)
        tokens, h = ids(rng, VOCAB, 1, 8), floats(rng, 1, 9 - k, D)
        first = module(model, h, tokens)
        for j in (3, 5, 7):
            other, later = tokens.clone(), h.clone()
            other[0, j] = (tokens[0, j] + 4) % VOCAB
            later[0, j - k + 1 :] += 1
            where = (
                f"MTPModule of depth {k}: token {j} and h from {j - k + 1} on change"
            )
            got = module(model, later, other)
            for name, one, two in zip(("h^k", "logits"), first, got, strict=True):
                before = f"{where}: {name} at 0 to {j - k - 1}"
                sight = tensor_part(one, j - k, before)
                now = tensor_part(two, j - k, before)
                tensor(now, sight, before, STEP_4, rtol=TIGHT, atol=TIGHT)
            same = np.allclose(got[0][:, j - k], first[0][:, j - k])
            at = f"{where}: h^k at {j - k}, which is given that token"
            evidence = "it stays the same"
            check.true(not same, where=at, evidence=evidence, look=STEP_4)


def tensor_part(value, count, where):
    """Return the first positions of an answer."""
    evidence = "expected a tensor with three axes"
    good = isinstance(value, torch.Tensor) and value.ndim == 3
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    return value[:, :count]


def gradients(lesson, model, weights, own, h, tokens, mix, after, depth):
    """Return gradients of a sum of logits and of h^k, by name."""
    module = lesson.MTPModule(h.shape[-1], 2, depth).double()
    module.load_state_dict(own, strict=False)
    module.train(depth == 1)  # gradients flow in evaluation as well
    model.load_state_dict(weights)
    h = h.clone().requires_grad_()
    h_k, logits = module(model, h, tokens)
    ((logits * mix).sum() + (h_k * after).sum()).backward()
    found = {"h": h.grad}
    found["embedding"], found["head"] = model.embed.weight.grad, model.head.weight.grad
    found |= {name: value.grad for name, value in module.named_parameters()}
    return found


def want_gradients(model, own, h, tokens, mix, after, k):
    """Return the same by another road: all positions at once, from plain tensors."""
    names = ["h", "embedding", "head", *own]
    sources = [h, model.embed.weight, model.head.weight, *own.values()]
    leaves = {
        n: t.detach().clone().requires_grad_()
        for n, t in zip(names, sources, strict=True)
    }
    count = tokens.shape[1] - k
    block = lm.Block(D, HEADS).double()
    parameters = {n[6:]: leaves[n] for n in own if n.startswith("block.")}

    def normal(x, gain):
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6) * gain

    known = normal(leaves["embedding"][tokens[:, k:]], leaves["norm_e.gain"])
    before = normal(leaves["h"][:, :count], leaves["norm_h.gain"])
    matrix = leaves["project.weight"]
    x = before @ matrix[:, :D].T + known @ matrix[:, D:].T
    h_k = torch.func.functional_call(block, parameters, (x, torch.arange(count)))
    logits = normal(h_k, leaves["norm_out.gain"]) @ leaves["head"].T
    ((logits * mix).sum() + (h_k * after).sum()).backward()
    return {name: leaf.grad for name, leaf in leaves.items()}


@pytest.mark.task("MTPModule", weight=2, core=True)
def test_gradients_reach_the_trunk(student, rng):
    weights, here = drawn_model(rng)
    for k in (1, 2):
        model = student.run(small_model, weights=weights)
        own, tokens = drawn_module(rng), ids(rng, VOCAB, 2, 6)
        h, mix = floats(rng, 2, 7 - k, D), floats(rng, 2, 6 - k, VOCAB)
        after = floats(rng, 2, 6 - k, D)  # as the next module would use h^k
        got = student.run(
            gradients,
            model=model,
            weights=weights,
            own=own | {"project.bias": torch.zeros(D, dtype=torch.float64)},
            h=h,
            tokens=tokens,
            mix=mix,
            after=after,
            depth=k,
        )
        want = want_gradients(here, own, h, tokens, mix, after, k)
        for name, expected in want.items():
            where = f"MTPModule of depth {k}: gradient of {name}"
            check.true(
                name in got and got[name] is not None,
                where=where,
                evidence="there is none",
                look=STEP_4,
            )
            tensor(got[name], expected, where, STEP_4, rtol=1e-8, atol=1e-9)


@pytest.mark.task("MTPModule", weight=1, core=True)
def test_the_model_of_the_call(student, rng):
    own, tokens, h = drawn_module(rng), ids(rng, VOCAB, 2, 5), floats(rng, 2, 5, D)
    module = made(student, own, 1)
    for n in (1, 2):
        weights, here = drawn_model(rng)
        model = student.run(small_model, weights=weights)
        where = f"MTPModule, called with model {n} of two"
        judge(module(model, h, tokens), built(own, here, h, tokens, 1), where)


@pytest.mark.task("MTPModule", weight=1)
def test_more_positions_than_needed(student, rng):
    weights, here = drawn_model(rng)
    model = student.run(small_model, weights=weights)
    own, tokens, h = drawn_module(rng), ids(rng, VOCAB, 2, 6), floats(rng, 2, 9, D)
    for k in (1, 2, 4, 5):
        h[:, 6 - k :] = np.nan
        where = f"MTPModule of depth {k}, h has 9 positions for 6 tokens"
        module = made(student, own, k)
        judge(module(model, h, tokens), built(own, here, h, tokens, k), where)
        exact = h[:, : 6 - k]
        where = f"MTPModule of depth {k}, h has {6 - k} positions for 6 tokens"
        judge(module(model, exact, tokens), built(own, here, exact, tokens, k), where)


@pytest.mark.task("MTPModule", weight=1)
def test_rows_that_are_too_short(student, rng):
    weights, here = drawn_model(rng)
    model = student.run(small_model, weights=weights)
    own = drawn_module(rng)
    for k, length, n in (
        (1, 1, 1),
        (2, 2, 2),
        (3, 1, 1),
        (1, 0, 0),
        (3, 2, 2),
        (3, 1, 5),
        (2, 1, 0),
    ):
        tokens, h = ids(rng, VOCAB, 2, length), floats(rng, 2, n, D)
        where = f"MTPModule of depth {k}, rows of {length}, h has {n} positions"
        got = made(student, own, k)(model, h, tokens)
        judge(got, built(own, here, h, tokens, k), where)


@pytest.mark.task("MTPModule", weight=1)
def test_other_heads_and_long_rows(student, rng):
    weights, here = drawn_model(rng)
    model = student.run(small_model, weights=weights)
    own = drawn_module(rng)
    for heads, length in ((1, 6), (4, 6), (2, 90)):
        tokens, h = ids(rng, VOCAB, 1, length), floats(rng, 1, length, D)
        where = f"MTPModule({D}, {heads}), a row of {length}"
        got = made(student, own, 1, heads)(model, h, tokens)
        judge(got, built(own, here, h, tokens, 1, heads), where)


@pytest.mark.task("MTPModule", weight=1)
def test_sizes_of_vectors(student, rng):
    weights, here = drawn_model(rng)
    model = student.run(small_model, weights=weights)
    own, tokens = drawn_module(rng), ids(rng, VOCAB, 1, 6)
    h = floats(rng, 1, 6, D) * 10.0 ** torch.tensor([4, -4, 0, 2, -2, 0])[:, None]
    h[0, 2] = 0
    where = "MTPModule, h of very different sizes"
    module = made(student, own, 1)
    judge(module(model, h, tokens), built(own, here, h, tokens, 1), where)


def names_of(lesson, model, d, heads, depth):
    """Return the names and shapes of a module's weights."""
    module = lesson.MTPModule(d, heads, depth).double()
    tokens = model.embed.weight[:5, 0].long()[None] * 0
    module(model, model.embed(tokens), tokens)  # a call adds no weights
    return {name: list(value.shape) for name, value in module.state_dict().items()}


@pytest.mark.task("MTPModule", weight=1)
def test_names_and_defaults(student, rng):
    want = {name: list(value.shape) for name, value in drawn_module(rng).items()}
    weights, here = drawn_model(rng)
    model = student.run(small_model, weights=weights)
    for depth in (1, 3):
        got = student.run(names_of, model=model, d=D, heads=HEADS, depth=depth)
        where = f"MTPModule({D}, {HEADS}, {depth}): names and shapes of its weights"
        check.equal(got, want, where=where, look=CONTRACT)
    weights, here = drawn_model(rng)
    model = student.run(small_model, weights=weights)
    own, tokens, h = drawn_module(rng), ids(rng, VOCAB, 1, 5), floats(rng, 1, 5, D)
    module = student.MTPModule(D, HEADS)
    module.double()
    module.load_state_dict(own, strict=False)
    where = f"MTPModule({D}, {HEADS}), whose depth is 1"
    judge(module(model, h, tokens), built(own, here, h, tokens, 1), where)
    for depth in (0, -1):
        where = f"MTPModule({D}, {HEADS}, {depth})"
        check.raises(
            ValueError, student.MTPModule, D, HEADS, depth, where=where, look=CONTRACT
        )
