"""The modules that a submission finds under the explorer, less most of their names.

A module here is a stand-in with a fixed list of names, none of which is a module and
none of which takes an attribute's name or evaluates text.
"""

from __future__ import annotations

import collections
import collections.abc
import contextlib
import dataclasses
import enum
import functools
import heapq
import itertools
import math
import operator
import random as real_random
import re
import string
import typing
from collections.abc import Callable
from types import FunctionType
from typing import Any

from ..fakes.modules import QUEUE, THREADING, TIME
from .allowed_kinds import CLOSED, namedtuple
from .language import NotAllowed
from .ownership import Numbered, guard


def nothing(*values: Any, **options: Any) -> None:
    """Do nothing, in the place of `print` and the like."""


def _made(kind: type, **held: Any) -> Any:
    """Make a stand-in; it has no `__init__` that a submission could call again."""
    thing: Any = object.__new__(kind)
    object.__getattribute__(thing, "__dict__").update(held)
    return thing


def _shim(name: str, names: dict[str, Any]) -> Shim:
    # No package's name, or the import system would look for submodules.
    shim: Shim = _made(Shim, __name__=f"the explorer's {name}", **names)
    return shim


class Shim:
    """A module with a fixed list of names."""

    def __getattribute__(self, name: str) -> Any:
        try:
            return object.__getattribute__(self, name)
        except AttributeError:
            module = object.__getattribute__(self, "__name__")
            # An AttributeError would let the import system look for a submodule.
            raise ImportError(f"{module} has no {name}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        raise NotAllowed("the attributes of a module cannot be set under the explorer")

    __delattr__ = __setattr__  # type: ignore[assignment]


class Absent:
    """A module that is not here: importing it is fine, using it is not."""

    def _lab_refuse(self, *args: Any, **options: Any) -> Any:
        name = object.__getattribute__(self, "_lab_name")
        raise ImportError(f"{name} is not available under the explorer")

    def __getattribute__(self, name: str) -> Any:
        return object.__getattribute__(self, "_lab_refuse")()

    __call__ = __iter__ = __enter__ = __getitem__ = __mro_entries__ = _lab_refuse
    __instancecheck__ = __subclasscheck__ = _lab_refuse


class Hint:
    """Anything of `typing`: it can be subscripted, joined, called and derived from."""

    def _lab_same(self, *args: Any, **options: Any) -> Any:
        return self

    __getitem__ = __or__ = __ror__ = __call__ = _lab_same

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return (Generic,)

    def __instancecheck__(self, thing: Any) -> bool:
        real = object.__getattribute__(self, "_lab_real")
        return isinstance(thing, real) if isinstance(real, type) else False

    def __setattr__(self, name: str, value: Any) -> None:
        raise NotAllowed("a type hint has no attributes")


class Generic(Numbered):
    """`typing.Generic` and `Protocol`."""

    __slots__ = ()

    def __class_getitem__(cls, item: Any) -> Any:
        return cls


def _same(thing: Any) -> Any:
    return thing


def _cast(kind: Any, thing: Any) -> Any:
    return thing


def _new_type(name: str, kind: Any) -> Any:
    return _same


def _wraps(wrapped: Any) -> Callable[[Any], Any]:
    def decorate(wrapper: Any) -> Any:
        return _update_wrapper(wrapper, wrapped)

    return decorate


def _update_wrapper(wrapper: Any, wrapped: Any) -> Any:
    if type(wrapper) is FunctionType and type(wrapped) is FunctionType:
        wrapper.__name__, wrapper.__doc__ = wrapped.__name__, wrapped.__doc__
        wrapper.__qualname__ = wrapped.__qualname__
    return wrapper


class CachedProperty:
    """`functools.cached_property`, without state that outlives a run."""

    def __new__(cls, function: Any) -> CachedProperty:
        return _made(cls, _lab_work=function, __doc__=function.__doc__)  # type: ignore[no-any-return]

    def __set_name__(self, owner: Any, name: str) -> None:
        self.__dict__.setdefault("_lab_name", name)

    def __get__(self, thing: Any, kind: Any = None) -> Any:
        if thing is None:
            return self
        kept = thing.__dict__
        name = self.__dict__["_lab_name"]
        if name not in kept:
            kept[name] = self.__dict__["_lab_work"](thing)
        return kept[name]


def _dataclass(kind: Any = None, /, **options: Any) -> Any:
    if kind is None:
        return functools.partial(_dataclass, **options)
    return dataclasses.dataclass(guard(kind, "fields"), **options)


def _total_ordering(kind: Any) -> Any:
    return functools.total_ordering(guard(kind, "ordering"))


def _picked(module: Any, names: str) -> dict[str, Any]:
    return {n: getattr(module, n) for n in names.split() if hasattr(module, n)}


class Random(real_random.Random):
    """`random.Random`, which without a seed has the same one in each run."""

    def seed(self, a: Any = None, version: int = 2) -> None:
        """Start again, from 0 where no seed is given."""
        super().seed(0 if a is None else a, version)


DICE = Random()  # what the functions of `random` draw from


def _random() -> dict[str, Any]:
    names = """random uniform randint randrange choice choices shuffle sample gauss seed
        expovariate betavariate normalvariate triangular getrandbits"""
    return {**_picked(DICE, names), "Random": Random}


class Logger:
    """A `logging.Logger` whose methods do nothing."""

    def __getattribute__(self, name: str) -> Any:
        return nothing


_HINTS = """
    Any Callable Optional Union Iterable Iterator Sequence Mapping
    MutableMapping List Dict Tuple Set FrozenSet Type Literal ClassVar Final
    Annotated NoReturn Never Self Hashable Sized Generator Deque DefaultDict
    Awaitable Concatenate TypeAlias Collection Container ContextManager
    SupportsInt SupportsFloat AnyStr LiteralString MutableSequence AbstractSet
    TypeGuard Unpack Required NotRequired Counter OrderedDict
"""
_ABC = """
    Callable Iterable Iterator Sequence Mapping MutableMapping Hashable Sized
    Generator Collection Container Set MutableSet MutableSequence Reversible
    KeysView ValuesView ItemsView Awaitable
"""
_MATH = [n for n in vars(math) if not n.startswith("_")]
_ITERTOOLS = [n for n in vars(itertools) if not n.startswith("_")]


def _typing() -> dict[str, Any]:
    hint = _made(Hint, _lab_real=None)
    hints = {
        n: _made(Hint, _lab_real=getattr(collections.abc, n, None))
        if n in _ABC.split()
        else hint
        for n in _HINTS.split()
    }
    made = dict.fromkeys(("TypeVar", "ParamSpec", "TypeVarTuple"), hint)
    same = ("overload", "final", "runtime_checkable", "override", "no_type_check")
    return {
        **hints,
        **made,
        **dict.fromkeys(same, _same),
        "NewType": _new_type,
        "cast": _cast,
        "TYPE_CHECKING": False,
        "Generic": Generic,
        "Protocol": Generic,
        "NamedTuple": typing.NamedTuple,
    }


def _collections() -> dict[str, Any]:
    names = _picked(collections, "deque defaultdict OrderedDict Counter ChainMap")
    names["namedtuple"] = namedtuple
    abc = {n: _made(Hint, _lab_real=getattr(collections.abc, n)) for n in _ABC.split()}
    return {**names, "abc": _shim("collections.abc", abc)}


def _shims() -> dict[str, Shim]:
    fakes = {m.__name__: vars(m) for m in (THREADING, QUEUE, TIME)}
    here = {
        n: {k: v for k, v in names.items() if not k.startswith("_")}
        for n, names in fakes.items()
    }
    here["time"] = {k: here["time"][k] for k in _TIME.split()}
    found = _collections()
    here |= {
        "collections": found,
        "itertools": _picked(itertools, " ".join(_ITERTOOLS)),
        "math": _picked(math, " ".join(_MATH)),
        "heapq": _picked(
            heapq,
            "heappush heappop heapify heapreplace heappushpop nlargest nsmallest merge",
        ),
        "functools": {
            **_picked(
                functools, "partial reduce lru_cache cache cached_property cmp_to_key"
            ),
            "cached_property": CachedProperty,
            "wraps": _wraps,
            "update_wrapper": _update_wrapper,
            "total_ordering": _total_ordering,
        },
        "dataclasses": {
            **_picked(
                dataclasses,
                "field replace is_dataclass FrozenInstanceError KW_ONLY InitVar",
            ),
            "dataclass": _dataclass,
        },
        "enum": {
            **{kind.__name__: kind for kind in CLOSED},
            **_picked(enum, "auto unique"),
        },
        "contextlib": _picked(
            contextlib, "contextmanager suppress closing nullcontext ExitStack"
        ),
        "operator": _picked(
            operator,
            "itemgetter add sub mul truediv floordiv mod neg lt le gt ge eq ne",
        ),
        "re": {
            **_picked(re, "compile findall finditer split sub subn match search error"),
            **_picked(re, "fullmatch escape"),
            **{k: int(v) for k, v in vars(re).items() if isinstance(v, re.RegexFlag)},
        },
        "string": _picked(
            string,
            "ascii_letters ascii_lowercase ascii_uppercase digits punctuation "
            "whitespace printable",
        ),
        "random": _random(),
        "typing": _typing(),
        "abc": {"ABC": Generic, "abstractmethod": _same},
        "logging": {"getLogger": lambda *a: Logger(), **_log_calls()},
        "traceback": {"print_exc": nothing, "print_exception": nothing},
        "warnings": {"warn": nothing},
        "os": {"cpu_count": lambda: 4},
        "autograder.student": {
            "check": nothing,
            "start": nothing,
            "attempt": functools.partial(contextlib.suppress, NotImplementedError),
        },
    }
    return {name: _shim(name, names) for name, names in here.items()}


def _log_calls() -> dict[str, Any]:
    names = "debug info warning error exception critical basicConfig"
    return dict.fromkeys(names.split(), nothing)


_TIME = """
    sleep monotonic time perf_counter process_time thread_time monotonic_ns
    time_ns perf_counter_ns process_time_ns thread_time_ns
"""
SHIMS = _shims()
SHIMS["collections.abc"] = SHIMS["collections"].abc


def import_(
    name: str,
    globals: Any = None,
    locals: Any = None,
    wanted: Any = (),
    level: int = 0,
) -> Any:
    """Answer a submission's import with a stand-in; what is absent fails when used.

    Args:
        name: the module's dotted name.
        globals: not used.
        locals: not used.
        wanted: what `from` asks of it; empty for a plain `import`.
        level: not used: relative imports are outside the language.
    """
    if wanted:
        found: Any = SHIMS.get(name)
        return _Source(name) if found is None else found
    top = name.partition(".")[0]
    return SHIMS.get(top) or _made(Absent, _lab_name=top)


class _Source:
    """What `from module import name` takes its absent names from."""

    def __init__(self, name: str) -> None:
        self.__name = name

    def __getattr__(self, name: str) -> Any:
        return _made(Absent, _lab_name=f"{self.__name}.{name}")
