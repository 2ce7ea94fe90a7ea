"""Finds submissions that are too alike, for a person to look at.

Winnowing over normalised tokens (Schleimer, Wilkerson and Aiken, "Winnowing: local
algorithms for document fingerprinting", SIGMOD 2003): names and literals are blanked,
so renaming variables hides nothing; what the stub already holds, and what a good part
of the class writes the same way, does not count.
"""

from __future__ import annotations

import builtins
import io
import keyword
import tokenize
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

GRAM = 12  # tokens in a fingerprint: shorter matches are coincidence
WINDOW = (
    8  # one fingerprint is kept of every 8, so a match of 19 tokens is always found
)
MIN_PRINTS = 12  # too little code to tell copying from there being one way to write it
COMMON_SHARE = 0.3  # a fingerprint in this share of a class is the obvious way
COMMON_CLASS = 10  # classes smaller than this say nothing about what is common

_KEPT = frozenset(keyword.kwlist) | frozenset(dir(builtins)) | {"np", "torch", "tl"}
_DROPPED = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}
)

Source = tuple[str, str]  # (label of a cell, its text)
#: Each fingerprint of a submission, and where it is: (label of a cell, lines).
Prints = Mapping[int, Sequence[tuple[str, int, int]]]
MOST_TOKENS = 50_000  # of one submission: more is no exercise


@dataclass(frozen=True)
class Pair:
    """Two submissions that share much: a reason to look, never a verdict."""

    first: str
    second: str
    share: float  # of the smaller one's fingerprints, 0 to 1
    shared: int  # fingerprints in common
    first_lines: tuple[str, ...]  # "cell 5: 3-17", the places in the first
    second_lines: tuple[str, ...]


def similar_pairs(
    submissions: Mapping[str, Sequence[Source]],
    stub: Iterable[Source] = (),
    *,
    threshold: float = 0.6,
) -> list[Pair]:
    """Return the pairs that share at least ``threshold``, the closest first.

    Args:
        submissions: Each student's code cells, as (label, source).
        stub: What every student was given; it never counts.
        threshold: Share of the smaller submission's fingerprints, 0 to 1.
    """
    prints = {name: fingerprints(cells) for name, cells in submissions.items()}
    return pairs_alike(prints, fingerprints(stub), threshold=threshold)


def pairs_alike(
    prints: Mapping[str, Prints], stub: Prints, *, threshold: float = 0.6
) -> list[Pair]:
    """Return the pairs as `similar_pairs` does, from fingerprints taken before."""
    given = set(stub)
    spread = Counter(mark for marks in prints.values() for mark in marks)
    if len(prints) >= COMMON_CLASS:
        limit = COMMON_SHARE * len(prints)
        given |= {mark for mark, count in spread.items() if count > limit}
    own = {name: set(marks) - given for name, marks in prints.items()}
    holders: dict[int, list[str]] = defaultdict(list)
    for name in sorted(own):
        if len(own[name]) >= MIN_PRINTS:
            for mark in own[name]:
                holders[mark].append(name)
    overlap: Counter[tuple[str, str]] = Counter()
    for names in holders.values():
        overlap.update(combinations(names, 2))
    found = []
    for (first, second), shared in overlap.items():
        share = shared / min(len(own[first]), len(own[second]))
        if share >= threshold:
            marks = own[first] & own[second]
            places = [_lines(prints[name], marks) for name in (first, second)]
            found.append(Pair(first, second, share, shared, *places))
    return sorted(found, key=lambda pair: (-pair.share, pair.first, pair.second))


def fingerprints(cells: Iterable[Source]) -> Prints:
    """Return each kept hash and the places (cell, first line, last line) it is at."""
    prints: dict[int, list[tuple[str, int, int]]] = {}
    left = MOST_TOKENS
    for label, source in cells:
        tokens = _tokens(source, left)
        left -= len(tokens)
        grams = [
            zlib.crc32(" ".join(text for text, _ in tokens[i : i + GRAM]).encode())
            for i in range(len(tokens) - GRAM + 1)
        ]
        for i in _winnow(grams):
            place = (label, tokens[i][1], tokens[i + GRAM - 1][1])
            prints.setdefault(grams[i], []).append(place)
    return prints


def _winnow(grams: Sequence[int]) -> list[int]:
    """Return the positions of the rightmost smallest hash of every window."""
    kept: dict[int, None] = {}
    for start in range(max(1, len(grams) - WINDOW + 1)):
        window = range(start, min(start + WINDOW, len(grams)))
        if window:
            kept[min(window, key=lambda i: (grams[i], -i))] = None
    return list(kept)


def _tokens(source: str, most: int) -> list[tuple[str, int]]:
    """Return (normalised token, line); as far as the text can be read as Python."""
    tokens: list[tuple[str, int]] = []
    statement_starts = True
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if len(tokens) >= most:
                break
            if token.type in _DROPPED:
                continue
            is_docstring = token.type == tokenize.STRING and statement_starts
            statement_starts = token.type in (
                tokenize.NEWLINE,
                tokenize.INDENT,
                tokenize.DEDENT,
            )
            if not is_docstring:
                tokens.append((_normal(token), token.start[0]))
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass  # the part read so far is compared
    return tokens


def _normal(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME:
        return token.string if token.string in _KEPT else "n"
    if token.type == tokenize.NUMBER:
        return "0"
    if token.type == tokenize.STRING:
        return "s"
    if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
        return tokenize.tok_name[token.type]
    return token.string


def _lines(prints: Prints, marks: Iterable[int]) -> tuple[str, ...]:
    """Return the places of some fingerprints, overlapping ones merged."""
    by_cell: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for mark in marks:
        for label, first, last in prints[mark]:
            by_cell[label].append((first, last))
    texts = []
    for label in sorted(by_cell):
        merged: list[tuple[int, int]] = []
        for first, last in sorted(by_cell[label]):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
            else:
                merged.append((first, last))
        spans = ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in merged)
        texts.append(f"{label}: {spans}")
    return tuple(texts)
