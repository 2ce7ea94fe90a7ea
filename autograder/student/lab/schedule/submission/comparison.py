"""Comparing what a submission returned, without asking the submission."""

from __future__ import annotations

from typing import Any

from ..execution.run_context import plain


class NotPlain(AssertionError):
    """A value that is not made of numbers, text and containers."""


def value(thing: Any) -> Any:
    """Copy a plain value; an instance of a plain type's subclass becomes that type's.

    Args:
        thing: numbers, text, and lists, tuples, dictionaries and sets of them.

    Raises:
        NotPlain: it is an object, which might claim to equal anything.
    """
    if thing is None or isinstance(thing, bool):
        return thing
    if isinstance(thing, str):
        return plain(str.__str__(thing))
    if isinstance(thing, int):
        return int.__add__(thing, 0)
    if isinstance(thing, float):
        return float.__add__(thing, 0.0)
    if isinstance(thing, bytes):
        return bytes.__add__(thing, b"")
    if isinstance(thing, tuple):
        return tuple(value(item) for item in tuple.__iter__(thing))
    if isinstance(thing, list):
        return [value(item) for item in list.__iter__(thing)]
    if isinstance(thing, dict):
        return {value(k): value(v) for k, v in dict.items(thing)}
    if isinstance(thing, set):
        return {value(item) for item in set.__iter__(thing)}
    if isinstance(thing, frozenset):
        return frozenset(value(item) for item in frozenset.__iter__(thing))
    raise NotPlain(f"a {plain(type(thing).__name__)} where a plain value was expected")


def same(got: Any, want: Any, what: str = "") -> None:
    """Fail unless a submission's value is the expected one, of the same types.

    Args:
        got: what the submission returned.
        want: a plain value.
        what: what it is, for the message.

    Raises:
        AssertionError: they differ, or `got` is no plain value.
    """
    found = value(got)
    if not _alike(found, want):
        said = f"{what}: " if what else ""
        raise AssertionError(f"{said}got {found!r}, expected {want!r}")


def _alike(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_alike(one[k], other[k]) for k in one)
    return bool(one == other)
