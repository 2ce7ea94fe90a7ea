"""Models on this side of the wall: they note what they are asked, and forget nothing.

What a `Machine` answers depends on every token that it is shown and on its position. A
wrong mask, position or slot of the cache therefore changes the text that follows.
"""

import zlib
from functools import cache

import numpy as np
import torch

from autograder.student.testing import check

STEP = "Before task 4: step(tokens, positions, mask)."
KEEP = "The contract of keep."
_ROWS = 1024  # of logits, of which each text has one


class Machine:
    """A language model of hashes, whose heads know what will follow.

    Attributes:
        sizes: the number of tokens of each pass.
        slots: the cache, (position, token) a slot.
    """

    def __init__(
        self, seed, vocab=19, heads=3, ranks=4, right=0.85, sharp=2.0, zeros=0
    ):
        """Make a model.

        Args:
            seed: decides all logits.
            vocab: V.
            heads: K.
            ranks: a head's right guess is among so many, the first ones most often...
            right: ... with this probability.
            sharp: the scale of the logits.
            zeros: is added to the logits of token 0.
        """
        self.seed, self.vocab, self.heads = seed, vocab, heads
        self.ranks, self.right, self.sharp, self.zeros = ranks, right, sharp, zeros
        self.slots, self.sizes, self.waiting = [], [], False
        self.rows = np.random.default_rng(seed).normal(size=(_ROWS, vocab))
        self.logits, self.guesses = cache(self._logits), cache(self._guesses)

    def fresh(self):
        """Return the same model with an empty cache."""
        made = Machine(self.seed, self.vocab, self.heads, self.ranks, self.right,
                       self.sharp, self.zeros)  # fmt: skip
        made.logits, made.guesses = self.logits, self.guesses
        return made

    def _number(self, *parts):
        """Return a number that a text decides."""
        return zlib.crc32(repr((self.seed, *parts)).encode())

    def _logits(self, text):
        """Return the logits after a text, a tuple; nobody writes into them."""
        row = self.sharp * self.rows[self._number(text) % _ROWS]
        row[0] += self.zeros
        return row

    def _guesses(self, text):
        """Return the logits of the heads after a text."""
        follow = [*text, int(self.logits(text).argmax())]
        found = np.empty((self.heads, self.vocab))
        for k in range(self.heads):
            follow.append(int(self.logits(tuple(follow)).argmax()))
            number = self._number("heads", k, text)
            row = self.rows[number % _ROWS]
            order = row.argsort()[::-1].tolist()
            order.remove(follow[-1])
            ones = number >> 10 & 1023
            rank = (~ones & (ones + 1)).bit_length() - 1  # 0 in half of all cases
            knows = (number >> 20) / 4096 < self.right
            rank = min(rank, self.ranks - 1) if knows else self.vocab - 1
            order.insert(rank, follow[-1])
            found[k, order] = np.sort(row)[::-1]
        return found

    def plain(self, prompt, count):
        """Write on by plain greedy decoding."""
        text = [int(token) for token in prompt]
        for _ in range(count):
            text.append(int(self.logits(tuple(text)).argmax()))
        return text[len(prompt) :]

    def step(self, tokens, positions, mask):
        """Answer one pass; the cache grows by its tokens."""
        where = f"step, pass {len(self.sizes) + 1}"
        tokens, positions, mask = map(np.asarray, (tokens, positions, mask))
        said = f"after pass {len(self.sizes)} keep was not called"
        check.true(not self.waiting, where=where, evidence=said, look=KEEP)
        m, slots = tokens.size, len(self.slots)
        for name, got, kinds, shape in (
            ("tokens", tokens, "i", (m,)),
            ("positions", positions, "i", (m,)),
            ("mask", mask, "b", (m, slots + m)),
        ):
            said = f"{name} has shape {check.show(got.shape)}, not {shape}"
            check.true(got.shape == shape, where=where, evidence=said, look=STEP)
            said = f"{name} has dtype {got.dtype}"
            check.true(got.dtype.kind in kinds, where=where, evidence=said, look=STEP)
        self.sizes.append(m)
        self.waiting = slots > 0
        self.slots += zip(positions.tolist(), tokens.tolist(), strict=True)
        texts = [self._text(row, i + slots) for i, row in enumerate(mask)]
        logits = np.array([self.logits(text) for text in texts])
        guesses = np.array([self.guesses(text) for text in texts])
        return torch.tensor(logits), torch.tensor(guesses)

    def _text(self, seen, own):
        """Return the text that a token sees, or what tells it apart from all texts."""
        shown = sorted(self.slots[i] for i in np.flatnonzero(seen))
        places = [position for position, _ in shown]
        text = tuple(token for _, token in shown)
        sane = places == list(range(self.slots[own][0] + 1)) and bool(seen[own])
        return text if sane else (-1, *places, *text)

    def keep(self, slots):
        """Keep slots of the cache."""
        where = f"keep, after pass {len(self.sizes)}"
        said = "keep was called without a pass over a tree before it"
        check.true(self.waiting, where=where, evidence=said, look=KEEP)
        slots = np.asarray(slots).tolist()
        good = isinstance(slots, list) and all(
            type(i) is int and 0 <= i < len(self.slots) for i in slots
        )
        said = f"got {check.show(slots)}, and the cache has {len(self.slots)} slots"
        check.true(good, where=where, evidence=said, look=KEEP)
        self.slots, self.waiting = [self.slots[i] for i in slots], False
