"""What a submission does instead of answering, as exceptions that carry the verdict."""

from __future__ import annotations

import builtins
import functools
from typing import Any

from autograder.student import codec
from autograder.student.report import Message, Verdict, gettext
from autograder.student.vocabulary import Vocabulary


class StudentError(Exception):
    """What a submission did instead of answering; carries the verdict and message."""

    verdict = Verdict.CRASH

    def __init__(self, where: str, evidence: str = "", look: str = "") -> None:
        super().__init__(where)
        self.message = Message(where, evidence, look)


class StudentRaised(StudentError):
    """The submission raised an exception; also derives from that builtin type."""

    def __init__(
        self, type_name: str, text: str, where: str, evidence: str, look: str
    ) -> None:
        super().__init__(where, evidence, look)
        self.type_name = type_name
        self.text = text

    def __str__(self) -> str:
        return f"{self.type_name}: {self.text}"


class NotAttempted(StudentError):
    """The submission still holds the stub, or defines no such name."""

    verdict = Verdict.NOT_ATTEMPTED


class StudentDied(StudentError):
    """The submission's process ended: an exit, a signal, a crash in native code."""


class StudentTimeout(StudentError):
    """The submission used more than its seconds."""

    verdict = Verdict.TIMEOUT


class StudentMemory(StudentError):
    """The submission used more than its memory."""

    verdict = Verdict.MEMORY


class StudentOutput(StudentError):
    """The submission printed or returned more than its share."""

    verdict = Verdict.OUTPUT


class StudentForged(StudentError):
    """The submission's process sent bytes that the interpreter never sends."""

    verdict = Verdict.SECURITY


class NotPlain(StudentError):
    """The submission returned an object where a plain value was expected."""

    verdict = Verdict.WRONG


def raised(
    label: str,
    name: Any,
    bases: Any,
    text: Any,
    frames: Any,
    words: Vocabulary | None = None,
) -> StudentError:
    """Make an error of what a process says that the submission raised.

    Args:
        label: what was called.
        name: the exception's type.
        bases: the builtin types that it derives from.
        text: its text, shown where the input was no secret.
        frames: cell, line and function of each frame of the submission.
        words: all that a message may quote, where the input is hidden.

    Raises:
        CodecError: these are not the parts of an exception.
    """
    try:
        name, text = str(name)[:80], str(text)
        places = [(str(cell), int(n), str(f)) for cell, n, f in frames]
        known = [base for base in bases if _is_exception(base)]
    except (TypeError, ValueError, OverflowError):
        raise codec.CodecError("a malformed answer") from None
    if name == "NotImplementedError":
        told = text if words is None else words.quoted(text[:200])
        return NotAttempted(gettext("not attempted yet"), told)
    look = _LOOKS.get(name, "")
    if words is None:
        at = [f"{cell}, line {n}, in {f}" for cell, n, f in places[-2:]]
    else:
        name = name if _is_exception(name) else [*known, "Exception"][0]
        at = [place for p in places[-1:] if (place := words.place(*p))]
    where = gettext("{label} raised {name}").format(label=label, name=name)
    if words is None and text.strip():
        where += f": {text.splitlines()[0][:200]}"
    kind = next(filter(None, map(_raised_type, known)), StudentRaised)
    return kind(name, text, where, "at " + "; ".join(at) if at else "", look)


_LOOKS = {
    "EOFError": gettext("Nobody types while grading: input() is not available."),
    "SystemExit": gettext("Return the answer instead of leaving the program."),
    "BdbQuit": gettext(
        "A debugger waits for someone to type: take out breakpoint() or set_trace()."
    ),
}


def _is_exception(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)


@functools.cache
def _raised_type(name: str) -> type[StudentRaised] | None:
    builtin = getattr(builtins, name)
    if not issubclass(builtin, Exception):
        return None
    try:
        kind = type(f"Student{name}", (StudentRaised, builtin), {})
        kind("", "", "", "", "")
    except TypeError:  # its layout forbids it, or it takes other arguments
        return None
    return kind
