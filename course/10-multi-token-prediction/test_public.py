"""Public tests of lesson 10: every sentence of the contracts, on small examples.

The hidden tests ask the same of other inputs: read the docstrings. Models to decode
with are rules here, small enough to follow by hand.
"""

import math

import numpy as np
import pytest
import torch

from autograder.lab import lm
from autograder.student.testing import check

CONTRACT = "The contract in the docstring."
STEP_2, STEP_3, STEP_4, STEP_5, STEP_6, STEP_7, STEP_8 = (
    f"Chapter, step {n}." for n in range(2, 9)
)


def tensor(got, want, where, look, tolerance=0.0, dtype=None):
    """Check a tensor: shape, numbers, dtype."""
    check.plain(got, where, look)
    evidence = f"got a {type(got).__name__}, expected a tensor"
    is_one = isinstance(got, torch.Tensor)
    check.true(is_one, where=where, evidence=evidence, look=CONTRACT)
    numbers, want = got.numpy(), np.asarray(want)
    check.close(numbers, want, rtol=tolerance, atol=tolerance, where=where, look=look)
    if dtype is not None:
        check.dtype(numbers, dtype, where=where, look=CONTRACT)


def refuses(function, cases):
    """Check that each call raises ValueError; cases: words -> arguments."""
    for where, args in cases.items():
        check.raises(ValueError, function, *args, where=where, look=CONTRACT)


def normals(seed, *shape):
    """Return a float64 tensor of random normals."""
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def ids(seed, vocab, *shape):
    """Return random token ids."""
    return torch.from_numpy(np.random.default_rng(seed).integers(vocab, size=shape))


# --- mtp_targets --------------------------------------------------------------------

NO = -100


@pytest.mark.task("mtp_targets")
def test_two_and_three_ahead(student):
    row = torch.tensor([[4, 7, 1, 8, 2], [5, 5, 6, 6, 3]])
    cases = {
        1: [[7, 1, 8, 2, NO], [5, 6, 6, 3, NO]],
        2: [[1, 8, 2, NO, NO], [6, 6, 3, NO, NO]],
        4: [[2, NO, NO, NO, NO], [3, NO, NO, NO, NO]],
    }
    for k, want in cases.items():
        got = student.mtp_targets(row, k)
        tensor(got, want, f"mtp_targets(tokens, {k})", STEP_2, dtype=np.int64)


@pytest.mark.task("mtp_targets")
def test_texts_that_end(student):
    row = torch.tensor([[5, 6, 9, 7, 8, 1, 9, 9, 2, 3]])  # a 9 closes a text
    cases = {
        1: [[6, 9, NO, 8, 1, 9, NO, NO, 3, NO]],
        2: [[9, NO, NO, 1, 9, NO, NO, NO, NO, NO]],
        3: [[NO, NO, NO, 9, NO, NO, NO, NO, NO, NO]],
    }
    for k, want in cases.items():
        got = student.mtp_targets(row, k, 9)
        tensor(got, want, f"mtp_targets(tokens, {k}, end=9)", STEP_2)
    zeros = torch.tensor([[1, 0, 2, 3]])
    got = student.mtp_targets(zeros, 1, 0, -7)
    where = "mtp_targets(tokens, 1, end=0, ignore=-7)"
    tensor(got, [[0, -7, 3, -7]], where, CONTRACT)


@pytest.mark.task("mtp_targets")
def test_few_tokens(student):
    row = torch.tensor([[4, 5]])
    for k in (2, 3, 5):
        got = student.mtp_targets(row, k, 5, -1)
        where = f"mtp_targets of two tokens, {k} ahead"
        tensor(got, [[-1, -1]], where, CONTRACT, dtype=np.int64)
    for shape in ((0, 3), (2, 0)):
        none = torch.zeros(shape, dtype=torch.int64)
        where = f"mtp_targets of a tensor of shape {shape}"
        tensor(student.mtp_targets(none, 1, 3), none, where, CONTRACT)
    given = student.keep(row)
    student.mtp_targets(given, 1, 4)
    where = "mtp_targets: the tokens afterwards"
    tensor(student.fetch(given), row, where, CONTRACT)
    cases = {f"mtp_targets with k = {k}": (row, k) for k in (0, -3)}
    refuses(student.mtp_targets, cases)


# --- sequential_backward ------------------------------------------------------------


def all_at_once(z, heads, unembedding, targets, ignore=NO):
    """Return losses and gradients the wasteful way: all logits, then one backward."""
    leaves = [t.detach().double().requires_grad_() for t in (z, unembedding, *heads)]
    at, shared, *own = leaves
    losses = []
    for head, wanted in zip(own, targets, strict=True):
        inner = at @ head.T
        logs = ((at + inner * inner.sigmoid()) @ shared.T).log_softmax(1)
        kept = wanted != ignore
        chosen = logs[kept].gather(1, wanted[kept, None])
        losses.append(-chosen.sum() / max(int(kept.sum()), 1))
    if losses:
        sum(losses).backward()
    grads = [torch.zeros_like(t) if t.grad is None else t.grad for t in leaves]
    return [float(loss.detach()) for loss in losses], grads


def judge_backward(student, given, where, tolerance=1e-10, dtype=np.float64):
    got = student.sequential_backward(*given)
    check.plain(got, where, CONTRACT)
    keys = {"losses", "z", "heads", "unembedding"}
    good = type(got) is dict and got.keys() == keys
    evidence = f"expected a dict with the keys {', '.join(sorted(keys))}"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    losses, (z, shared, *heads) = all_at_once(*given)
    for key in ("losses", "heads"):
        good = type(got[key]) is list and len(got[key]) == len(heads)
        evidence = f"expected a list of {len(heads)}"
        check.true(good, where=f"{where}: {key}", evidence=evidence, look=CONTRACT)
    for k, loss in enumerate(losses):
        at = f"{where}: loss {k}"
        is_float = type(got["losses"][k]) is float
        evidence = f"got a {type(got['losses'][k]).__name__}, expected a Python float"
        check.true(is_float, where=at, evidence=evidence, look=CONTRACT)
        check.close(got["losses"][k], loss, rtol=tolerance, where=at, look=STEP_3)
    pairs = [("z", got["z"], z), ("unembedding", got["unembedding"], shared)]
    pairs += [(f"head {k}", got["heads"][k], head) for k, head in enumerate(heads)]
    for name, one, want in pairs:
        at = f"{where}: gradient of {name}"
        tensor(one, want, at, STEP_3, tolerance, dtype)


def some_heads(seed, n, d, vocab, count):
    heads = [normals(seed + k, d, d) for k in range(count)]
    targets = [ids(seed + k, vocab, n) for k in range(count)]
    return normals(seed + 50, n, d), heads, normals(seed + 51, vocab, d), targets


@pytest.mark.task("sequential_backward")
def test_three_heads(student):
    given = some_heads(1, 5, 4, 7, 3)
    judge_backward(student, given, "sequential_backward, three heads")


@pytest.mark.task("sequential_backward")
def test_targets_that_are_left_out(student):
    z, heads, unembedding, targets = some_heads(2, 6, 3, 5, 4)
    targets[0][1:4], targets[2][:], targets[3][5] = 77, 77, 77
    given = (z, heads, unembedding, targets, 77)
    judge_backward(student, given, "sequential_backward, some targets are 77")
    targets[0][1:4], targets[2][:], targets[3][5] = -1, -1, -1
    kept = [student.keep(value) for value in (z, heads, unembedding, targets)]
    for words in ("once", "again"):
        got = student.sequential_backward(*kept, -1)
        _, grads = all_at_once(z, heads, unembedding, targets, -1)
        where = f"sequential_backward, asked {words}: gradient of z"
        tensor(got["z"], grads[0], where, STEP_3, 1e-10)
    where = "sequential_backward: the targets afterwards"
    for after, before in zip(student.fetch(kept[3]), targets, strict=True):
        tensor(after, before, where, CONTRACT)


@pytest.mark.task("sequential_backward")
def test_few_heads_and_large_logits(student):
    for count in (0, 1):
        given = some_heads(3, 4, 3, 5, count)
        judge_backward(student, given, f"sequential_backward, {count} heads")
    z, heads, unembedding, targets = some_heads(4, 4, 3, 5, 2)
    given = (z, heads, unembedding * 1000, targets)
    judge_backward(student, given, "sequential_backward, large logits", 1e-7)
    given = (z.float(), [h.float() for h in heads], unembedding.float(), targets)
    where = "sequential_backward in float32"
    judge_backward(student, given, where, 1e-4, np.float32)
    name = "sequential_backward with"
    cases = {
        f"{name} a spare target": (z, heads[:1], unembedding, targets),
        f"{name} a head too many": (z, heads, unembedding, targets[:1]),
    }
    refuses(student.sequential_backward, cases)


def in_training(lesson, z, heads, unembedding, targets):
    """Ask twice with tensors of a training; return the answer and what changed."""
    trunk = z.clone().requires_grad_()
    heads = [head.clone().requires_grad_() for head in heads]
    unembedding = unembedding.clone().requires_grad_()
    for _ in range(2):
        got = lesson.sequential_backward(trunk * 1, heads, unembedding, targets)
    given = [trunk, unembedding, *heads]
    return got, sum(one.grad is not None for one in given)


@pytest.mark.task("sequential_backward")
def test_tensors_of_a_training(student):
    z, heads, unembedding = normals(6, 3, 2), [normals(7, 2, 2)], normals(8, 4, 2)
    targets = [torch.tensor([1, 0, 3])]
    want = student.sequential_backward(z, heads, unembedding, targets)
    got, changed = student.run(
        in_training, z=z, heads=heads, unembedding=unembedding, targets=targets
    )
    where = "sequential_backward, the second time, of tensors that require gradients"
    for name in ("z", "unembedding"):
        tensor(got[name], want[name], f"{where}: {name}", CONTRACT, 1e-10)
    where = "sequential_backward: of given tensors, how many have a .grad afterwards"
    check.equal(changed, 0, where=where, look=CONTRACT)


def most_held(lesson, n, d, vocab, count):
    """Return the most bytes of tensors of N V numbers that are alive at one time."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watch(TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.alive, self.most = {}, 0

        def __torch_dispatch__(self, function, kinds, args=(), kwargs=None):
            import weakref

            found = function(*args, **(kwargs or {}))
            for one in found if isinstance(found, (tuple, list)) else [found]:
                if isinstance(one, torch.Tensor) and one.numel() >= n * vocab:
                    storage = one.untyped_storage()
                    key = storage.data_ptr()
                    self.alive[key] = (weakref.ref(one), storage.nbytes())
            held = {k: v for k, v in self.alive.items() if v[0]() is not None}
            self.alive = held
            self.most = max(self.most, len(held))
            return found

    draw = torch.Generator().manual_seed(0)
    z, unembedding = (torch.randn(k, d, generator=draw) for k in (n, vocab))
    heads = [torch.randn(d, d, generator=draw) for _ in range(count)]
    targets = [torch.randint(vocab, (n,), generator=draw) for _ in heads]
    with Watch() as watch:
        lesson.sequential_backward(z, heads, unembedding, targets)
    return watch.most


@pytest.mark.task("sequential_backward")
def test_logits_of_one_head_at_a_time(student):
    most = student.run(most_held, n=32, d=3, vocab=64, count=30)
    where = "sequential_backward, 30 heads: arrays of N V numbers held at once"
    check.at_most(most, 16, where=where, look=STEP_3)


# --- MTPModule ----------------------------------------------------------------------

D, VOCAB = 6, 9


def small_model(lesson, seed):
    """Make a model of random weights."""
    import torch

    from autograder.lab import lm

    torch.manual_seed(seed)
    model = lm.SmallLM(9, 6, 1, 1).double()
    for name, value in model.named_parameters():
        if name.endswith("gain"):
            torch.nn.init.uniform_(value, 0.5, 2.0)
    return model


def weights(seed, depth=1):
    """Return weights of a module."""
    block = lm.Block(D, 1).state_dict()
    shapes = {f"block.{name}": value.shape for name, value in block.items()}
    shapes |= {f"{name}.gain": (D,) for name in ("norm_h", "norm_e", "norm_out")}
    shapes["project.weight"] = (D, 2 * D)
    found = {}
    for k, (name, shape) in enumerate(sorted(shapes.items())):
        drawn = normals(seed + k, *shape)
        found[name] = drawn.abs() + 0.3 if name.endswith("gain") else drawn * 0.5
    return found


def normed(x, gain):
    return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * gain


def outcome(own, model, h, tokens, k):
    """Return h^k and the logits, from the formulas."""
    count = max(tokens.shape[1] - k, 0)
    block = lm.Block(D, 1).double()
    block.load_state_dict({n[6:]: w for n, w in own.items() if n.startswith("block.")})
    known = model.embed.weight[tokens[:, k:]]
    left = normed(h[:, :count], own["norm_h.gain"])
    right = normed(known, own["norm_e.gain"])
    x = torch.cat([left, right], -1) @ own["project.weight"].T
    h_k = block(x, torch.arange(count))
    return h_k, normed(h_k, own["norm_out.gain"]) @ model.head.weight.T


def ask_module(student, own, depth, model, h, tokens):
    module = student.MTPModule(D, 1, depth)
    module.double()
    module.load_state_dict(own)
    return module(model, h, tokens)


def judge_module(got, want, where):
    check.plain(got, where, CONTRACT)
    good = isinstance(got, tuple) and len(got) == 2
    evidence = f"got a {type(got).__name__}, expected a tuple of h^k and logits"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    for name, one, expected in zip(("h^k", "logits"), got, want, strict=True):
        at = f"{where}: {name}"
        tensor(one, expected.detach(), at, STEP_4, 1e-9, np.float64)


@pytest.mark.task("MTPModule")
def test_modules_of_depth_1_and_2(student):
    model, here = student.run(small_model, seed=5), small_model(None, 5)
    tokens, h = ids(6, VOCAB, 2, 6), normals(7, 2, 6, D)
    for k in (1, 2):
        own = weights(10 * k)
        got = ask_module(student, own, k, model, h, tokens)
        want = outcome(own, here, h, tokens, k)
        judge_module(got, want, f"MTPModule of depth {k}")
        h = want[0].detach()


@pytest.mark.task("MTPModule")
def test_what_a_module_sees(student):
    model, tokens, h = student.run(small_model, seed=8), ids(9, VOCAB, 1, 6), None
    h = normals(10, 1, 6, D)
    module = student.MTPModule(D, 1, 1)
    module.double()
    first = module(model, h, tokens)[1]
    for j in (2, 4):
        other = tokens.clone()
        other[0, j] = (tokens[0, j] + 1) % VOCAB
        got = module(model, h, other)[1]
        where = f"MTPModule: logits before {j - 1}, when token {j} changes"
        tensor(got[:, : j - 1], first[:, : j - 1], where, STEP_4, 1e-12)
        changed = not np.allclose(got[:, j - 1], first[:, j - 1])
        where = f"MTPModule: logits at {j - 1}, when token {j} changes"
        evidence = "they stay the same"
        check.true(changed, where=where, evidence=evidence, look=STEP_4)


@pytest.mark.task("MTPModule")
def test_odd_lengths(student):
    model, here = student.run(small_model, seed=11), small_model(None, 11)
    own = weights(12)
    for k, length, positions in ((1, 4, 7), (2, 4, 2), (2, 2, 2), (3, 1, 1)):
        tokens, h = ids(13, VOCAB, 2, length), normals(14, 2, positions, D)
        where = f"MTPModule of depth {k}, {length} tokens, h of {positions} positions"
        got = ask_module(student, own, k, model, h, tokens)
        judge_module(got, outcome(own, here, h, tokens, k), where)
    other, here = student.run(small_model, seed=15), small_model(None, 15)
    module = student.MTPModule(D, 1)
    module.double()
    module.load_state_dict(own)
    tokens, h = ids(16, VOCAB, 1, 4), normals(17, 1, 4, D)
    module(model, h, tokens)
    got = module(other, h, tokens)
    where = "MTPModule, called with a second model"
    judge_module(got, outcome(own, here, h, tokens, 1), where)
    cases = {f"MTPModule of depth {k}": (D, 1, k) for k in (0, -2)}
    refuses(student.MTPModule, cases)


def learnt(lesson, model, own, h, tokens):
    """Return gradients of the sum of the squares of h^1 and of the logits."""
    module = lesson.MTPModule(6, 1, 1).double()
    module.load_state_dict(own)
    h = h.clone().requires_grad_()
    h_1, logits = module(model, h, tokens)
    (h_1.square().sum() + logits.square().sum()).backward()
    names = {"h": h, "embedding": model.embed.weight, "head": model.head.weight}
    return {name: value.grad for name, value in names.items()}


@pytest.mark.task("MTPModule")
def test_what_a_module_teaches(student):
    model, here = student.run(small_model, seed=18), small_model(None, 18)
    own, tokens, h = weights(19), ids(20, VOCAB, 2, 5), normals(21, 2, 5, D)
    got = student.run(learnt, model=model, own=own, h=h, tokens=tokens)
    h.requires_grad_()
    h_1, logits = outcome(own, here, h, tokens, 1)
    (h_1.square().sum() + logits.square().sum()).backward()
    wanted = {"h": h, "embedding": here.embed.weight, "head": here.head.weight}
    for name, want in wanted.items():
        where = f"MTPModule: gradient of {name}"
        there = got[name] is not None
        check.true(there, where=where, evidence="there is none", look=STEP_4)
        tensor(got[name], want.grad, where, STEP_4, 1e-8)


def names_in(lesson, d):
    """Return the names of a module's weights."""
    return sorted(lesson.MTPModule(d, 1).state_dict())


@pytest.mark.task("MTPModule")
def test_names_of_the_weights(student):
    got = student.run(names_in, d=D)
    where = "MTPModule: names of its weights"
    check.equal(got, sorted(weights(0)), where=where, look=CONTRACT)


# --- mtp_loss -----------------------------------------------------------------------


def judge_loss(got, want, parts, where, look=STEP_5, tolerance=1e-9, dtype=None):
    check.plain(got, where, CONTRACT)
    good = isinstance(got, tuple) and len(got) == 2 and type(got[1]) is list
    evidence = "expected a tuple of the loss and a list of its parts"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    evidence = f"there are {len(got[1])}, expected {len(parts)}"
    good = len(got[1]) == len(parts)
    check.true(good, where=f"{where}: parts", evidence=evidence, look=CONTRACT)
    for k, (one, part) in enumerate(zip(got[1], parts, strict=True)):
        tensor(one, part, f"{where}: part {k}", look, tolerance, dtype)
    tensor(got[0], want, f"{where}: the loss", look, tolerance, dtype)


def even(rows, *lengths):
    """Return logits that give each of four tokens the same chance: ln 4 a target."""
    return [torch.zeros(rows, length, 4, dtype=torch.float64) for length in lengths]


LN4 = math.log(4)


@pytest.mark.task("mtp_loss")
def test_even_guesses(student):
    tokens = torch.tensor([[1, 2, 3, 0, 1, 2]])
    cases = [
        ((5, 4), 0.3, [LN4, LN4 * 4 / 5], LN4 * (1 + 0.3 * 4 / 5)),
        ((5, 4, 3), 0.6, [LN4, LN4 * 4 / 5, LN4 * 3 / 5], LN4 * (1 + 0.3 * 7 / 5)),
        ((5,), 0.3, [LN4], LN4),
    ]
    for lengths, weight, parts, want in cases:
        where = f"mtp_loss, {len(lengths) - 1} modules, five positions, lambda {weight}"
        got = student.mtp_loss(even(1, *lengths), tokens, weight)
        judge_loss(got, want, parts, where)
    got = student.mtp_loss(even(1, 2, 1, 0), tokens[:, :3], 0.6)
    where = "mtp_loss, a second module without positions"
    judge_loss(got, LN4 * (1 + 0.3 / 2), [LN4, LN4 / 2, 0.0], where, CONTRACT)


@pytest.mark.task("mtp_loss")
def test_which_token_is_asked_for(student):
    tokens = torch.tensor([[0, 3, 1, 2, 0], [2, 2, 1, 3, 1]])
    logits = [normals(30 + k, 2, 4 - k, 4) for k in range(3)]
    parts = []
    for k, said in enumerate(logits):
        chosen = said.log_softmax(-1).gather(2, tokens[:, k + 1 :, None])
        parts.append(float(-chosen.sum() / 8))
    want = parts[0] + 0.15 * (parts[1] + parts[2])
    got = student.mtp_loss(logits, tokens)
    judge_loss(got, want, parts, "mtp_loss, two modules")
    single = student.mtp_loss([one.float() for one in logits], tokens)
    where = "mtp_loss in float32"
    judge_loss(single, want, parts, where, CONTRACT, 1e-5, np.float32)
    large = student.mtp_loss([one * 1e4 for one in even(1, 2)], tokens[:1, :3])
    judge_loss(large, LN4, [LN4], "mtp_loss, even logits", CONTRACT)
    steep = even(1, 2)
    steep[0][..., 0] = 2000
    got = student.mtp_loss(steep, tokens[:1, :3])
    judge_loss(got, 2000.0, [2000.0], "mtp_loss, logits of 2000", CONTRACT)


@pytest.mark.task("mtp_loss")
def test_loss_of_texts_that_end(student):
    tokens = torch.tensor([[1, 2, 3, 1, 2, 1], [2, 3, 3, 3, 3, 3]])  # a 3 closes a text
    got = student.mtp_loss(even(2, 5, 4), tokens, 0.5, 3)
    parts = [LN4, LN4 * 2 / 5]  # of 5 targets: 2, 3, then 2, 1; and 3 in the second row
    where = "mtp_loss, texts that end"
    judge_loss(got, LN4 * (1 + 0.5 * 2 / 5), parts, where)
    padded = torch.full((2, 3), 3)
    logits = [student.keep(one) for one in even(2, 2, 1)]
    for one in logits:
        one.requires_grad_()
    held = student.held("mtp_loss", logits, padded, 0.3, 3)
    where = "mtp_loss, nothing is asked for"
    judge_loss(student.fetch(held), 0.0, [0.0, 0.0], where, CONTRACT)
    short = student.mtp_loss(even(1, 1, 0, 0), torch.tensor([[1, 0]]), 0.3, 0)
    judge_loss(short, LN4, [LN4, 0.0, 0.0], "mtp_loss, rows of one position", CONTRACT)


@pytest.mark.task("mtp_loss")
def test_gradients_of_the_loss(student):
    tokens = torch.tensor([[0, 3, 1, 2]])
    logits = even(1, 3, 2)
    given = [student.keep(one) for one in logits]
    for one in given:
        one.requires_grad_()
    held = student.held("mtp_loss", given, tokens, 0.6)
    student.part(held, 0).backward()
    for k, (one, factor) in enumerate(zip(given, (1.0, 0.6), strict=True)):
        want = torch.full((1, 3 - k, 4), 0.25, dtype=torch.float64)
        for i in range(3 - k):
            want[0, i, tokens[0, i + k + 1]] -= 1
        where = f"mtp_loss: gradient of logits[{k}]"
        got = one.grad
        there = got is not None
        check.true(there, where=where, evidence="there is none", look=STEP_5)
        tensor(got, want * factor / 3, where, STEP_5, 1e-10)
    last = student.keep(logits[1])
    last.requires_grad_()
    held = student.held("mtp_loss", [logits[0], last], tokens)
    student.part(held, 1, 1).backward()
    where, got = "mtp_loss: gradient of logits[1], from part 1", last.grad
    there = got is not None
    check.true(there, where=where, evidence="there is none", look=CONTRACT)
    tensor(got, want / 3, where, CONTRACT, 1e-10)


# --- self_speculative_decode --------------------------------------------------------


class Machine:
    """A model whose next token hangs on all that the cache holds.

    A draft is right unless its place (counted from the first token of the prompt) is
    wrong: then it is one too large.
    """

    def __init__(self, wrong=(), text=None, start=0):
        self.cache, self.passes, self.drafts = [], [], []
        self._wrong, self._text, self._start = wrong, text, start

    def after(self, context):
        """Return the token after a context."""
        if self._text is not None:
            place = len(context) - self._start
            return self._text[place] if 0 <= place < len(self._text) else 1
        total = 0
        for token in context:
            total = (total * 31 + token + 7) % 997
        return total % 40

    def forward(self, tokens):
        """Read tokens; return what follows each."""
        self.passes.append(list(tokens))
        answers = []
        for token in tokens:
            self.cache.append(token)
            answers.append(self.after(self.cache))
        return answers

    def draft(self, token, n):
        """Guess what follows."""
        self.drafts.append((len(self.cache), n))
        context = [*self.cache, token]
        for _ in range(n):
            guess = self.after(context)
            context.append((guess + (len(context) in self._wrong)) % 41)
        return context[len(context) - n :]

    def rollback(self, length):
        """Forget all but the first tokens."""
        if not 0 <= length <= len(self.cache):
            raise ValueError("the cache holds fewer")
        del self.cache[length:]

    def plainly(self, prompt, max_new, end=None):
        """Return what decoding gives without drafts."""
        found = []
        while len(found) < max_new and (not found or found[-1] != end):
            found.append(self.after([*prompt, *found]))
        return found


def decode(student, machine, prompt, max_new, depth, end=None):
    three = (machine.forward, machine.draft, machine.rollback)
    got = student.self_speculative_decode(*three, prompt, max_new, depth, end)
    # What passes read goes among the answers: mistakes are told apart by it.
    student.fetch(student.keep([len(tokens) for tokens in machine.passes]))
    return got


def judge_tokens(got, want, where):
    check.plain(got, where, CONTRACT)
    good = type(got) is list and all(type(token) is int for token in got)
    evidence = f"got {check.show(got)}, expected a list of Python ints"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    check.equal(got, want, where=where, look=STEP_6)


@pytest.mark.task("self_speculative_decode")
def test_tokens_and_passes(student):
    prompt = [3, 14, 15]
    cases = [
        ("all drafts right", (), 1, [3, 2, 2, 2, 2]),
        ("all drafts right", (), 3, [3, 4, 4]),
        ("places 5 and 8 wrong", (5, 8), 1, [3, 2, 2, 2, 2, 1]),
        ("places 5 and 8 wrong", (5, 8), 3, [3, 4, 4, 3]),
        ("all drafts wrong", range(99), 2, [3] + [3] * 6 + [2, 1]),
    ]
    for words, wrong, depth, passes in cases:
        machine = Machine(wrong)
        got = decode(student, machine, prompt, 9, depth)
        where = f"self_speculative_decode, nine tokens, depth {depth}, {words}"
        judge_tokens(got, machine.plainly(prompt, 9), where)
        read = [len(tokens) for tokens in machine.passes]
        at = f"{where}: tokens that each pass reads"
        check.equal(read, passes, where=at, look=STEP_6)
        drafts = [n - 1 for n in passes[1:] if n > 1]
        at = f"{where}: drafts asked for"
        check.equal([n for _, n in machine.drafts], drafts, where=at, look=CONTRACT)


@pytest.mark.task("self_speculative_decode")
def test_many_drafts_of_every_kind(student):
    prompt = [9, 2]
    for k in range(2, 6):
        machine = Machine(range(k, 99, k))
        got = decode(student, machine, prompt, 25, 4)
        where = f"self_speculative_decode, depth 4, every draft number {k} wrong"
        judge_tokens(got, machine.plainly(prompt, 25), where)


@pytest.mark.task("self_speculative_decode")
def test_an_end_inside_a_block(student):
    for place in range(5):
        text = [11, 12, 13, 14, 15, 16]
        text.insert(place, 30)
        for depth, wrong in ((1, ()), (2, ()), (4, ()), (3, (3,)), (2, range(99))):
            machine = Machine(wrong, text, 2)
            got = decode(student, machine, [5, 6], 7, depth, 30)
            where = f"self_speculative_decode, depth {depth}, token {place + 1} ends it"
            judge_tokens(got, text[: place + 1], where)
            whole = [5, 6, *got]
            good = machine.cache == whole[: len(machine.cache)]
            at = f"{where}: the cache afterwards"
            evidence = "it holds what is neither of the prompt nor of the answer"
            check.true(good, where=at, evidence=evidence, look=CONTRACT)
    machine = Machine(range(99), [29, 8, 29, 7], 1)
    got = decode(student, machine, [30], 4, 2, 30)
    where = "self_speculative_decode, wrong drafts of the end"
    judge_tokens(got, [29, 8, 29, 7], where)
    machine = Machine((), [4, 0, 5], 1)
    got = decode(student, machine, [2], 3, 2, 0)
    judge_tokens(got, [4, 0], "self_speculative_decode, token 0 ends the text")


@pytest.mark.task("self_speculative_decode")
def test_few_tokens_wanted(student):
    for max_new, passes in ((0, []), (1, [2]), (2, [2, 1]), (3, [2, 2]), (4, [2, 3])):
        for depth in (0, 5):
            machine = Machine()
            got = decode(student, machine, (8, 1), max_new, depth)
            where = f"self_speculative_decode, {max_new} wanted, depth {depth}"
            judge_tokens(got, machine.plainly((8, 1), max_new), where)
            want = passes if depth else [2, 1, 1, 1][:max_new]
            read = [len(tokens) for tokens in machine.passes]
            at = f"{where}: tokens that each pass reads"
            check.equal(read, want, where=at, look=CONTRACT)
            good = depth > 0 or not machine.drafts
            at = f"{where}: drafts"
            evidence = "the draft is called"
            check.true(good, where=at, evidence=evidence, look=CONTRACT)


@pytest.mark.task("self_speculative_decode")
def test_prompts(student):
    machine = Machine()
    given = student.keep([8, 1, 4])
    got = decode(student, machine, given, 5, 2)
    judge_tokens(got, machine.plainly([8, 1, 4], 5), "self_speculative_decode")
    where = "self_speculative_decode: the prompt afterwards"
    check.equal(student.fetch(given), [8, 1, 4], where=where, look=CONTRACT)
    machine = Machine()
    three = (machine.forward, machine.draft, machine.rollback)
    name = "self_speculative_decode with"
    cases = {
        f"{name} an empty prompt": (*three, [], 2, 1),
        f"{name} an empty prompt, none wanted": (*three, [], 0, 1),
        f"{name} max_new = -2": (*three, [1], -2, 1),
        f"{name} depth = -1": (*three, [1], 2, -1),
    }
    refuses(student.self_speculative_decode, cases)


# --- speculative_accept -------------------------------------------------------------


def law(*rows):
    """Return rows of probabilities from whole numbers."""
    found = torch.tensor(rows, dtype=torch.float64)
    return found / found.sum(1, keepdim=True)


def judge_accept(student, cases, look=STEP_7):
    for where, args, want in cases:
        got = student.speculative_accept(*args)
        where = f"speculative_accept, {where}"
        check.plain(got, where, CONTRACT)
        good = type(got) is list and all(type(token) is int for token in got)
        evidence = f"got {check.show(got)}, expected a list of Python ints"
        check.true(good, where=where, evidence=evidence, look=CONTRACT)
        check.equal(got, want, where=where, look=look)


@pytest.mark.task("speculative_accept")
def test_one_draft_by_hand(student):
    p, q = law([1, 5, 4], [1, 1, 2]), law([6, 2, 2])  # residual: 0, 3, 2
    cases = []
    for u, v, want in (
        (0.1, 0.1, [0, 0]),
        (0.16, 0.3, [0, 1]),
        (0.17, 0.1, [1]),
        (0.17, 0.59, [1]),
        (0.17, 0.61, [2]),
        (0.9, 0.99, [2]),
    ):
        cases.append((f"draft 0, u = {u} and {v}", (p, q, [0], [u, v]), want))
    for x in (1, 2):
        where = f"draft {x}, which p likes better"
        cases.append((where, (p, q, [x], [0.99, 0.6]), [x, 2]))
    judge_accept(student, cases)


@pytest.mark.task("speculative_accept")
def test_three_drafts(student):
    p = law([1, 3], [2, 2], [3, 1], [1, 1])
    q = law([3, 1], [1, 3], [1, 3])
    cases = [
        ("all accepted", (p, q, [0, 1, 1], [0.3, 0.6, 0.3, 0.4]), [0, 1, 1, 0]),
        ("all accepted, u 0.6", (p, q, [0, 1, 1], [0.3, 0.6, 0.3, 0.6]), [0, 1, 1, 1]),
        ("the first rejected", (p, q, [0, 1, 1], [0.4, 0.6, 0.3, 0.4]), [1]),
        ("the second rejected", (p, q, [0, 1, 1], [0.3, 0.7, 0.3, 0.4]), [0, 0]),
        ("the third rejected", (p, q, [0, 1, 1], [0.3, 0.6, 0.4, 0.4]), [0, 1, 0]),
        ("no drafts", (law([1, 0, 3]), law([1, 1, 1])[:0], [], [0.2]), [0]),
    ]
    judge_accept(student, cases)


@pytest.mark.task("speculative_accept")
def test_the_law_of_the_first_token(student):
    n = 8
    grid = [(k + 0.5) / n for k in range(n)]
    for top, low in (([2, 3, 3], [4, 2, 2]), ([0, 2, 2], [2, 1, 1])):
        p, q = law(top, [1, 1, 2]), law(low)
        cells = [(x, u, v) for x in range(3) for u in grid for v in grid]
        with student.together() as batch:
            asked = [batch.speculative_accept(p, q, [x], [u, v]) for x, u, v in cells]
        found = np.zeros(3)
        for (x, _, _), one in zip(cells, asked, strict=True):
            found[int(batch.result(one)[0])] += float(q[0, x]) / n**2
        where = f"speculative_accept, p {top}, q {low}: shares over all u"
        check.close(found, p[0].numpy(), atol=1e-9, where=where, look=STEP_7)


@pytest.mark.task("speculative_accept")
def test_limits(student):
    p, same = law([1, 3, 0, 4], [1, 0, 1, 0]), law([1, 3, 0, 4])
    none = law([1, 1])[:0]
    cases = [
        ("q is p, u almost 1", (p, same, [1], [0.999999, 0.6]), [1, 2]),
        ("q is p, a draft of probability 0", (p, same, [2], [0.0, 0.3]), [1]),
        ("q = 0, p > 0", (p, law([0, 1, 1, 0]), [0], [0.9, 0.1]), [0, 0]),
        ("u q equals p", (p, law([2, 2, 2, 2]), [0], [0.5, 0.2]), [1]),
        ("no common token", (law([0, 1], [1, 0]), law([1, 0]), [0], [0.0, 0.9]), [1]),
        ("u = 0, weights 0 and 1", (law([0, 1]), none, [], [0.0]), [1]),
        ("a border", (law([1, 1]), none, [], [0.5]), [1]),
    ]
    p, q = law([1 - 2**-40, 1 + 2**-40], [1, 1]), law([1, 1])
    cases.append(("a tiny residual", (p, q, [0], [1 - 2**-44, 0.1]), [1]))
    judge_accept(student, cases, CONTRACT)


@pytest.mark.task("speculative_accept")
def test_laws_and_numbers_given(student):
    p, q = law([1, 3], [2, 2]), law([3, 1])
    given = [student.keep(value) for value in (p, q, [0])]
    for _ in range(2):
        judge_accept(student, [("kept laws", (*given, [0.9, 0.2]), [1])])
    for name, one, before in (("p", given[0], p), ("q", given[1], q)):
        where = f"speculative_accept: {name} afterwards"
        tensor(student.fetch(one), before, where, CONTRACT)
    where = "speculative_accept: the drafts afterwards"
    check.equal(student.fetch(given[2]), [0], where=where, look=CONTRACT)
    name = "speculative_accept with"
    cases = {
        f"{name} as many rows of p as drafts": (p[:1], q, [0], [0.1, 0.1]),
        f"{name} two rows of q for one draft": (p, p, [0], [0.1, 0.1]),
        f"{name} one number u for one draft": (p, q, [0], [0.1]),
        f"{name} a row of p too many": (law([1], [1], [1]), q, [0], [0.1, 0.1]),
    }
    refuses(student.speculative_accept, cases)


# --- expected_tokens ----------------------------------------------------------------


def judge_number(got, want, where, tolerance=1e-9):
    check.plain(got, where, CONTRACT)
    evidence = f"got a {type(got).__name__}, expected a Python float"
    is_float = isinstance(got, float)
    check.true(is_float, where=where, evidence=evidence, look=CONTRACT)
    check.close(got, want, rtol=tolerance, atol=tolerance, where=where, look=STEP_8)


@pytest.mark.task("expected_tokens")
def test_tokens_a_pass(student):
    cases = [
        (0.5, 1, 1.5),
        (0.5, 3, 1.875),
        (0.75, 2, 2.3125),
        (0.25, 2, 1.3125),
        (0.7, 0, 1.0),
        (0.0, 4, 1.0),
        (1.0, 4, 5.0),
        (0.999999999, 6, 6.999999979000001),
        (1 - 5e-10, 100_000, 99_998.5),
    ]
    for a, g, want in cases:
        where = f"expected_tokens({a!r}, {g})"
        tolerance = 1e-6 if g > 6 else 1e-9
        judge_number(student.expected_tokens(a, g), want, where, tolerance)


@pytest.mark.task("expected_tokens")
def test_overhead_of_a_pass(student):
    cases = [(0.5, 1, 1.2, 0.25), (0.5, 3, 1.5, 0.25), (0.75, 2, 2.3125, 0.0)]
    cases += [(0.5, 2, 0.5, 2.5), (0.5, 2, 1.75 * (1 + 6e-10), 0.0)]  # rounded up
    for a, g, speedup, want in cases:
        where = f"implied_overhead({a}, {g}, {speedup})"
        judge_number(student.implied_overhead(a, g, speedup), want, where)


@pytest.mark.task("expected_tokens")
def test_impossible_numbers(student):
    name = "expected_tokens with"
    cases = {
        f"{name} acceptance -0.5": (-0.5, 2),
        f"{name} acceptance 1.5": (1.5, 2),
        f"{name} acceptance NaN": (math.nan, 2),
        f"{name} depth -1": (0.5, -1),
    }
    refuses(student.expected_tokens, cases)
    name = "implied_overhead with"
    cases = {
        f"{name} speedup 0": (0.5, 1, 0.0),
        f"{name} speedup 1.6 of 1.5 tokens": (0.5, 1, 1.6),
        f"{name} speedup -2": (0.5, 1, -2.0),
        f"{name} speedup NaN": (0.5, 1, math.nan),
        f"{name} speedup 1.75 + 1e-6 of 1.75 tokens": (0.5, 2, 1.75 + 1e-6),
        f"{name} acceptance 2": (2.0, 1, 1.0),
    }
    refuses(student.implied_overhead, cases)
