"""The judge's view of a submission: calls that look local and run in its process."""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import itertools
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from autograder.student import codec
from autograder.student.bundle import bundled
from autograder.student.canary import check_canary
from autograder.student.errors import NotAttempted as NotAttempted
from autograder.student.errors import NotPlain as NotPlain
from autograder.student.errors import StudentDied as StudentDied
from autograder.student.errors import StudentError as StudentError
from autograder.student.errors import StudentForged as StudentForged
from autograder.student.errors import StudentMemory as StudentMemory
from autograder.student.errors import StudentOutput as StudentOutput
from autograder.student.errors import StudentRaised as StudentRaised
from autograder.student.errors import StudentTimeout as StudentTimeout
from autograder.student.errors import raised
from autograder.student.report import InfrastructureError, gettext

_ITEMS = 64  # items fetched at a time when iterating over a remote iterable
_MOST_ITEMS = 10**6


class Channel(Protocol):
    """A connection to one interpreter that has loaded the submission."""

    def request(self, message: bytes, call_back: Callable[[bytes], bytes]) -> bytes:
        """Send a request, answer its callbacks, return the reply.

        Raises:
            StudentError: the other side died or hit a limit.
        """

    def explain(self, name: str) -> StudentError:
        """Tell why the submission does not define a name."""


class Session:
    """One conversation with one fresh copy of a submission."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._callbacks: dict[int, Callable[..., Any]] = {}
        self._count = itertools.count(1)
        self._failure: BaseException | None = None
        #: What the submission answered, in order; compared with known mistakes.
        self.transcript: list[tuple[str, Any]] = []

    def ask(self, *request: Any, label: str = "") -> Any:
        """Send one request and return the value it answers.

        Raises:
            StudentError: anything but an answer.
            InfrastructureError: our own request cannot be encoded.
        """
        message = self.encode(*request)
        try:
            data = self._channel.request(message, self._answer_callback)
        except StudentError as error:
            self.transcript.append((label, type(error).__name__))
            raise
        return self.reply(data, label)

    def lend(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        """Put functions of the judge in the place of the submission's own.

        Args:
            functions: by name; they run here, and what crosses the wall is plain.
        """
        self.ask("lend", dict(functions), label="lend")
        self.transcript.pop()

    def encode(self, *request: Any) -> bytes:
        """Encode one request.

        Raises:
            InfrastructureError: our own request cannot be encoded.
        """
        try:
            return codec.dumps(list(request), self._refer)
        except codec.CodecError as error:
            raise InfrastructureError(f"a test sent {error}") from None

    def reply(self, data: bytes, label: str) -> Any:
        """Return the value that a reply holds, and note it in the transcript.

        Raises:
            StudentError: the reply is anything but an answer.
            BaseException: what a callback had raised here.
        """
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        try:
            kind, *rest = _checked(codec.loads(data, self._resolve))
            value = self._value(kind, rest, label)
        except codec.CodecError as error:
            self.transcript.append((label, str(error)))
            where = gettext("{label} sent what no answer looks like")
            raise StudentForged(where.format(label=label), str(error)) from None
        except StudentRaised as error:
            self.transcript.append((label, f"raised {error.type_name}"))
            raise
        except StudentError as error:
            self.transcript.append((label, type(error).__name__))
            raise
        self.transcript.append((label, value))
        return value

    def _value(self, kind: str, rest: list[Any], label: str) -> Any:
        if kind == "ok":
            return rest[0]
        if kind == "missing" and len(rest) > 1 and rest[1]:
            where = gettext("{name} is not defined: {reason}")
            where = where.format(name=str(rest[0])[:80], reason=str(rest[1])[:300])
            raise StudentRaised("NameError", str(rest[1])[:300], where, "", "")
        if kind == "missing":
            raise self._channel.explain(str(rest[0]))
        if kind == "limit" and rest[0] == "memory":
            raise StudentMemory(
                gettext("{label} ran out of memory").format(label=label)
            )
        if kind == "limit" and rest[0] == "output":
            where = gettext("{label} printed too much").format(label=label)
            raise StudentOutput(where)
        if kind == "limit" and rest[0] == "size":
            where = gettext("{label} returned too much").format(label=label)
            raise StudentOutput(where, str(rest[-1])[:200])
        if kind == "odd":
            where = gettext("{label} returned what is no plain value")
            raise NotPlain(where.format(label=label), str(rest[0])[:200])
        if kind == "raised" and len(rest) == 4:
            raise raised(label, *rest)
        raise codec.CodecError("a malformed answer")

    def _answer_callback(self, data: bytes) -> bytes:
        try:
            _, number, args, kwargs = _checked(codec.loads(data, self._resolve))
            function = self._callbacks[number]
        except (codec.CodecError, ValueError, KeyError, TypeError):
            return codec.dumps(["error"])
        try:
            return codec.dumps(["ok", function(*args, **kwargs)], self._refer)
        except StudentError as error:  # a remote operation inside the callback failed
            if isinstance(error, StudentRaised) and hasattr(builtins, error.type_name):
                return codec.dumps(["raise", error.type_name, error.text])
            self._failure = error
        except (ArithmeticError, ValueError, TypeError, LookupError) as error:
            return codec.dumps(["raise", builtin_name(error), str(error)])
        except BaseException as error:
            self._failure = error
        return codec.dumps(["error"])

    def _refer(self, value: Any) -> codec.Reference:
        if isinstance(value, Handle):
            return ("object", object.__getattribute__(value, "_number"), "", {})
        if not callable(value):
            raise codec.CodecError(f"a value of type {type(value).__name__}")
        number = next(self._count)
        self._callbacks[number] = value
        return ("callback", number, getattr(value, "__name__", "callback"), {})

    def _resolve(self, reference: codec.Reference) -> Any:
        kind, number, name, fields = reference
        if kind == "callback" and number in self._callbacks:
            return self._callbacks[number]
        if kind != "object":
            raise codec.CodecError("an unknown reference")
        return Handle(self, number, name[:80], fields)


def _checked(reply: Any) -> list[Any]:
    if type(reply) is not list or not reply or type(reply[0]) is not str:
        raise codec.CodecError("a malformed answer")
    return reply


def builtin_name(error: BaseException) -> str:
    """Return the name of the builtin exception that an error is, or derives from."""
    return next(k.__name__ for k in type(error).__mro__ if k.__module__ == "builtins")


class Student:
    """The submission as hidden tests see it: ``student.softmax(x)``."""

    def __init__(
        self,
        session: Session,
        clean: Callable[[], Session] | None = None,
        cells: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Look at a submission.

        Args:
            session: the process that loaded it.
            clean: opens a process that holds none of its code.
            cells: its source, label by label, for that process.
        """
        self._session, self._clean, self._cells = session, clean, cells

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        session = self._session

        def call(*args: Any, **kwargs: Any) -> Any:
            return session.ask("call", name, list(args), kwargs, label=name)

        call.__name__ = name
        return call

    def run(self, scenario: Callable[..., Any], **data: Any) -> Any:
        """Run a function of the test file beside the submission; return its evidence.

        Args:
            scenario: a top-level function; its first parameter is the submission's
                module. Only its source is sent, so it imports what it needs itself.
            data: plain values for its other parameters.
        """
        name = scenario.__name__
        return self._session.ask("scenario", _source(scenario), name, data, label=name)

    def explore(self, scenario: Callable[..., Any], **data: Any) -> Any:
        """Run a function of the test file over the submission's checked source.

        It runs in a process in which no line of the submission has run, and everything
        of its file that it uses goes along. What `threading`, `queue` and `time` it
        imports are those of the schedule explorer.

        Args:
            scenario: a top-level function; its first parameter is the source as a
                `autograder.student.lab.schedule.Program`.
            data: plain values for its other parameters.

        Returns:
            The scenario's evidence: plain values.
        """
        if self._clean is None:
            raise InfrastructureError("this submission cannot be explored")
        session, name = self._clean(), scenario.__name__
        cells = [list(cell) for cell in self._cells]
        try:
            found = session.ask(
                "explore", cells, bundled(scenario), name, data, label=name
            )
        finally:
            self._session.transcript += [
                (label, _comparable(value)) for label, value in session.transcript
            ]
        check_canary(session, cells)
        return found


def _comparable(evidence: Any) -> Any:
    """Leave out of evidence what differs between two sources with the same mistake.

    Where, when and after how long a search something failed depends on the source;
    what failed does not.
    """
    if isinstance(evidence, dict):
        if evidence.keys() >= {"kind", "story"}:
            return {"kind": evidence["kind"]}
        return {key: _comparable(value) for key, value in evidence.items()}
    if isinstance(evidence, (list, tuple)):
        return [_comparable(value) for value in evidence]
    return evidence


@functools.cache
def _source(scenario: Callable[..., Any]) -> str:
    text = textwrap.dedent(inspect.getsource(scenario))
    function = ast.parse(text).body[0]
    if not isinstance(function, ast.FunctionDef):
        raise InfrastructureError(f"{scenario!r} is no plain function")
    function.decorator_list = []
    return ast.unparse(function)


class Handle:
    """An object that lives in the submission's process.

    Attributes, calls, arithmetic, indexing and iteration run remotely, about 0.1 ms
    each; the fields of named tuples and frozen dataclasses come along at once. It never
    compares equal to anything and has no truth value: an object that claims to equal
    every answer gains nothing.
    """

    __slots__ = ("_number", "_session", "fields", "type_name")

    def __init__(
        self, session: Session, number: int, type_name: str, fields: dict[str, Any]
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
for _name in ("neg", "pos", "abs", "getitem"):
    setattr(Handle, f"__{_name}__", _forward(_name))
Handle.__array_ufunc__ = None  # type: ignore[attr-defined]  # NumPy scalars defer to us
