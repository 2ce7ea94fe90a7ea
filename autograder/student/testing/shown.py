"""Puts values into the words of a message, and no more of them than may be told.

What a submission returns may hold a hidden input that it was given. Where inputs are
hidden, a message shows of each value a few numbers of four digits, and of texts only
words that stand in the submission's source; see `Vocabulary`.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from autograder.student.proxy import Handle
from autograder.student.report import gettext
from autograder.student.tensors import is_tensor
from autograder.student.vocabulary import Vocabulary

#: Whether messages may print expected values (``reveal_expected`` in lesson.toml).
_reveal = contextvars.ContextVar("reveal", default=True)
#: All that messages may quote of answers; None where no input is hidden.
_words: contextvars.ContextVar[Vocabulary | None] = contextvars.ContextVar(
    "words", default=None
)
_SHOWN = 120  # characters of a value that a message shows
_TOLD = 60  # characters of a value that may hold a hidden input
_ITEMS, _DEPTH, _DIGITS = 3, 2, 4  # items, levels and digits of such a value
_WORD = 40  # characters of a word


@contextlib.contextmanager
def revealing(allowed: bool) -> Iterator[None]:
    """Allow or forbid expected values in messages."""
    token = _reveal.set(allowed)
    try:
        yield
    finally:
        _reveal.reset(token)


@contextlib.contextmanager
def quoting(words: Vocabulary | None) -> Iterator[None]:
    """Let messages quote these words of answers and no others; None: anything."""
    token = _words.set(words)
    try:
        yield
    finally:
        _words.reset(token)


def reveals() -> bool:
    """Tell whether messages may print expected values."""
    return _reveal.get()


def show(value: Any) -> str:
    """Put what a submission returned into one short line."""
    words = _words.get()
    if words is None:
        return _short(_repr(value))
    return _short(_discreet(value, words, 0), _TOLD)


def show_own(value: Any) -> str:
    """Put a value of ours into one short line."""
    return _short(_repr(value))


def number(value: Any) -> str:
    """Put one number of an array into words."""
    return f"{value:.7g}" if _words.get() is None else f"{value:.{_DIGITS}g}"


def count(value: Any) -> str:
    """Put a count into words, with thousands apart."""
    return f"{value:,}" if _words.get() is None else _number(value)


def kind(dtype: np.dtype[Any]) -> str:
    """Put a dtype into words; a text's has a length that tells something."""
    return str(dtype) if _words.get() is None or dtype.kind in "biufc" else "text"


def _short(text: str, most: int = _SHOWN) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."


def _repr(value: Any) -> str:
    try:
        return " ".join(repr(value).split())
    except ValueError:  # an integer of more digits than Python prints
        return gettext("a value that is too long to print")


def _discreet(value: Any, words: Vocabulary, depth: int) -> str:
    if value is None or isinstance(value, (bool, np.bool_)):
        return str(value)
    if isinstance(value, (int, float, complex, np.number)):
        return _number(value)
    if isinstance(value, Fraction):
        return f"{_number(value.numerator)}/{_number(value.denominator)}"
    if isinstance(value, str):
        known = len(value) <= _WORD and (not value or value in words)
        return repr(value) if known else gettext("a text")
    if depth > _DEPTH:
        return "..."
    if isinstance(value, np.ndarray):
        if value.ndim > 1 or value.dtype.kind not in "biufc":
            shape = _discreet(value.shape, words, depth)
            return gettext("an array of shape {shape}").format(shape=shape)
        first = value.reshape(-1)[: _ITEMS + 1].tolist()
        return f"array({_items(first, words, depth, '[]')})"
    if is_tensor(value):
        if value.ndim > 1:
            shape = _discreet(tuple(value.shape), words, depth)
            return gettext("a tensor of shape {shape}").format(shape=shape)
        first = value.reshape(-1)[: _ITEMS + 1].tolist()
        return f"tensor({_items(first, words, depth, '[]')})"
    if isinstance(value, (list, tuple)):
        return _items(value, words, depth, "()" if isinstance(value, tuple) else "[]")
    if isinstance(value, (set, frozenset)):
        return _items(value, words, depth, "{}")
    if isinstance(value, dict):
        some = list(value.items())[: _ITEMS + 1]
        return "{" + ", ".join(_pairs(some, words, depth)) + "}"
    name = value.type_name if isinstance(value, Handle) else type(value).__name__
    return gettext("an object of type {name}").format(name=words.name(name))


def _items(values: Iterable[Any], words: Vocabulary, depth: int, brackets: str) -> str:
    shown = []
    for number_, value in enumerate(values):
        if number_ == _ITEMS:
            shown.append("...")
            break
        shown.append(_discreet(value, words, depth + 1))
    comma = "," if brackets == "()" and len(shown) == 1 else ""
    return f"{brackets[0]}{', '.join(shown)}{comma}{brackets[1]}"


def _pairs(
    pairs: list[tuple[Any, Any]], words: Vocabulary, depth: int
) -> Iterator[str]:
    for key, value in pairs[:_ITEMS]:
        shown = (_discreet(part, words, depth + 1) for part in (key, value))
        yield ": ".join(shown)
    if len(pairs) > _ITEMS:
        yield "..."


def _number(value: Any) -> str:
    """Round a number to four digits."""
    if isinstance(value, (int, np.integer)):
        whole = int(value)
        if abs(whole) < 10**_DIGITS:
            return str(whole)
        if whole.bit_length() > 256:
            return gettext("an integer of {n} bits").format(n=whole.bit_length())
        lost = 10 ** (len(str(abs(whole))) - _DIGITS)
        near = round(whole / lost) * lost if lost < 2**53 else whole // lost * lost
        return str(whole) if near == whole else gettext("about ") + f"{near:,}"
    return f"{value:.{_DIGITS}g}"
