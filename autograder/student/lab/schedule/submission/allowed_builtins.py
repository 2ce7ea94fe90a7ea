"""The builtins of a submission under the explorer; none leads to the explorer."""

from __future__ import annotations

import builtins
import dataclasses
import typing
from typing import Any

from ..execution.run_context import number_of
from .allowed_attributes import Names
from .allowed_modules import Absent, Hint, Shim, import_, nothing
from .language import GUARD, NotAllowed
from .line_steps import PAUSE, pause
from .ownership import MODULE, Numbered, guard

_ROW: Any = typing.NamedTuple  # a function that can be derived from


class _Named:
    """`getattr` and its like, of the names that a submission may use."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def _checked(self, name: Any) -> str:
        if type(name) is not str:
            raise TypeError("attribute name must be a str")
        problem = self._names.problem(name)
        if name == "format":
            problem = "use an f-string for format()"
        if problem:
            raise NotAllowed(problem)
        return name

    def functions(self) -> dict[str, Any]:
        """Return them as functions: an object could be asked for its own names."""

        def get(thing: Any, name: str, *default: Any) -> Any:
            try:
                return getattr(thing, self._checked(name), *default)
            except ImportError:
                if default and isinstance(thing, (Shim, Absent)):
                    return default[0]
                raise

        def has(thing: Any, name: str) -> bool:
            try:
                return hasattr(thing, self._checked(name))
            except ImportError:
                return False

        def put(thing: Any, name: str, value: Any) -> None:
            setattr(guard(thing, self._checked(name)), _storable(name), value)

        def drop(thing: Any, name: str) -> None:
            delattr(guard(thing, self._checked(name)), _storable(name))

        return {"getattr": get, "hasattr": has, "setattr": put, "delattr": drop}


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
    if "metaclass" in options:
        raise NotAllowed("a metaclass is not allowed under the explorer")
    if not all(isinstance(b, (type, Hint, Absent)) or b is _ROW for b in bases):
        raise NotAllowed("a class is derived from classes")
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


def builtins_of(names: Names) -> dict[str, Any]:
    """Return a new dictionary of the builtins of a submission.

    Args:
        names: the attributes that it may name.
    """
    errors = {
        name: value
        for name, value in vars(builtins).items()
        if isinstance(value, type) and issubclass(value, BaseException)
    }
    return {
        **{name: getattr(builtins, name) for name in _BUILTINS.split()},
        **errors,
        **_Named(names).functions(),
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
