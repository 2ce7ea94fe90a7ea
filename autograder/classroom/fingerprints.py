"""Turns code into fingerprints: what is left of it when names are taken away.

A fingerprint is a hash of `GRAM` tokens in a row, names and literals blanked, comments
and docstrings left out (as in Schleimer, Wilkerson and Aiken, "Winnowing: local
algorithms for document fingerprinting", SIGMOD 2003, but every one is kept: an exercise
is small). So renaming, comments and another order of functions hide nothing.
"""

from __future__ import annotations

import builtins
import hashlib
import io
import keyword
import tokenize
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

GRAM = 12  # tokens in a fingerprint: shorter matches are coincidence
MOST_TOKENS = 50_000  # of one submission: more is no exercise

_KEPT = frozenset(keyword.kwlist) | frozenset(dir(builtins)) | {"np", "torch", "tl"}
_DROPPED = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}
)
_LAYOUT = frozenset({tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT})
_BLANKS = {tokenize.NAME: "n", tokenize.NUMBER: "0", tokenize.STRING: "s"}
_FACTOR = 0x9E3779B97F4A7C15  # odd, so that no token of a fingerprint is lost


class Source(NamedTuple):
    """A cell of code."""

    label: str
    text: str
    first_line: int = 1  # the number of its first line, where it is a part of a file


@dataclass(frozen=True)
class Prints:
    """The fingerprints of a submission, in order, and where they stand."""

    marks: NDArray[np.uint64]
    cells: NDArray[np.int32]  # of each: which cell
    first: NDArray[np.int32]  # and which lines of it
    last: NDArray[np.int32]
    labels: tuple[str, ...] = ()  # of the cells
    words: str = ""  # digest of the code as written, comments apart


def fingerprints(cells: Iterable[Source]) -> Prints:
    """Return every fingerprint of some cells; as far as they can be read as Python."""
    labels = []
    marks, places = [np.zeros(0, np.uint64)], [np.zeros((0, 3), np.int32)]
    written = hashlib.sha256()
    left = MOST_TOKENS
    for number, cell in enumerate(cells):
        labels.append(cell.label)
        tokens = _tokens(cell.text, left)
        left -= len(tokens)
        written.update(
            " ".join(word for _, word, _ in tokens).encode("utf-8", "replace")
        )
        count = len(tokens) - GRAM + 1
        if count > 0:
            lines = np.array([line for _, _, line in tokens], np.int32)
            lines += cell.first_line - 1
            spans = [np.full(count, number), lines[:count], lines[GRAM - 1 :]]
            marks.append(_grams([kind for kind, _, _ in tokens]))
            places.append(np.stack(spans, axis=1).astype(np.int32))
    cell_of, first, last = np.concatenate(places).T
    return Prints(
        np.concatenate(marks), cell_of, first, last, tuple(labels), written.hexdigest()
    )


def _grams(tokens: list[str]) -> NDArray[np.uint64]:
    """Return the hash of every `GRAM` tokens in a row: a polynomial, modulo 2**64."""
    codes = np.array([_code(token) for token in tokens], np.uint64)
    count = len(codes) - GRAM + 1
    found = np.zeros(count, np.uint64)
    for offset in range(GRAM):
        found = found * np.uint64(_FACTOR) + codes[offset : offset + count]
    return found


@cache
def _code(token: str) -> int:
    return zlib.crc32(token.encode("utf-8", "replace"))


def _tokens(source: str, most: int) -> list[tuple[str, str, int]]:
    """Return (token with names blanked, token as written, line)."""
    tokens: list[tuple[str, str, int]] = []
    statement_starts = True
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if len(tokens) >= most:
                break
            if token.type in _DROPPED:
                continue
            is_docstring = token.type == tokenize.STRING and statement_starts
            statement_starts = token.type in _LAYOUT
            if not is_docstring:
                line, word = token.start[0], token.string
                if statement_starts:  # the end of a block stands in the line after it
                    word = tokenize.tok_name[token.type]
                    line = tokens[-1][2] if tokens else line
                tokens.append((_blanked(token.type, word), word, line))
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass  # the part read so far is compared
    return tokens


def _blanked(kind: int, word: str) -> str:
    return word if word in _KEPT else _BLANKS.get(kind, word)
