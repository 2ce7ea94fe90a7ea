"""Objects of a submission's process, and values of ours that are put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from autograder.student.errors import NotPlain, StudentOutput
from autograder.student.report import gettext

_ITEMS = 64  # items fetched at a time when iterating over a remote iterable
_MOST_ITEMS = 10**6


class Asker(Protocol):
    """A conversation with the process that the object lives in."""

    def ask(self, *request: Any, label: str = "") -> Any:
        """Send one request and return the value it answers."""


class Handle:
    """An object that lives in the submission's process.

    Attributes, calls, arithmetic, indexing and iteration run remotely, about 0.1 ms
    each; the fields of named tuples and frozen dataclasses come along at once. It never
    compares equal to anything and has no truth value: an object that claims to equal
    every answer gains nothing.
    """

    __slots__ = ("_number", "_session", "fields", "type_name")

    def __init__(
        self, session: Asker, number: int, type_name: str, fields: dict[str, Any]
    ) -> None:
        self._session, self._number = session, number
        self.type_name, self.fields = type_name, fields

    def __repr__(self) -> str:
        return f"<{self.type_name} object of the submission>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self.fields:
            return self.fields[name]
        label = f"{self.type_name}.{name}"
        return self._session.ask("get", self, name, label=label)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._session.ask(
            "apply", self, list(args), kwargs, label=self.type_name
        )

    def __iter__(self) -> Iterator[Any]:
        source: Any = self
        for _ in range(_MOST_ITEMS // _ITEMS):
            source, items = self._session.ask(
                "iterate", source, _ITEMS, label=self.type_name
            )
            yield from items
            if len(items) < _ITEMS:
                return
        raise StudentOutput(f"{self.type_name} yields more than {_MOST_ITEMS:,} items")

    def _op(self, name: str, *args: Any) -> Any:
        return self._session.ask(
            "op", name, list(args), label=f"{self.type_name} {name}"
        )

    def __eq__(self, other: object) -> bool:
        raise self._not_plain()

    def __hash__(self) -> int:
        return self._number

    def __bool__(self) -> bool:
        raise self._not_plain()

    def _not_plain(self) -> NotPlain:
        where = gettext("an object of type {name} where a plain value was expected")
        return NotPlain(where.format(name=self.type_name))


def _forward(name: str, *, swapped: bool = False) -> Callable[..., Any]:
    def operate(self: Handle, *others: Any) -> Any:
        args = (*others, self) if swapped else (self, *others)
        return self._op(name, *args)

    return operate


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    setattr(Handle, f"__{_name}__", _forward(_name))
    setattr(Handle, f"__r{_name}__", _forward(_name, swapped=True))
_REST = ("neg", "pos", "abs", "getitem", "setitem", "iadd", "isub", "imul")
for _name in _REST:
    setattr(Handle, f"__{_name}__", _forward(_name))
Handle.__array_ufunc__ = None  # type: ignore[attr-defined]  # NumPy scalars defer to us


class ByHandle:
    """A function that a submission calls and whose arguments stay where they are.

    It gets handles, so that it can change an argument in place, keep it, and look at
    it again later. Any other function gets copies.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)
