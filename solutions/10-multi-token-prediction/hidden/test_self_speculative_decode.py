"""Hidden tests of `self_speculative_decode`: same tokens, fewer passes, a clean cache.

The model runs here; `machines.py` says how it notes what is asked of it.
"""

from functools import cache

import pytest
from hidden.answers import CONTRACT, refused, step, whole_numbers
from hidden.machines import (
    Machine,
    Speaker,
    Voice,
    hashed,
    leanest,
    plainly,
    scripted,
)

from autograder.lab import lm
from autograder.student.testing import check

STEP_6 = step(6)
VOCAB = 50

PATTERNS = {
    "all drafts right": lambda place: True,
    "no draft right": lambda place: False,
    "two drafts right of three": lambda place: place % 3 != 1,
    "every second draft right": lambda place: place % 2 == 0,
    "four drafts right of five": lambda place: place % 5 != 2,
}


def decoded(student, after, is_right, prompt, max_new, depth, end=None, vocab=VOCAB):
    """Decode with a machine; return what was found, and the machine."""
    machine = Machine(after, is_right, vocab)
    got = student.self_speculative_decode(
        machine.forward, machine.draft, machine.rollback, prompt, max_new, depth, end
    )
    # What passes read goes among the answers: mistakes are told apart by it.
    student.fetch(student.keep([len(tokens) for tokens in machine.passes]))
    return got, machine


def same_tokens(got, want, where):
    whole_numbers(got, where)
    check.equal(got, want, where=where, look=STEP_6)


@pytest.mark.task("self_speculative_decode", weight=3, core=True)
def test_token_for_token(student, rng):
    prompt, asked = rng.integers(VOCAB, size=5).tolist(), []
    for salt, (words, is_right) in enumerate(PATTERNS.items()):
        for depth in (1, 2, 4):
            after = hashed(VOCAB, salt)
            where = f"self_speculative_decode, depth {depth}, {words}"
            got, _ = decoded(student, after, is_right, prompt, 24, depth)
            asked.append((got, plainly(after, prompt, 24), where))
    for got, want, where in asked:
        whole_numbers(got, where)
        same_tokens(got[:24], want, where)


@pytest.mark.task("self_speculative_decode", weight=3, core=True)
def test_number_of_passes(student, rng):
    prompt, asked = rng.integers(VOCAB, size=4).tolist(), []
    after = hashed(VOCAB, 7)
    for words, is_right in PATTERNS.items():
        for depth in (1, 3):
            where = f"self_speculative_decode, depth {depth}, {words}"
            found = decoded(student, after, is_right, prompt, 30, depth)
            need = leanest(after, is_right, prompt, 30, depth)
            asked.append((*found, need, depth, where))
    for got, machine, need, depth, where in asked:
        whole_numbers(got, where)
        same_tokens(got[:30], plainly(after, prompt, 30), where)
        at = f"{where}: passes for 30 tokens"  # the last may be one too many here
        check.at_most(len(machine.passes), len(need) + 1, where=at, look=STEP_6)
        read, most = sum(map(len, machine.passes)), sum(map(len, need))
        at = f"{where}: tokens read in all passes"
        check.at_most(read, most + 2 * depth + 2, where=at, look=STEP_6)


@pytest.mark.task("self_speculative_decode", weight=2, core=True)
def test_drafts_follow_what_was_found(student, rng):
    prompt = rng.integers(VOCAB, size=3).tolist()
    for words, is_right in PATTERNS.items():
        after = hashed(VOCAB, 9)
        got, machine = decoded(student, after, is_right, prompt, 20, 3)
        where = f"self_speculative_decode, depth 3, {words}"
        want = [*prompt, *plainly(after, prompt, 20)]
        check.true(
            len(machine.drafted) > 0,
            where=where,
            evidence="nothing was drafted",
            look=STEP_6,
        )
        for number, (context, _) in enumerate(machine.drafted):
            good = len(prompt) < len(context) and context == want[: len(context)]
            at = f"{where}: cache and token at draft {number}"
            evidence = "they are not the prompt and what was found"
            check.true(good, where=at, evidence=evidence, look=STEP_6)
        whole_numbers(got, where)
        same_tokens(got[:20], want[len(prompt) :], where)


@pytest.mark.task("self_speculative_decode", weight=2)
def test_ends(student):
    prompt, text, end = [3, 1, 2], [*range(1011, 1021)], 1999
    for depth in (0, 1, 2, 3, 5):
        for place in range(8):
            said = [*text[:place], end, *text[place:]]
            after = scripted(said, len(prompt))
            for words in ("all drafts right", "two drafts right of three"):
                is_right = PATTERNS[words]
                where = (
                    f"self_speculative_decode, depth {depth}, {words}, "
                    f"the end is token {place + 1} of the answer"
                )
                got, machine = decoded(student, after, is_right, prompt, 10, depth, end)
                same_tokens(got, said[: place + 1], where)
                lean = leanest(after, is_right, prompt, 10, depth, end)
                at = f"{where}: passes"
                check.at_most(len(machine.passes), len(lean), where=at, look=STEP_6)
                want = [len(tokens) - 1 for tokens in lean[1:] if len(tokens) > 1]
                at = f"{where}: drafts asked for"
                check.equal(
                    [n for _, n in machine.drafted], want, where=at, look=CONTRACT
                )


@pytest.mark.task("self_speculative_decode", weight=1)
def test_ends_that_end_nothing(student):
    prompt = [4, 49, 5]
    text = [7, 8, 48, 9, 48, 48, 10, 11, 12, 13]  # one less than the end: a wrong draft
    after = scripted(text, 3)
    where = "self_speculative_decode, wrong drafts of the end, and one in the prompt"
    got, _ = decoded(student, after, PATTERNS["no draft right"], prompt, 9, 3, 49)
    same_tokens(got, text[:9], where)
    for depth in (0, 2):
        where = f"self_speculative_decode, depth {depth}, the prompt is an end"
        got, _ = decoded(student, scripted(text, 1), bool, [49], 4, depth, 49)
        same_tokens(got, text[:4], where)
    zeros = [5, 0, 6, 0, 0, 7]
    where = "self_speculative_decode, token 0 ends the text"
    got, _ = decoded(
        student, scripted(zeros, 1), PATTERNS["all drafts right"], [9], 6, 4, 0
    )
    same_tokens(got, [5, 0], where)
    where = "self_speculative_decode, no token ends the text, 0 occurs"
    got, _ = decoded(
        student, scripted(zeros, 1), PATTERNS["all drafts right"], [9], 20, 4
    )
    same_tokens(got, [*zeros, *[0] * 14], where)


@pytest.mark.task("self_speculative_decode", weight=2)
def test_no_more_than_are_wanted(student, rng):
    prompt = rng.integers(VOCAB, size=4).tolist()
    after = hashed(VOCAB, 3)
    for words in ("all drafts right", "four drafts right of five", "no draft right"):
        is_right = PATTERNS[words]
        for depth, end in ((0, None), (1, None), (3, None), (6, VOCAB)):
            for max_new in (0, 1, 2, 3, 4, 5, 9):
                got, machine = decoded(
                    student, after, is_right, prompt, max_new, depth, end
                )
                where = (
                    f"self_speculative_decode, depth {depth}, {words}, {max_new} wanted"
                )
                same_tokens(got, plainly(after, prompt, max_new), where)
                need = leanest(after, is_right, prompt, max_new, depth)
                at = f"{where}: passes"
                check.at_most(len(machine.passes), len(need), where=at, look=CONTRACT)
                read = sum(map(len, machine.passes))
                at = f"{where}: tokens read in all passes"
                check.at_most(read, sum(map(len, need)), where=at, look=CONTRACT)


@pytest.mark.task("self_speculative_decode", weight=1)
def test_as_many_drafts_as_can_be_used(student, rng):
    prompt = rng.integers(VOCAB, size=4).tolist()
    after = hashed(VOCAB, 5)
    for words, is_right in PATTERNS.items():
        for depth in (1, 2, 5, 10):
            _, machine = decoded(student, after, is_right, prompt, 12, depth)
            need = leanest(after, is_right, prompt, 12, depth)
            want = [len(tokens) - 1 for tokens in need[1:] if len(tokens) > 1]
            got = [n for _, n in machine.drafted]
            where = f"self_speculative_decode, depth {depth}, {words}: drafts asked for"
            check.equal(got, want, where=where, look=CONTRACT)


@pytest.mark.task("self_speculative_decode", weight=1)
def test_cache_afterwards(student):
    prompt, text = [3, 1, 2], [11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
    for depth in (1, 4):
        for place in range(1, 7):
            said = [*text[:place], 49, *text[place:]]
            for words, is_right in PATTERNS.items():
                for max_new, end in ((10, 49), (place, None)):
                    after = scripted(said, len(prompt))
                    _, machine = decoded(
                        student, after, is_right, prompt, max_new, depth, end
                    )
                    whole = [*prompt, *plainly(after, prompt, max_new, end)]
                    where = (
                        f"self_speculative_decode, depth {depth}, {words}, end {end}, "
                        f"{len(whole) - 3} tokens found: the cache afterwards"
                    )
                    good = machine.cache == whole[: len(machine.cache)]
                    evidence = (
                        "it holds something that is not of the prompt and the answer"
                    )
                    check.true(good, where=where, evidence=evidence, look=CONTRACT)


@pytest.mark.task("self_speculative_decode", weight=1)
def test_without_drafts(student, rng):
    prompt = rng.integers(VOCAB, size=4).tolist()
    after = hashed(VOCAB, 13)
    got, machine = decoded(student, after, lambda place: True, prompt, 6, 0)
    where = "self_speculative_decode, depth 0"
    same_tokens(got, plainly(after, prompt, 6), where)
    check.at_most(len(machine.drafted), 0, where=f"{where}: drafts", look=CONTRACT)
    check.at_most(len(machine.passes), 6, where=f"{where}: passes", look=CONTRACT)
    given = student.keep(prompt)
    machine = Machine(after, lambda place: True, VOCAB)
    got = student.self_speculative_decode(
        machine.forward, machine.draft, machine.rollback, given, 6, 2
    )
    same_tokens(got, plainly(after, prompt, 6), "self_speculative_decode, depth 2")
    where = "self_speculative_decode: the prompt afterwards"
    check.equal(student.fetch(given), prompt, where=where, look=CONTRACT)
    got, _ = decoded(student, after, lambda place: True, tuple(prompt), 4, 2)
    where = "self_speculative_decode, the prompt is a tuple"
    same_tokens(got, plainly(after, prompt, 4), where)
    got, _ = decoded(student, after, lambda place: True, [7], 4, 2)
    where = "self_speculative_decode, a prompt of one token"
    same_tokens(got, plainly(after, [7], 4), where)
    long = rng.integers(VOCAB, size=300).tolist()
    got, machine = decoded(student, after, lambda place: True, long, 4, 2)
    where = "self_speculative_decode, a long prompt"
    same_tokens(got, plainly(after, long, 4), where)
    where = f"{where}: what the first pass reads"
    check.equal(machine.passes[0], long, where=where, look=CONTRACT)
    text = [i % 40 for i in range(1000)]  # as many passes: too many for a recursion
    count = scripted(text, 1)
    got, _ = decoded(student, count, lambda place: True, [7], 1000, 0)
    where = "self_speculative_decode, 1,000 tokens without drafts"
    same_tokens(got, text, where)
    got, _ = decoded(student, count, lambda place: True, [7], 10**12, 2, 39)
    where = "self_speculative_decode, at most 10**12 tokens, and an end"
    same_tokens(got, plainly(count, [7], 10**12, 39), where)


@pytest.mark.task("self_speculative_decode", weight=1)
def test_decoding_is_refused(student):
    machine = Machine(hashed(VOCAB), lambda place: True, VOCAB)
    three = (machine.forward, machine.draft, machine.rollback)
    name = "self_speculative_decode with"
    cases = {
        f"{name} an empty prompt": (*three, [], 3, 1),
        f"{name} an empty prompt, none wanted": (*three, [], 0, 1),
        f"{name} max_new = -1": (*three, [1, 2], -1, 1),
        f"{name} depth = -1": (*three, [1, 2], 3, -1),
        f"{name} depth = -2, none wanted": (*three, [1, 2], 0, -2),
    }
    refused(student.self_speculative_decode, cases)
    where = "self_speculative_decode, refused: calls of the model"
    asked = len(machine.passes) + len(machine.drafted) + machine.cuts
    check.at_most(asked, 0, where=where, look=CONTRACT)


@cache
def voice(reference):
    """Return the course's model with its module."""
    model = lm.load()
    module = reference.MTPModule(model.embed.embedding_dim, model.blocks[0].heads)
    module.load_state_dict(lm.load_mtp())
    return Voice(module)


@pytest.mark.task("self_speculative_decode", weight=1)
def test_the_courses_own_model(student, reference):
    for text in ("The gradient of ", "A kernel reads "):
        prompt = lm.encode(text).tolist()
        plain = Speaker(voice(reference))
        want = [plain.forward(prompt)[-1]]
        while len(want) < 40 and want[-1] != lm.END:
            want.append(plain.forward([want[-1]])[-1])
        for depth in (1, 2):
            speaker = Speaker(voice(reference))
            got = student.self_speculative_decode(
                speaker.forward,
                speaker.draft,
                speaker.rollback,
                prompt,
                40,
                depth,
                lm.END,
            )
            where = f"self_speculative_decode, the course's model, depth {depth}"
            same_tokens(got, want, where)
            fewer = speaker.passes < len(want)
            evidence = f"{speaker.passes} for {len(want)} tokens"
            at = f"{where}: passes"
            check.true(fewer, where=at, evidence=evidence, look=STEP_6)
