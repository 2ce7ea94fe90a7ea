"""Which attributes a submission may name: a closed list, and those that it defines.

An attribute is named without saying of what, so the names must be safe on anything that
a submission can hold. Two kinds are:

- the public names of the types that it is given (`_GIVEN`), and of the modules;
- names of its own, unless some type that it can come across has an attribute of that
  name which is not on the list, such as `_convert_` of an `Enum`.

A name with an underscore is its own where it defines it. Any other is, since a cell
that defines it may be broken or missing, and a test's objects have names as well.
"""

from __future__ import annotations

import ast
import builtins
import collections
import contextlib
import functools
import io
import re
import types
from collections.abc import Iterable, Iterator
from typing import Any

from .allowed_kinds import CLOSED, Enum
from .allowed_modules import DICE, SHIMS, Absent, CachedProperty, Hint, Logger, Shim
from .language import PRIVATE, READ, is_dunder

#: Types whose public attributes may all be named, less `_NEVER`.
_GIVEN: tuple[type, ...] = (
    *(int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset),
    *(range, slice, property, collections.deque, collections.defaultdict),
    *(collections.OrderedDict, collections.Counter, collections.ChainMap),
    *(functools.partial, re.Pattern, re.Match, contextlib.ExitStack, type(DICE)),
)
_MORE = """
    send throw close cache_clear cache_info name value exception thing
    _replace _asdict _make _fields _target _args _kwargs _init _put _get _qsize
    exc_type exc_value thread type enter_result from_iterable
"""
#: An exception's own; `obj` and tracebacks lead to objects that are not a submission's.
_NEVER = frozenset(("format", "format_map", "mro", "with_traceback", "obj"))


_TEXT = 200  # characters of a text in which names are looked for


class Sample(Enum):
    """An enum with a member."""

    SAMPLE_OF_AN_ENUM = 1


@contextlib.contextmanager
def _nothing() -> Iterator[None]:
    yield


def _holds() -> Iterator[Any]:
    """Everything that a submission is given, and samples of what these make."""
    for thing in vars(builtins).values():
        if isinstance(thing, type) and thing.__module__ == "builtins":
            yield thing
    for shim in SHIMS.values():
        yield from object.__getattribute__(shim, "__dict__").values()
    yield from (*CLOSED, Sample.SAMPLE_OF_AN_ENUM)
    yield from (contextlib.closing(io.StringIO()), contextlib.suppress(OSError))
    yield from (_nothing(), contextlib.nullcontext(), contextlib.ExitStack(), DICE)
    yield from (functools.partial(int), functools.lru_cache(_nothing), property())
    yield from (collections.namedtuple("Sample", "")(), re.compile(""), super)


def _kinds() -> set[type]:
    """The types of all that a submission can come across."""
    found = {v for v in vars(types).values() if isinstance(v, type)}
    found |= {type(iter(kind())) for kind in (list, tuple, dict, set, str, bytes)}
    for thing in _holds():
        found.add(type(thing))
        if isinstance(thing, type):
            found.add(thing)
    found -= {Shim, Absent, Hint, Logger, CachedProperty, memoryview}
    return {base for kind in found for base in kind.__mro__}


def _public(kind: type) -> Iterator[str]:
    return (name for name in dir(kind) if not name.startswith("_"))


def _listed() -> frozenset[str]:
    names = set(_MORE.split())
    for kind in _GIVEN:
        names.update(_public(kind))
    for thing in _holds():
        if isinstance(thing, type) and issubclass(thing, BaseException):
            names.update(_public(thing))
    for shim in SHIMS.values():
        for name, thing in object.__getattribute__(shim, "__dict__").items():
            names.add(name)
            if isinstance(thing, type) and thing.__module__.startswith(_FAKES):
                names.update(_public(thing))
    return frozenset(n for n in names - _NEVER if not is_dunder(n))


_FAKES = __name__.rpartition(".submission.")[0] + ".fakes"
LISTED = _listed()
#: What the types at hand have beside: nobody may name these.
RESERVED = frozenset(
    name
    for name in (
        *(n for kind in _kinds() for n in vars(kind)),
        *(n for thing in _holds() for n in getattr(thing, "__dict__", ())),
        *_NEVER,
    )
    if name not in LISTED and not is_dunder(name)
)


class Names:
    """The attributes that one submission may name."""

    def __init__(self, trees: Iterable[ast.AST]) -> None:
        """Collect the names that it defines.

        Args:
            trees: its cells.
        """
        self._own = frozenset(n for tree in trees for n in _defined(tree))

    def problem(self, name: str) -> str:
        """Say why an attribute may not be named; nothing if it may."""
        if name.startswith(PRIVATE):
            return f"{name} belongs to the explorer: choose another name"
        if name in LISTED or name in READ:
            return ""
        if name in RESERVED or is_dunder(name):
            return f"{name} is not among what the explorer allows: choose another name"
        if name in self._own or not name.startswith("_"):
            return ""
        return f"{name} is not among what the explorer allows, and nothing defines it"


def _defined(tree: ast.AST) -> Iterator[str]:
    """Every name that a cell binds, sets or lists."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.Constant) and type(node.value) is str:
            # Fields of a named tuple, slots, what setattr sets.
            yield from node.value[:_TEXT].replace(",", " ").split()
