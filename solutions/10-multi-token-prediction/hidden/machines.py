"""Models to decode with: the next token hangs on all that the cache holds.

A token too many, too few or out of order in the cache changes everything after it, so
that a decoder which keeps a rejected draft cannot go unseen. What is called, and with
what in the cache, is noted here, outside the submission's process.
"""

import zlib
from functools import lru_cache
from operator import index

import torch

from autograder.lab import lm


def hashed(vocab, salt=0):
    """Return a rule: the next token, by a hash of all tokens before it."""

    def after(context):
        return zlib.crc32(f"{salt} {list(context)}".encode()) % vocab

    return after


def scripted(text, start):
    """Return a rule that says a text after `start` tokens, whatever they are."""

    def after(context):
        place = len(context) - start
        return text[place] if 0 <= place < len(text) else 0

    return after


def plainly(after, prompt, max_new, end=None):
    """Return what greedy decoding gives without drafts."""
    found = []
    while len(found) < max_new and (not found or found[-1] != end):
        found.append(after([*prompt, *found]))
    return found


class Machine:
    """A model over a cache: the three functions, and what was asked of them.

    Args:
        after: the rule.
        is_right: whether the draft of the token at that place (counted from the first
            of the prompt) is right, if all before it were.
        vocab: how many tokens there are.
    """

    def __init__(self, after, is_right, vocab):
        self._after, self._is_right, self._vocab = after, is_right, vocab
        self.cache, self.passes, self.drafted, self.cuts = [], [], [], 0

    def forward(self, tokens):
        """Read tokens in one pass."""
        if type(tokens) is not list or not tokens:
            raise ValueError("a pass reads a list of one token or more")
        self.passes.append(list(tokens))
        answers = []
        for token in tokens:
            self.cache.append(token)
            answers.append(self._after(self.cache))
        return answers

    def draft(self, token, n):
        """Guess; after a wrong guess, what would follow it."""
        self.drafted.append(([*self.cache, token], n))
        if n < 1:
            return []
        context = [*self.cache, token]
        for _ in range(n):
            guess = self._after(context)
            if not self._is_right(len(context)):
                guess = (guess + 1) % self._vocab
            context.append(guess)
        return context[-n:]

    def rollback(self, length):
        """Forget all but the first tokens."""
        self.cuts += 1
        if not 0 <= length <= len(self.cache):
            raise ValueError("the cache holds fewer")
        del self.cache[length:]


def leanest(after, is_right, prompt, max_new, depth, end=None):
    """Return the passes, each the tokens that it reads, that decoding needs.

    Follows the text that plain decoding finds: each pass but the first reads the last
    token known and as many drafts as could be used.
    """
    text = plainly(after, prompt, max_new, end)
    if not text:
        return []
    passes, known = [list(prompt)], 1
    while known < len(text):
        wanted = max_new - known
        n = min(depth, wanted - 1)
        drafts, context = [], [*prompt, *text[:known]]
        for _ in range(n):
            guess = after(context)
            if not is_right(len(context)):
                guess = None  # some wrong one
            drafts.append(guess)
            if guess is None:
                drafts += [None] * (n - len(drafts))
                break
            context.append(guess)
        passes.append([text[known - 1], *drafts])
        right = 0
        while right < n and drafts[right] is not None:
            right += 1
        known += right + 1
    return passes


_LONGEST = 128  # tokens of a text that is kept; a right decoder needs fewer
_KNOWN = 1024  # texts that are kept, of up to 50 KB: a right decoder asks with 300


class Voice:
    """The course's model with its module; what it said to a text is kept."""

    def __init__(self, module):
        self._model, self._module = lm.load(), module

    def heard(self, text):
        """Return what follows each token of a text, and the states of the trunk."""
        return self._kept(text) if len(text) <= _LONGEST else self._heard(text)

    @lru_cache(_KNOWN)  # noqa: B019 - there is one voice
    def _kept(self, text):
        return self._heard(text)

    @torch.no_grad()
    def _heard(self, text):
        h = self._model.hidden(torch.tensor([text], dtype=torch.int64))
        return self._model.head(self._model.norm(h))[0].argmax(-1).tolist(), h

    def guesses(self, text, n):
        """Return n guesses after a text, by the module, used again for more than one.

        The last token of the text is not yet read by the trunk.
        """
        if len(text) > _LONGEST or n > 2:
            return self._guesses(text, n)
        return self._kept_guesses(text, n)

    @lru_cache(_KNOWN)  # noqa: B019
    def _kept_guesses(self, text, n):
        return self._guesses(text, n)

    @torch.no_grad()
    def _guesses(self, text, n):
        _, h = self.heard(text[:-1])
        row = [*text]
        for _ in range(n):
            h, logits = self._module(self._model, h, torch.tensor([row]))
            row = [*row[1:], int(logits[0, -1].argmax())]
        return row[len(row) - n :]


class Speaker:
    """A voice over a cache, as three functions that count.

    The voice is given whole numbers alone: it outlives the submission, and what it was
    told must be comparable for whoever comes later, and small.
    """

    def __init__(self, voice):
        self._voice, self.read, self.passes = voice, [], 0

    def forward(self, tokens):
        """Read tokens in one pass."""
        self.passes += 1
        self.read = [*self.read, *map(index, tokens)]
        said, _ = self._voice.heard(tuple(self.read))
        return said[len(said) - len(tokens) :]

    def draft(self, token, n):
        """Guess."""
        return list(self._voice.guesses((*self.read, index(token)), index(n)))

    def rollback(self, length):
        """Forget all but the first tokens."""
        self.read = self.read[:length]
