"""Hidden tests of `medusa_generate`: models on this side count its passes.

A text that is right needs the right cache, positions and masks: see `Machine`. How many
passes are needed is what the reference needs for the same model.
"""

import numpy as np
import pytest
import torch
from hidden.answers import CONTRACT, RAGGED, SMALL, random_choices, step, view
from hidden.machines import Machine

from autograder.student.proxy import StudentError
from autograder.student.testing import check

STEP_8 = step(8)
SAME = step(8, "at temperature 0 the text is that of plain greedy decoding.")
PASSES = step(8, "a pass over the tree gives all accepted tokens and one more.")
TREE = [(0,), (1,), (2,), (0, 0), (0, 1), (1, 0), (0, 0, 0), (0, 0, 1), (1, 0, 0)]


_known = {}  # what the reference did, by what it was asked


def right(reference, machine, prompt, choices, max_new, more):
    """Return the reference's text, and the sizes of its passes."""
    asked = (tuple(prompt.tolist()), tuple(map(tuple, choices)), max_new)
    key = (machine.model, *asked, *more.items())
    if key not in _known:
        twin = machine.fresh()
        text = reference.medusa_generate(
            twin.step, twin.keep, prompt, choices, max_new, **more
        )
        _known[key] = text, twin.sizes
    return _known[key]


def ask(student, reference, what, machine, prompt, choices, max_new, look=SAME,
        rough=False, plain=True, **more):  # fmt: skip
    """Generate; compare the text, then the passes.

    Roughly: a text may be longer than max_new, and there may be a pass too many.
    """
    prompt = torch.tensor(prompt)
    want, sizes = right(reference, machine, prompt, choices, max_new, more)
    if plain:
        text = machine.plain(prompt, max_new)
        end = more.get("end")
        want = text[: text.index(end) + 1] if end in text else text
    where = f"medusa_generate, {what}"
    try:
        got = student.medusa_generate(
            machine.step, machine.keep, prompt, choices, max_new, **more
        )
    except StudentError:
        machine.settle()
        raise
    machine.settle(is_over=not rough)
    if rough and isinstance(got, list):
        got = got[:max_new]
    check.equal(got, want, where=where, look=look)
    enough = len(sizes) + rough
    said = f"{len(machine.sizes)} passes, {enough} are enough"
    good = len(machine.sizes) <= enough
    check.true(good, where=f"{where}: the passes", evidence=said, look=PASSES)
    said = f"passes of {check.show(machine.sizes)} tokens"
    good = machine.sizes[: len(sizes)] == sizes
    check.true(good, where=f"{where}: the passes", evidence=said, look=STEP_8)
    return machine


def seed(rng):
    return int(rng.integers(2**31))


@pytest.mark.task("medusa_generate", weight=3, core=True)
def test_the_text_of_plain_decoding(student, reference, rng):
    for what, choices, heads in (
        ("ten nodes", TREE, 3),
        ("leaves of all depths", RAGGED, 3),
        ("a chain of three", [(0,), (0, 0), (0, 0, 0)], 3),
    ):
        machine = Machine(seed(rng), heads=heads)
        prompt = rng.integers(19, size=6)
        ask(student, reference, what, machine, prompt, choices, 32, rough=True)


@pytest.mark.task("medusa_generate", weight=3, core=True)
def test_fewer_passes(student, reference, rng):
    machine = Machine(seed(rng), right=1.0, ranks=1)
    chain = [(0,), (0, 0), (0, 0, 0)]
    machine = ask(student, reference, "heads that are always right", machine,
                  [1, 2, 3], chain, 41, PASSES, rough=True)  # fmt: skip
    said = f"{len(machine.sizes)} passes for 41 tokens, 4 of them in each but the first"
    good = len(machine.sizes) in (11, 12)
    check.true(good, where="medusa_generate, heads that are right", evidence=said,
               look=PASSES)  # fmt: skip
    machine = Machine(seed(rng))
    ask(student, reference, "ten nodes", machine, [5, 4], TREE, 40, PASSES, rough=True)


@pytest.mark.task("medusa_generate", weight=2, core=True)
def test_a_tree_of_the_root_alone(student, reference, rng):
    machine = Machine(seed(rng))
    look = "The contract: [] is plain decoding."
    ask(student, reference, "no choices", machine, [3, 1, 4], [], 12, look, rough=True)


def ask_typically(student, reference, rng, *cases, **more):
    """Generate with typical acceptance; the reference says what is right."""
    look = "The contract: accept_typical says which nodes are kept."
    for temperature, limits in cases:
        machine = Machine(seed(rng), sharp=1.2)
        what = f"temperature {temperature}"
        ask(student, reference, what, machine, [7, 8, 9], TREE, 32, look, plain=False,
            temperature=temperature, **limits, **more)  # fmt: skip


@pytest.mark.task("medusa_generate", weight=2, core=True)
def test_typical_acceptance(student, reference, rng):
    cases = ((0.7, {}), (1.0, {}), (1.5, {}), (3.0, {}))
    ask_typically(student, reference, rng, *cases, rough=True)


@pytest.mark.task("medusa_generate", weight=1)
def test_other_limits(student, reference, rng):
    cases = ({"epsilon": 0.3, "delta": 0.8}, {"epsilon": 0.01}, {"delta": 0.05},
             {"epsilon": 0.5, "delta": 0.9}, {"epsilon": 0.0},
             {"delta": 0.0})  # fmt: skip
    ask_typically(student, reference, rng, *((1.0, limits) for limits in cases))


@pytest.mark.task("medusa_generate", weight=1)
def test_how_much_is_written(student, reference, rng):
    look = "The contract: at most max_new; no pass once enough is known."
    for max_new in (0, 1, 2, 3, 4, 5, 6, 7, 10):
        machine = Machine(seed(rng), right=1.0, ranks=1)
        chain = [(0,), (0, 0), (0, 0, 0), (1,)]
        what = f"heads that are always right, {max_new} tokens"
        ask(student, reference, what, machine, [2, 7], chain, max_new, look)


@pytest.mark.task("medusa_generate", weight=1)
def test_the_end(student, reference, rng):
    look = "The contract: writing ends after this token."
    chain = [(0,), (0, 0), (0, 0, 0)]
    machine, prompt = Machine(seed(rng), vocab=300, right=1.0, ranks=1), [7, 7]
    text = machine.plain(prompt, 12)  # in blocks of 1, 4, 4, ...
    for place in (1, 2, 4, 0, 3, 8):
        machine, end = machine.fresh(), text[place]
        what = f"an end after {text.index(end) + 1} tokens, heads that are right"
        if end:
            ask(student, reference, what, machine, prompt, chain, 30, look, end=end)


@pytest.mark.task("medusa_generate", weight=1)
def test_other_ends(student, reference, rng):
    look = "The contract: writing ends after this token."
    for _ in range(2):
        machine = Machine(seed(rng), vocab=8, right=1.0)
        prompt = rng.integers(8, size=5)
        text = machine.plain(prompt, 30)
        ends = {text[0], text[1], text[4], text[7], text[11]}
        ends |= {min({*range(9)} - {*text}), int(prompt[0]), int(prompt[-1])}
        for end in sorted(ends, reverse=True):
            what = f"an end after {text.index(end) + 1 if end in text else 30} tokens"
            machine = machine.fresh()
            ask(student, reference, what, machine, prompt, TREE, 30, look, end=end,
                topk=5)  # fmt: skip
    machine = machine.fresh()
    ask(student, reference, "an end long before 10**12 tokens", machine, prompt, TREE,
        10**12, look, plain=False, end=text[7], topk=5)  # fmt: skip
    machine = Machine(seed(rng), vocab=6, zeros=2.0, right=1.0)
    ask(student, reference, "the end is token 0", machine, [0, 1, 0], TREE, 30, look,
        end=0, topk=3)  # fmt: skip


@pytest.mark.task("medusa_generate", weight=1)
def test_token_0_follows(student, reference, rng):
    look = "Before task 1: token 0 is a token as any other."
    for zeros in (3.0, 30.0):
        machine = Machine(seed(rng), zeros=zeros)
        what = "token 0 is often right"
        ask(student, reference, what, machine, [0, 0, 3], RAGGED, 30, look)


@pytest.mark.task("medusa_generate", weight=1)
def test_other_trees_and_models(student, reference, rng):
    choices = random_choices(rng, 4, 3, 25)
    machine = Machine(seed(rng), heads=4)
    ask(student, reference, "25 nodes", machine, [1, 1], choices, 30)
    machine = Machine(seed(rng), heads=5, right=1.0)
    ask(student, reference, "more heads than levels", machine, [9], SMALL, 20)
    machine = Machine(seed(rng), vocab=3, ranks=3)
    ask(student, reference, "three tokens, topk 3", machine, [2, 2], SMALL, 20, topk=3)
    machine = Machine(seed(rng), vocab=40, ranks=2, right=1.0, least=10)
    wide = [[10], [11], [5], [10, 11], [10, 10], [11, 10]]
    ask(student, reference, "lists, 12 ranks", machine, [2, 2], wide, 20, topk=12)
    machine = Machine(seed(rng), right=0.0)
    ask(student, reference, "heads that are always wrong", machine, [4, 4], TREE, 12)
    machine = Machine(seed(rng))
    ask(student, reference, "a prompt of 30", machine, rng.integers(19, size=30), TREE,
        12)  # fmt: skip


@pytest.mark.task("medusa_generate", weight=1)
def test_logits_that_are_equal_or_nearly(student, reference, rng):
    for prompt in ([3, 1], [2, 8, 8]):
        machine = Machine(seed(rng))
        machine.told = lambda rows: 1 + 1e-9 * rows
        what = "logits that are nearly equal"
        ask(student, reference, what, machine, prompt, TREE, 30)
        for temperature in (0.0, 1.0):
            machine = Machine(seed(rng))
            machine.told = lambda rows: (rows / 4).round()
            ask(student, reference, "logits that are equal", machine, prompt, TREE, 12,
                plain=False, temperature=temperature)  # fmt: skip


@pytest.mark.task("medusa_generate", weight=1)
def test_long_texts(student, reference, rng):
    prompt = rng.integers(19, size=260)
    ask(student, reference, "a prompt of 260", Machine(seed(rng)), prompt, SMALL, 4)
    ask(student, reference, "70 tokens", Machine(seed(rng)), [1, 2], [], 70)


@pytest.mark.task("medusa_generate", weight=1)
def test_refusals(student, rng):
    for what, shape in (
        ("no tokens", (0,)),
        ("a batch", (1, 3)),
        ("a number", ()),
        ("a column", (3, 1)),
    ):
        machine, prompt = Machine(1), torch.zeros(shape, dtype=torch.int64)
        where = f"medusa_generate, a prompt of {what}"
        check.raises(ValueError, student.medusa_generate, machine.step, machine.keep,
                     prompt, SMALL, 5, where=where, look=CONTRACT)  # fmt: skip
        said = "the model was run before"
        check.true(not machine.sizes, where=where, evidence=said, look=CONTRACT)
        check.raises(ValueError, student.medusa_generate, machine.step, machine.keep,
                     prompt, SMALL, 0, where=f"{where}, max_new 0",
                     look=CONTRACT)  # fmt: skip
    for what, choices, topk in (
        ("a node without its parent", [(0,), (1, 0)], 10),
        ("a rank of topk", [(0,), (3,)], 3),
        ("more levels than heads", [(0,), (0, 0), (0, 0, 0), (0, 0, 0, 0)], 10),
    ):
        machine = Machine(1)
        where = f"medusa_generate, {what}"
        check.raises(ValueError, student.medusa_generate, machine.step, machine.keep,
                     torch.tensor([1, 2]), choices, 5, topk=topk, where=where,
                     look=CONTRACT)  # fmt: skip
    machine, prompt = Machine(1), torch.tensor([3, 1])
    kept = view(student, prompt)
    tree = student.keep(SMALL[::-1])
    got = student.medusa_generate(machine.step, machine.keep, kept, tree, 5)
    where = "medusa_generate, the prompt is a view"
    check.equal(got, machine.plain(prompt, 5), where=where, look=CONTRACT)
    check.unchanged(np.asarray(student.fetch(kept)), prompt.numpy(),
                    where="medusa_generate: the prompt", look=CONTRACT)  # fmt: skip
    where = "medusa_generate: the choices"
    check.equal(student.fetch(tree), SMALL[::-1], where=where, look=CONTRACT)
