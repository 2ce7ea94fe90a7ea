"""Which objects are a submission's own, to change and to be numbered in each run."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from ..execution.run_context import number_of
from ..fakes.base import Sync
from .language import WRITTEN, NotAllowed

MODULE = "submission"  # what the classes of a submission say they are from
#: Functions whose attributes were set since the last run, and what was there.
touched: list[tuple[FunctionType, str, Any]] = []
NOTHING = object()
OWN: set[type] = set()  # kinds whose objects are the submission's, once seen
_KEPT = {"name", "daemon"}  # attributes of a fake that a submission may set


class Numbered:
    """The base of a submission's classes: sets of objects iterate alike in each run."""

    __slots__ = ()

    def __hash__(self) -> int:
        return number_of(self)


def guard(thing: Any, name: str) -> Any:
    """Let a submission set an attribute of its own things only.

    Every assignment to an attribute goes through here (see `language`).

    Args:
        thing: the object whose attribute is set.
        name: the attribute.

    Returns:
        The object.

    Raises:
        NotAllowed: it is not the submission's own.
    """
    kind = type(thing)
    if kind in OWN:
        return thing
    if kind.__module__ == MODULE and not isinstance(thing, type):
        OWN.add(kind)
        return thing
    if isinstance(thing, type):
        if thing.__module__ == MODULE and name not in WRITTEN:
            return thing
        raise NotAllowed(f"the class {thing.__name__} is not yours to change")
    if isinstance(thing, FunctionType):
        touched.append((thing, name, getattr(thing, name, NOTHING)))
        return thing
    if isinstance(thing, BaseException):
        return thing
    if isinstance(thing, Sync) and (name in _KEPT or kind.__name__ == "local"):
        return thing
    raise NotAllowed(f"{name} of a {kind.__name__} cannot be set under the explorer")
