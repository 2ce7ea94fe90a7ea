"""The judge's end of a conversation with a submission: requests, and their answers."""

from __future__ import annotations

import builtins
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from autograder.student import codec
from autograder.student.asked import Asked
from autograder.student.errors import NotAttempted as NotAttempted
from autograder.student.errors import NotPlain as NotPlain
from autograder.student.errors import StudentDied as StudentDied
from autograder.student.errors import StudentError as StudentError
from autograder.student.errors import StudentForged as StudentForged
from autograder.student.errors import StudentMemory as StudentMemory
from autograder.student.errors import StudentOutput as StudentOutput
from autograder.student.errors import StudentRaised as StudentRaised
from autograder.student.errors import StudentTimeout as StudentTimeout
from autograder.student.handle import ByHandle as ByHandle
from autograder.student.handle import Handle as Handle
from autograder.student.raised import raised
from autograder.student.report import InfrastructureError, gettext
from autograder.student.together import Batch
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
#: What a function of ours may be given at once, in bytes: what it computes of that on
#: this side is not interrupted within one call into C. The lessons' own take 70 KB.
MOST_GIVEN = 2**19
#: Who has called functions of ours so often, when it has told more than it may, calls
#: without end: on a slower machine its time would have been over first.
_WITHOUT_END = 20_000
#: How deep calls of ours may lie in one another: a function of ours that works with an
#: object of the submission calls its methods, which may call ours again. Where else our
#: own recursion would end depends on what lies below it.
_MOST_NESTED = 20
_MISSED = re.compile(r"name '(\w+)' is not defined")


class Session:
    """One conversation with one fresh copy of a submission."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._callbacks: dict[int, Callable[..., Any]] = {}
        self._count = itertools.count(1)
        self._failure: BaseException | None = None
        self._received = self._calls = self._nested = 0
        #: Why a test ends whose submission keeps calling functions of ours.
        self.too_late: Callable[[], StudentError] = _too_late
        #: All that messages may quote, where inputs are hidden.
        self.words: Vocabulary | None = None
        #: What is asked, where a failing case is to be shown again.
        self.log: list[Asked] | None = None
        #: The submission's source, label by label, for places in messages.
        self.cells: Sequence[tuple[str, str]] = ()
        #: The task that is tested, for messages about what a test itself runs.
        self.task = ""
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
        asked = self.note(*request)
        asked.value = self.reply(
            self._request(self.encode(*request, label=label), label), label
        )
        return asked.value

    def note(self, kind: str, *parts: Any) -> Asked:
        """Note a request in the log, where one is kept."""
        asked = Asked(kind, parts)
        if self.log is not None:
            self.log.append(asked)
        return asked

    def send(self, message: bytes, label: str) -> Any:
        """Send an encoded request; return the value it answers, noted nowhere.

        Raises:
            StudentError: anything but an answer.
        """
        value = self.reply(self._request(message, label), label)
        self.transcript.pop()
        return value

    def _request(self, message: bytes, label: str) -> bytes:
        try:
            return self._channel.request(message, self._answer_callback)
        except StudentError as error:
            self.transcript.append((label, type(error).__name__))
            raise

    def lend(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        """Put functions of the judge in the place of the submission's own.

        Args:
            functions: by name; they run here, and what crosses the wall is plain.
        """
        self.send(self.encode("lend", dict(functions)), "lend")

    def encode(self, *request: Any, label: str = "") -> bytes:
        """Encode one request.

        Raises:
            StudentError: it cannot be encoded, after the submission had answered or
                called: what a test sends may be made of that.
            InfrastructureError: our own request cannot be encoded.
        """
        try:
            return codec.dumps(list(request), self._refer, codec.MAX_REQUEST)
        except codec.CodecError as error:
            if not self.transcript and not self._calls:
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
            self.transcript.append(
                (label, f"raised {error.type_name} {error.at}".rstrip())
            )
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
            error = raised(
                label, rest, self.words, is_clean=self.is_clean, cells=self.cells
            )
            raise self._cause_of(error) or error
        raise codec.CodecError("a malformed answer")

    def _cause_of(self, error: StudentError) -> StudentError | None:
        """Return why a cell did not run, where a name of it is missed later."""
        if not isinstance(error, StudentRaised) or error.type_name != "NameError":
            return None
        missed = _MISSED.match(error.text)
        known = self._channel.explain(missed[1]) if missed else None
        return known if isinstance(known, StudentRaised) else None

    def _answer_callback(self, data: bytes) -> bytes:
        if self._nested >= _MOST_NESTED:
            words = "maximum recursion depth exceeded"
            return codec.dumps(["raise", "RecursionError", words])
        self._nested += 1
        try:
            return self._answered_callback(data)
        finally:
            self._nested -= 1

    def _answered_callback(self, data: bytes) -> bytes:
        self._calls += 1
        try:
            if len(data) > MOST_GIVEN:
                raise codec.TooLarge(f"{len(data):,} bytes")
            _, number, args, kwargs = _checked(self._loads(data))
            function = self._callbacks[number]
        except codec.TooLarge as error:
            where = gettext("a function was given too much")
            self._failure = StudentOutput(where, self._public(str(error)))
            if self._calls > _WITHOUT_END:
                self._failure = self.too_late()
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
            number = object.__getattribute__(value, "_number")
            batch = object.__getattribute__(value, "_session")
            if isinstance(batch, Batch):
                return ("result", batch.need(number), "", {})
            return ("object", number, "", {})
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


def _too_late() -> StudentError:
    return StudentTimeout(gettext("it calls a function without end"))


def _is_text(value: Any) -> bool:
    return type(value) is str


def _checked(reply: Any) -> list[Any]:
    if type(reply) is not list or not reply or type(reply[0]) is not str:
        raise codec.CodecError("a malformed answer")
    return reply


def builtin_name(error: BaseException) -> str:
    """Return the name of the builtin exception that an error is, or derives from."""
    return next(k.__name__ for k in type(error).__mro__ if k.__module__ == "builtins")
