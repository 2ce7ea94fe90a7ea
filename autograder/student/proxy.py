"""The judge's view of a submission: calls that look local and run in its process."""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import itertools
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from autograder.student import codec
from autograder.student.bundle import NEUTRAL, bundled, neutral
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
from autograder.student.handle import ByHandle as ByHandle
from autograder.student.handle import Handle as Handle
from autograder.student.report import InfrastructureError, gettext
from autograder.student.vocabulary import Vocabulary


class Channel(Protocol):
    """A connection to one interpreter that has loaded the submission."""

    def request(self, message: bytes, call_back: Callable[[bytes], bytes]) -> bytes:
        """Send a request, answer its callbacks, return the reply.

        Raises:
            StudentError: the other side died or hit a limit.
        """

    def explain(self, name: str) -> StudentError:
        """Tell why the submission does not define a name."""


#: What all that is received in one test may take here, in bytes: a byte of a message
#: may become an empty list, which takes 64. The lessons' own tests receive 24 MiB.
_MOST_RECEIVED = 2**28
_BYTE = 64


class Session:
    """One conversation with one fresh copy of a submission."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._callbacks: dict[int, Callable[..., Any]] = {}
        self._count = itertools.count(1)
        self._failure: BaseException | None = None
        self._received = 0
        #: All that messages may quote, where inputs are hidden.
        self.words: Vocabulary | None = None
        #: Whether the other side runs no line of the submission unchecked.
        self.is_clean = False
        #: What the submission answered, in order; compared with known mistakes.
        self.transcript: list[tuple[str, Any]] = []

    def ask(self, *request: Any, label: str = "") -> Any:
        """Send one request and return the value it answers.

        Raises:
            StudentError: anything but an answer.
            InfrastructureError: our own request cannot be encoded.
        """
        message = self.encode(*request, label=label)
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

    def encode(self, *request: Any, label: str = "") -> bytes:
        """Encode one request.

        Raises:
            StudentError: it cannot be encoded, after the submission had answered: what
                a test sends may be made of answers.
            InfrastructureError: our own request cannot be encoded.
        """
        try:
            return codec.dumps(list(request), self._refer, codec.MAX_REQUEST)
        except codec.CodecError as error:
            if not self.transcript:
                raise InfrastructureError(f"a test sent {error}") from None
            if isinstance(error, codec.TooLarge):
                where = gettext("what was returned is too much for {label}")
                raise StudentOutput(where.format(label=label)) from None
            where = gettext("what was returned has the wrong type for {label}")
            raise NotPlain(where.format(label=label)) from None

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
            kind, *rest = _checked(self._loads(data))
            value = self._value(kind, rest, label)
        except codec.TooLarge as error:
            self.transcript.append((label, "StudentOutput"))
            raise self._too_much(label, str(error)) from None
        except codec.CodecError as error:
            self.transcript.append((label, str(error)))
            where = gettext("{label} sent what no answer looks like")
            told = self._public(str(error))
            raise StudentForged(where.format(label=label), told) from None
        except StudentRaised as error:
            self.transcript.append((label, f"raised {error.type_name}"))
            raise
        except StudentError as error:
            self.transcript.append((label, type(error).__name__))
            raise
        self.transcript.append((label, value))
        return value

    def _loads(self, data: bytes) -> Any:
        """Decode a message, unless all of them together take too much.

        A test may keep what it is told, and the transcript does.
        """
        few = min(len(data), codec.MAX_ELEMENTS)
        self._received += len(data) + few * (_BYTE - 1)
        if self._received > _MOST_RECEIVED:
            raise codec.TooLarge("more than a test may be told")
        return codec.loads(data, self._resolve)

    def _public(self, text: str) -> str:
        """Return what the other side says, where it knows no hidden input."""
        return text[:200] if self.words is None else ""

    def _too_much(self, label: str, told: str) -> StudentOutput:
        where = gettext("{label} returned too much").format(label=label)
        return StudentOutput(where, self._public(told))

    def _value(self, kind: str, rest: list[Any], label: str) -> Any:
        if not rest:
            raise codec.CodecError("a malformed answer")
        if kind == "ok":
            return rest[0]
        if kind in ("missing", "limit", "odd") and not all(map(_is_text, rest)):
            raise codec.CodecError("a malformed answer")
        can_tell = self.words is None or self.is_clean
        if kind == "missing" and len(rest) > 1 and rest[1] and can_tell:
            where = gettext("{name} is not defined: {reason}")
            where = where.format(name=rest[0][:80], reason=rest[1][:300])
            raise StudentRaised("NameError", rest[1][:300], where, "", "")
        if kind == "missing":
            known = can_tell or rest[0] in (self.words or ())
            raise self._channel.explain(rest[0][:80] if known else label)
        if kind == "limit" and rest[0] == "memory":
            raise StudentMemory(
                gettext("{label} ran out of memory").format(label=label)
            )
        if kind == "limit" and rest[0] == "output":
            where = gettext("{label} printed too much").format(label=label)
            raise StudentOutput(where)
        if kind == "limit" and rest[0] == "size":
            raise self._too_much(label, rest[-1])
        if kind == "odd":
            where = gettext("{label} returned what is no plain value")
            raise NotPlain(where.format(label=label), self._public(rest[0]))
        if kind == "raised" and len(rest) == 4:
            name, bases, text, frames = rest
            raise raised(label, name, bases, text, frames, self.words)
        raise codec.CodecError("a malformed answer")

    def _answer_callback(self, data: bytes) -> bytes:
        try:
            _, number, args, kwargs = _checked(self._loads(data))
            function = self._callbacks[number]
        except codec.TooLarge as error:
            where = gettext("a function was given too much")
            self._failure = StudentOutput(where, self._public(str(error)))
            return codec.dumps(["error"])
        except (codec.CodecError, ValueError, KeyError, TypeError):
            return codec.dumps(["error"])
        try:
            value = function(*args, **kwargs)
            return codec.dumps(["ok", value], self._refer, codec.MAX_REQUEST)
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
        # Its own name would say what the test is for.
        return ("callback", number, "f", {"keep": isinstance(value, ByHandle)})

    def _resolve(self, reference: codec.Reference) -> Any:
        kind, number, name, fields = reference
        if kind == "callback" and number in self._callbacks:
            return self._callbacks[number]
        if kind != "object":
            raise codec.CodecError("an unknown reference")
        name = name[:80] if self.words is None else self.words.name(name)
        return Handle(self, number, name, fields)


def _is_text(value: Any) -> bool:
    return type(value) is str


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

    def source(self) -> list[str]:
        """Return the text of every cell, in order."""
        return [text for _, text in self._cells]

    def keep(self, value: Any) -> Handle:
        """Put a value into the submission's process; `fetch` looks at it again.

        Where a call is given the handle, the function gets the value itself, which it
        may change or hand back.
        """
        kept: Handle = self._session.ask("keep", value, label="keep")
        return kept

    def keep_function(self, function: Callable[..., Any], **data: Any) -> Handle:
        """Put a function of the test file into the submission's process, as an input.

        Calls of it cost nothing, and nobody counts them. A submission can read it as
        any input: what gives an answer away stays here, in a function that calls back.

        Args:
            function: a top-level function; what it uses of its files goes along.
            data: plain values for its other parameters.
        """
        source = neutral(bundled(function), function.__name__)
        kept: Handle = self._session.ask("function", source, NEUTRAL, data, label="f")
        return kept

    def held(self, name: str, *args: Any, **kwargs: Any) -> Handle:
        """Call what the submission defines, and leave what it returns where it is."""
        found: Handle = self._session.ask("hold", name, list(args), kwargs, label=name)
        return found

    def part(self, handle: Handle, *keys: str | int) -> Handle:
        """Follow names of attributes and places of items, and leave what is there."""
        for key in keys:
            handle = self._session.ask("part", handle, key, label="part")
        return handle

    def fetch(self, handle: Handle) -> Any:
        """Return a copy of what a handle stands for, if that is plain."""
        return self._session.ask("fetch", handle, label="fetch")

    def run(self, scenario: Callable[..., Any], **data: Any) -> Any:
        """Run a function of the test file beside the submission; return its evidence.

        A submission can replace whatever runs beside it, and lie: evidence proves
        nothing unless it could only be made by doing what the task asks. Whether an
        argument changed, what was raised, how much memory was held is asked from
        outside: `keep` an argument and `fetch` it, call, and judge what comes back.

        Args:
            scenario: a top-level function; its first parameter is the submission's
                module. Only its source is sent, so it imports what it needs itself.
            data: plain values for its other parameters.
        """
        source, label = _source(scenario), scenario.__name__
        return self._session.ask("scenario", source, NEUTRAL, data, label=label)

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
        session.words, session.is_clean = self._session.words, True
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
    return neutral(ast.unparse(function), function.name)
