"""The builtins of a submission under the explorer; none leads to the explorer."""

from __future__ import annotations

import builtins
import dataclasses
import typing
from typing import Any

from ..execution.run_context import number_of
from .allowed_modules import Absent, Shim, import_, nothing
from .language import GUARD, NotAllowed, attribute_problem
from .line_steps import PAUSE, pause
from .ownership import MODULE, Numbered, guard


def _checked(name: Any) -> str:
    if type(name) is not str:
        raise TypeError("attribute name must be a str")
    problem = attribute_problem(name)
    if name == "format":
        problem = "use an f-string for format()"
    if problem:
        raise NotAllowed(problem)
    return name


def _getattr(thing: Any, name: str, *default: Any) -> Any:
    try:
        return getattr(thing, _checked(name), *default)
    except ImportError:
        if default and isinstance(thing, (Shim, Absent)):
            return default[0]
        raise


def _hasattr(thing: Any, name: str) -> bool:
    try:
        return hasattr(thing, _checked(name))
    except ImportError:
        return False


def _setattr(thing: Any, name: str, value: Any) -> None:
    setattr(guard(thing, _checked(name)), _storable(name), value)


def _delattr(thing: Any, name: str) -> None:
    delattr(guard(thing, _checked(name)), _storable(name))


def _storable(name: str) -> str:
    if name.startswith("__") and name.endswith("__"):
        raise NotAllowed(f"setting {name} is not allowed under the explorer")
    return name


def _type(thing: Any, *more: Any) -> type:
    kind = type(thing)
    if more or issubclass(kind, type):
        raise NotAllowed("type() takes one object, which is no class, here")
    return kind


def _hash(thing: Any) -> int:
    kind = type(thing)
    own: Any = kind.__hash__
    return number_of(thing) if own is object.__hash__ else hash(thing)


def _build_class(function: Any, name: str, *bases: Any, **options: Any) -> type:
    kind: type = builtins.__build_class__(
        function, name, *(bases or (Numbered,)), **options
    )
    if kind.__module__ != MODULE:
        raise NotAllowed("a class says where it is from by itself")
    return kind


_BUILTINS = """
    abs all any ascii bin bool bytearray bytes callable chr classmethod complex
    dict divmod enumerate filter float format frozenset hex int isinstance
    issubclass iter len list map max min next object oct ord pow property range
    repr reversed round set slice sorted staticmethod str sum super tuple zip
    NotImplemented Ellipsis __debug__
"""


def builtins_of() -> dict[str, Any]:
    """Return a new dictionary of the builtins of a submission."""
    errors = {
        name: value
        for name, value in vars(builtins).items()
        if isinstance(value, type) and issubclass(value, BaseException)
    }
    return {
        **{name: getattr(builtins, name) for name in _BUILTINS.split()},
        **errors,
        "getattr": _getattr,
        "hasattr": _hasattr,
        "setattr": _setattr,
        "delattr": _delattr,
        "type": _type,
        "id": number_of,
        "hash": _hash,
        "print": nothing,
        "__import__": import_,
        "__build_class__": _build_class,
        "__ClassVar__": typing.ClassVar,
        "__InitVar__": dataclasses.InitVar,
        "__KW_ONLY__": dataclasses.KW_ONLY,
        GUARD: guard,
        PAUSE: pause,
    }
