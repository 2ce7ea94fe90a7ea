"""Brings a loaded module back to the state that it was loaded in.

A search runs a program ten thousand times; loading its source each time would cost
more than the threads do. So what the module holds is noted once, and put back before
each run: globals, class attributes, and what the containers and objects hold that can
be reached from there. Where something cannot be put back, the source is loaded anew.
"""

from __future__ import annotations

import enum
from collections import OrderedDict, defaultdict, deque
from enum import Enum, Flag, IntEnum, IntFlag
from functools import partial
from operator import is_
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from ..fakes.base import Sync
from .allowed_kinds import CLOSED
from .allowed_modules import DICE, Absent, CachedProperty, Generic, Hint, Logger, Shim
from .ownership import NOTHING, Numbered, touched

_IGNORED = """
    __dict__ __weakref__ __annotations__ __dataclass_fields__ __dataclass_params__
    __match_args__ __orig_bases__ __parameters__ __slots__ _abc_impl __annotate__
    __static_attributes__ __abstractmethods__
"""
_SKIPPED = frozenset(_IGNORED.split())
_CONSTANT = (int, float, complex, str, bytes, type(None), slice, range, type(...))


_SIMPLE = {object, int, str, float, bytes, tuple, frozenset, Numbered, Generic}
_SIMPLE |= {Enum, IntEnum, Flag, IntFlag, getattr(enum, "StrEnum", Enum), *CLOSED}
_SIMPLE |= {getattr(enum, "ReprEnum", Enum)}


class Unknown(Exception):
    """Something whose state cannot be noted."""


class Snapshot:
    """What a module held when it was loaded."""

    def __init__(self, names: dict[str, Any], own: str) -> None:
        """Note the state.

        Args:
            names: the module's namespace.
            own: what the classes of the module say they are from; others are constant.

        Raises:
            Unknown: something that can be reached cannot be noted.
        """
        self._own = own
        self._seen: dict[int, Any] = {}
        self._spaces: list[tuple[Any, list[Any], list[Any], Any]] = []
        self._lists: list[tuple[Any, list[Any]]] = []
        self._cells: list[tuple[Any, Any]] = []
        self._note_space(names, names.__setitem__, names.pop)

    def restore(self) -> None:
        """Put everything back."""
        for space, keys, values, (put, drop) in self._spaces:
            if len(space) == len(keys) and all(map(is_, space.values(), values)):
                continue
            for key in [key for key in space if key not in keys]:
                drop(key)
            for key, value in zip(keys, values, strict=True):
                if key not in space or space[key] is not value:
                    put(key, value)
        for thing, items in self._lists:
            thing.clear()
            if isinstance(thing, (list, deque)):
                thing.extend(items)
            else:
                thing.update(items)
        for cell, held in self._cells:
            cell.cell_contents = held
        while touched:
            function, name, held = touched.pop()
            if held is not NOTHING:
                setattr(function, name, held)
            elif name in function.__dict__:
                delattr(function, name)

    def _note_space(self, space: Any, put: Any, drop: Any) -> None:
        keys = [key for key in space if key not in _SKIPPED and key != "__builtins__"]
        kept = dict(space)
        self._spaces.append((space, list(kept), list(kept.values()), (put, drop)))
        for key in keys:
            self._note(kept[key])

    def _note(self, thing: Any) -> None:
        kind = type(thing)
        if kind in _CONSTANT or kind in (bool, BuiltinFunctionType):
            return
        if id(thing) in self._seen:
            return
        self._seen[id(thing)] = thing
        if _never_changes(thing, kind):
            return
        if issubclass(kind, type):
            if thing.__module__ == self._own:
                self._note_class(thing)
        elif kind in (list, set, deque):
            self._lists.append((thing, list(thing)))
            self._note_all(list(thing))
        elif kind in (dict, defaultdict, OrderedDict):
            self._note(getattr(thing, "default_factory", None))
            self._lists.append((thing, list(thing.items())))
            self._note_all([*thing.keys(), *thing.values()])
        elif kind in (tuple, frozenset):
            self._note_all(list(thing))
        elif kind is FunctionType:
            self._note_function(thing)
        elif kind is MethodType:
            self._note_all([thing.__self__, thing.__func__])
        elif kind in (staticmethod, classmethod):
            self._note(thing.__func__)
        elif kind is property:
            self._note_all([thing.fget, thing.fset, thing.fdel])
        elif kind is CachedProperty:
            self._note(vars(thing)["_lab_work"])
        elif kind is partial:
            self._note_all([thing.func, thing.args, thing.keywords])
        elif kind.__module__ == self._own or isinstance(thing, Sync):
            self._note_object(thing)
        else:
            raise Unknown(f"a {kind.__name__}")

    def _note_all(self, things: list[Any]) -> None:
        for thing in things:
            self._note(thing)

    def _note_class(self, kind: type) -> None:
        def put(name: str, value: Any) -> None:
            type.__setattr__(kind, name, value)

        def drop(name: str) -> None:
            type.__delattr__(kind, name)

        self._note_space(vars(kind), put, drop)
        self._note_all([base for base in kind.__mro__ if base.__module__ == self._own])

    def _note_function(self, function: FunctionType) -> None:
        if function.__module__ != self._own:
            return
        if function.__dict__:
            self._note_all(list(function.__dict__.values()))
        self._note_all(list(function.__defaults__ or ()))
        self._note_all(list((function.__kwdefaults__ or {}).values()))
        for cell in function.__closure__ or ():
            try:
                held = cell.cell_contents
            except ValueError:
                continue
            self._cells.append((cell, held))
            self._note(held)

    def _note_object(self, thing: Any) -> None:
        self._note(type(thing))
        strange = [k for k in type(thing).__mro__ if not self._keeps_a_dict(k)]
        if strange:
            raise Unknown(f"a {strange[0].__name__}")
        space = getattr(thing, "__dict__", None)
        if space is not None:
            self._note_space(space, space.__setitem__, space.pop)
        for kind in type(thing).__mro__:
            if kind.__module__ == self._own and "__slots__" in vars(kind):
                raise Unknown(f"a {kind.__name__} with slots")
        if isinstance(thing, tuple):
            self._note_all(list(thing))

    def _keeps_a_dict(self, kind: type) -> bool:
        """Whether a class keeps nothing of an object but in its `__dict__`."""
        known = kind.__module__ == self._own or kind in _SIMPLE
        return known or issubclass(kind, Sync)


def _never_changes(thing: Any, kind: type) -> bool:
    if issubclass(kind, (Shim, Hint, Absent, Logger)) or thing is DICE:
        return True
    if kind.__module__ == "dataclasses":
        return True
    name = f"{kind.__module__}.{kind.__qualname__}"
    return name in _STEADY


_STEADY = {
    "builtins.wrapper_descriptor",
    "builtins.method_descriptor",
    "builtins.member_descriptor",
    "builtins.getset_descriptor",
    "builtins.method-wrapper",
    "builtins.NotImplementedType",
    "builtins.types.GenericAlias",
    "types.GenericAlias",
    "types.UnionType",
    "builtins.object",
    "re.Pattern",
    "collections._tuplegetter",
    "_collections._tuplegetter",
    "types.DynamicClassAttribute",
    "enum.property",
    "enum.auto",
    "dataclasses._FIELD_BASE",
    "operator.itemgetter",
    "builtins.module",
}
