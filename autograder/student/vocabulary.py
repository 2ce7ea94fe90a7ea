"""What a message about hidden tests may quote: words that stand in the source itself.

A submission sees hidden inputs and writes texts: exceptions, names of classes and
functions that it makes while it runs, strings that it returns. Whatever of these
reaches the student carries the hidden input out, letter by letter. A word that stood
there before any test began says nothing but that it was chosen.
"""

from __future__ import annotations

import builtins
import functools
import re
from collections.abc import Sequence
from pathlib import Path

from autograder.student import places

_TYPES = """
    function method generator coroutine module NoneType ellipsis iterator partial
    ndarray Tensor Fraction float16 float32 float64 bfloat16 complex64 complex128
    int8 int16 int32 int64 uint8 uint16 uint32 uint64
"""
_KNOWN = frozenset((*dir(builtins), *_TYPES.split()))
_PLACES = frozenset(("<module>", "<lambda>", "<genexpr>", "<listcomp>", "<dictcomp>"))
#: What a sentence of the simulator may tell in numbers; a word; or another number.
_PART = re.compile(
    r"(?P<told>\bline \d+|\bblock \[[\d, ]*\])|(?P<word>[^\W\d]\w*)"
    r"|[-+]?\d+(?:[._,]?\d+)*(?:e[-+]?\d+)?"
)
_WORD = re.compile(r"[^\W\d]\w*")
_WORD_OR_NUMBER = re.compile(r"[^\W\d]\w*|\d+(?:[._,]?\d+)*(?:e[-+]?\d+)?")
_LINE, _DIGITS = 300, 4  # characters of a line, digits of a number that a scene tells


@functools.cache
def _words_of(part: str) -> frozenset[str]:
    folder = Path(__file__).parent / "lab" / part
    texts = (path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    return frozenset(word for text in texts for word in _WORD.findall(text))


@functools.cache
def _words_of_scene(source: str) -> frozenset[str]:
    return frozenset(_WORD_OR_NUMBER.findall(source))


class Vocabulary:
    """The words of one submission, and its lines."""

    def __init__(self, cells: Sequence[tuple[str, str]] = ()) -> None:
        """Read the label and the source of every cell."""
        self._lines = {label: source.count("\n") + 1 for label, source in cells}
        self._text = "\n".join(source for _, source in cells)
        self._words = frozenset(_WORD.findall(self._text))

    @functools.cached_property
    def _words_and_numbers(self) -> frozenset[str]:
        return frozenset(_WORD_OR_NUMBER.findall(self._text))

    def __contains__(self, word: object) -> bool:
        return word in self._words or word in _KNOWN

    def name(self, text: str) -> str:
        """Return the name of a class or function, if it may be shown."""
        return text if text in self else "object"

    def quoted(self, text: str) -> str:
        """Return a text if it stands in the source as it is, else nothing."""
        return text if text in self._text else ""

    def masked(self, text: str) -> str:
        """Return what the simulator says without what a hidden input may have made.

        Lines, dtypes and the shapes of blocks stay, and words of the submission's
        source and of the simulator's own; other numbers and words do not.
        """

        def part(found: re.Match[str]) -> str:
            word = found["word"]
            known = (
                word in self or word in _words_of("tiles") if word else found["told"]
            )
            return found[0] if known else "…"

        return _PART.sub(part, text)

    def of_scene(self, text: str, scene: str) -> str:
        """Return what the explorer says of a scene, but what was made while it ran.

        Words stay of the submission's source, of the scene's and of the explorer's;
        numbers of these, and those with few digits.
        """
        if not text:
            return ""
        of_scene, own = _words_of_scene(scene), self._words_and_numbers

        def part(found: re.Match[str]) -> str:
            word = found[0]
            short = word[0].isdigit() and len(word) <= _DIGITS
            if short or word in own or word in of_scene or word in _KNOWN:
                return word
            return word if word in _words_of("schedule") else "…"

        lines = _WORD_OR_NUMBER.sub(part, text).split("\n")
        return "\n".join(
            line if len(line) <= _LINE else f"{line[:_LINE]} ..." for line in lines
        )

    def place(self, cell: str, line: int, function: str) -> str:
        """Say where something happened, if there is such a place."""
        if not 1 <= line <= self._lines.get(cell, 0):
            return ""
        inside = function in _PLACES or function in self
        return places.place(cell, line) + (f", in {function}" if inside else "")
