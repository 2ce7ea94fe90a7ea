"""What a submission does instead of answering, as exceptions that carry the verdict."""

from __future__ import annotations

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
        self.at = ""  # a public test's expression, or a kernel's access, that raised it

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


class TimeUp(StudentTimeout):
    """A student's own check is over its seconds; raised in the code that runs on."""

    ends_search = True  # the explorer does not report it as a failure of a schedule

    def __init__(self) -> None:
        super().__init__(gettext("it did not end"))


class StudentTampered(StudentError):
    """The submission broke out of its own process."""

    verdict = Verdict.SECURITY

    def __init__(self) -> None:
        super().__init__(gettext("it killed processes that are not its own"))


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
