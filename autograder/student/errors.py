"""What a submission does instead of answering, as exceptions that carry the verdict."""

from __future__ import annotations

import builtins
import functools
from typing import Any

from autograder.student import codec
from autograder.student.report import Message, Verdict, gettext


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


def raised(label: str, name: Any, bases: Any, text: Any, frames: Any) -> StudentError:
    try:
        name, text = str(name)[:80], str(text)
        at = [f"{cell}, line {int(n)}, in {f}" for cell, n, f in frames]
        known = [b for b in bases if isinstance(getattr(builtins, b, None), type)]
    except (TypeError, ValueError):
        raise codec.CodecError("a malformed answer") from None
    if name == "NotImplementedError":
        return NotAttempted(gettext("not attempted yet"), text)
    where = gettext("{label} raised {name}").format(label=label, name=name)
    where += f": {text.splitlines()[0][:200]}" if text.strip() else ""
    look = {
        "EOFError": gettext("Nobody types while grading: input() is not available."),
        "SystemExit": gettext("Return the answer instead of leaving the program."),
    }.get(name, "")
    kind = _raised_type(known[0] if known else "")
    return kind(name, text, where, "at " + "; ".join(at[-2:]) if at else "", look)


@functools.cache
def _raised_type(name: str) -> type[StudentRaised]:
    builtin = getattr(builtins, name, None)
    if isinstance(builtin, type) and issubclass(builtin, Exception):
        try:
            return type(f"Student{name}", (StudentRaised, builtin), {})
        except TypeError:  # a builtin whose layout forbids it
            return StudentRaised
    return StudentRaised
