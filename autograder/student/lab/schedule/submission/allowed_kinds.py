"""Enums and named tuples that are written as classes only, or from plain text.

Called with a list of members, an `Enum` makes a class whose attributes no check has
seen, and takes any name for them.
"""

from __future__ import annotations

import collections
import enum
from typing import Any

from .language import NotAllowed, is_dunder


class Written(enum.EnumType):
    """The metaclass of enums that are written as classes."""

    def __call__(cls, value: Any, *more: Any, **options: Any) -> Any:
        """Look a member up."""
        if more or options:
            raise NotAllowed("write an Enum as a class, not as a call")
        return super().__call__(value)


class Enum(enum.Enum, metaclass=Written):
    """`enum.Enum`."""


class IntEnum(enum.IntEnum, metaclass=Written):
    """`enum.IntEnum`."""


class StrEnum(enum.StrEnum, metaclass=Written):
    """`enum.StrEnum`."""


class Flag(enum.Flag, metaclass=Written):
    """`enum.Flag`."""


class IntFlag(enum.IntFlag, metaclass=Written):
    """`enum.IntFlag`."""


CLOSED: tuple[type, ...] = (Enum, IntEnum, StrEnum, Flag, IntFlag)


def namedtuple(
    name: str, fields: Any, *, rename: bool = False, defaults: Any = None
) -> type:
    """`collections.namedtuple`, of names that are text.

    Args:
        name: of the class.
        fields: their names, a text or a list of them.
        rename: whether names that are not allowed become numbers.
        defaults: of the last fields.

    Raises:
        NotAllowed: a name is not text, or an attribute that is not to be named.
    """
    listed = fields.replace(",", " ").split() if type(fields) is str else list(fields)
    if any(type(one) is not str or is_dunder(one) for one in (name, *listed)):
        raise NotAllowed("the names of a namedtuple are plain text")
    make: Any = collections.namedtuple  # whose types know literals alone
    values = None if defaults is None else list(defaults)
    made: type = make(name, listed, rename=bool(rename), defaults=values)
    return made
