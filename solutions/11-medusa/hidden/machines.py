"""Models on this side of the wall: they note what they are asked, and forget nothing.

What a `Machine` answers depends on every token that it is shown and on its position. A
wrong mask, position or slot of the cache therefore changes the text that follows.
"""

import zlib
from array import array
from copy import copy
from functools import lru_cache
from itertools import compress

import numpy as np
import torch

from autograder.student.testing import check

STEP = "Before task 4: step(tokens, positions, mask)."
KEEP = "The contract of keep."
PROMPT = "The contract: the first pass reads the prompt."
_ROWS = 1024  # of logits, of which each text has one
_KNOWN = 20_000  # numbers of texts whose guesses are kept: a right solution asks 5,000


class Model:
    """A language model of hashes, whose heads know what will follow."""

    def __init__(self, seed, vocab, heads, ranks, right, sharp, zeros, least):
        """Make a model; `Machine` says what the numbers mean."""
        self.seed, self.vocab, self.heads = seed, vocab, heads
        self.ranks, self.right, self.sharp, self.zeros = ranks, right, sharp, zeros
        self.least = least
        self.rows = np.random.default_rng(seed).normal(size=(_ROWS, vocab))
        self.said = sharp * self.rows
        self.said[:, 0] += zeros
        self.best = self.said.argmax(axis=1).tolist()

    def _number(self, text):
        """Return a number that a text decides."""
        try:
            return zlib.crc32(array("q", text), self.seed % 2**32)
        except (TypeError, OverflowError):  # not of tokens
            return zlib.crc32(repr(text).encode(), self.seed % 2**32)

    def next(self, text):
        """Return the token of the largest logit after a text."""
        return self.best[self._number(text) % _ROWS]

    def logits(self, text):
        """Return the logits after a text, a tuple; nobody writes into them."""
        return self.said[self._number(text) % _ROWS]

    def guesses(self, text):
        """Return the logits of the heads after a text; nobody writes into them."""
        return self._guesses(self._number(text))

    # By the number alone: who asks cannot choose what is kept for whoever comes later,
    # as by a text of 1.0 and 2.0, which is equal to that of 1 and 2.
    @lru_cache(_KNOWN)  # noqa: B019 - models are kept as well
    def _guesses(self, own):
        longer = own
        found = np.empty((self.heads, self.vocab))
        for k in range(self.heads):
            # The number of a text with one token more goes on from that of the text.
            longer = zlib.crc32(array("q", [self.best[longer % _ROWS]]), longer)
            token = self.best[longer % _ROWS]
            number = zlib.crc32(b"head %d" % k, own)
            row = self.rows[number % _ROWS]
            ranked = row.argsort()[::-1]
            order = ranked.tolist()
            order.remove(token)
            ones = number >> 10 & 1023
            rank = (~ones & (ones + 1)).bit_length() - 1  # 0 in half of all cases
            knows = (number >> 20) / 4096 < self.right
            rank = self.least + min(rank, self.ranks - 1) if knows else self.vocab - 1
            order.insert(rank, token)
            found[k, order] = row[ranked]
        return found


@lru_cache(256)
def model(*numbers):
    """Return a model; every submission of a class run meets the same ones."""
    return Model(*numbers)


class Machine:
    """A model with a cache.

    Attributes:
        model: what it says.
        sizes: the number of tokens of each pass.
        slots: the cache, (position, token) a slot.
    """

    def __init__(
        self, seed, vocab=19, heads=3, ranks=4, right=0.85, sharp=2.0, zeros=0, least=0
    ):
        """Make a model, with nothing read.

        Args:
            seed: decides all logits.
            vocab: V.
            heads: K.
            ranks: a head's right guess is among so many, the first ones most often...
            right: ... with this probability.
            sharp: the scale of the logits.
            zeros: is added to the logits of token 0.
            least: the rank of the best of a head's guesses that may be right.
        """
        self.model = model(seed, vocab, heads, ranks, right, sharp, zeros, least)
        self.told = lambda rows: rows  # how the answers are changed
        self._begin()

    def _begin(self):
        self.slots, self.sizes, self.waiting, self.wrong = [], [], False, None
        self.spoilt = []  # slots whose tokens saw what is no text

    def fresh(self):
        """Return the same model with an empty cache."""
        made = copy(self)
        made._begin()
        return made

    def plain(self, prompt, count):
        """Write on by plain greedy decoding."""
        text = [int(token) for token in prompt]
        for _ in range(count):
            text.append(self.model.next(tuple(text)))
        return text[len(prompt) :]

    def step(self, tokens, positions, mask):
        """Answer one pass; the cache grows by its tokens."""
        where, slots = f"step, pass {len(self.sizes) + 1}", len(self.slots)
        tokens, positions, mask = map(np.asarray, (tokens, positions, mask))
        m = tokens.size
        said = f"after pass {len(self.sizes)} keep was not called"
        self._note(not self.waiting, where, said, KEEP)
        for name, got, kind, shape in (
            ("tokens", tokens, np.int64, (m,)),
            ("positions", positions, np.int64, (m,)),
            ("mask", mask, np.bool_, (m, slots + m)),
        ):
            said = f"{name} has shape {check.show(got.shape)}, not {shape}"
            self._note(got.shape == shape, where, said, STEP)
            said = f"{name} has dtype {got.dtype}"
            self._note(got.dtype == kind, where, said, STEP)
        if not slots:
            causal = np.tri(m, dtype=bool)
            good = mask.shape == causal.shape and bool((mask == causal).all())
            said = "not each token of the prompt attends to itself and all before it"
            self._note(good, where, said, PROMPT)
        self.sizes.append(m)
        self.waiting = slots > 0
        self.slots += zip(positions.ravel().tolist(), tokens.ravel().tolist(),
                          strict=False)  # fmt: skip
        rows = np.atleast_2d(mask)
        texts = self._texts(rows, slots)
        spoilt = [i for i, text in enumerate(texts, slots) if text[:1] == (-1,)]
        if spoilt:  # who sees them is spoilt as well
            self.spoilt += spoilt
            texts = self._texts(rows, slots)
        logits = np.array([self.model.logits(text) for text in texts])
        guesses = np.array([self.model.guesses(text) for text in texts])
        return self.told(torch.tensor(logits)), self.told(torch.tensor(guesses))

    def _note(self, good, where, said, look):
        """Keep the first thing that is wrong for later.

        The game goes on: what comes of a mistake tells it apart from others.
        """
        if self.wrong is None and not good:
            self.wrong = check.CheckFailed(where, said, look)

    def settle(self, is_over=False):
        """Raise the first thing that was wrong; at the end, also a missing keep."""
        if is_over:
            said = "keep was not called after the last pass"
            self._note(not self.waiting, "keep, at the end", said, KEEP)
        if self.wrong is not None:
            raise self.wrong

    def _texts(self, rows, first):
        """Return the text that each new token sees, or what tells it from all texts."""
        count = len(self.slots)
        order = sorted(range(count), key=self.slots.__getitem__)
        places, tokens = [[self.slots[i][k] for i in order] for k in (0, 1)]
        spoilt = np.isin(order, self.spoilt).tolist() if self.spoilt else []
        texts = []
        for own, row in enumerate(rows, first):
            shown = np.zeros(count, dtype=bool)
            seen = np.ravel(row)[:count]
            shown[: len(seen)] = seen
            there = shown[order].tolist()
            at, text = (list(compress(of, there)) for of in (places, tokens))
            sane = own < count and bool(shown[own]) and at == [*range(len(at))]
            sane = sane and self.slots[own][0] == at[-1]
            sane = sane and not any(compress(spoilt, there))
            texts.append(tuple(text) if sane else (-1, len(row), *at, *text))
        return texts

    def keep(self, slots):
        """Keep slots of the cache."""
        where = f"keep, after pass {len(self.sizes)}"
        said = "keep was called without a pass over a tree before it"
        self._note(self.waiting, where, said, KEEP)
        said = f"got a {type(slots).__name__}, not a list"
        self._note(type(slots) is list, where, said, KEEP)
        slots = np.asarray(slots).ravel().tolist()
        real = [i for i in slots if type(i) is int and 0 <= i < len(self.slots)]
        said = f"got {check.show(slots)}, and the cache has {len(self.slots)} slots"
        self._note(real == slots, where, said, KEEP)
        self.spoilt = [j for j, i in enumerate(real) if i in self.spoilt]
        self.slots, self.waiting = [self.slots[i] for i in real], False
