"""Requests to a submission that travel in one message.

A message takes 0.1 ms there and back, most of it the kernel's. Requests that do not
depend on what the judge makes of earlier answers can go together. Each is answered as
if it had come alone, in order, and may use the results of those before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from autograder.student import codec
from autograder.student.errors import StudentError, StudentForged
from autograder.student.handle import Handle
from autograder.student.report import InfrastructureError, gettext

_UNKNOWN = "?"  # the type of what is not there yet
_ALONE = ("iterate", "explore", "many")


class Talk(Protocol):
    """A session, as far as a batch needs it."""

    def encode(self, *request: Any, label: str = "") -> bytes:
        """Encode one request."""

    def send(self, message: bytes, label: str) -> Any:
        """Send a request and return the value it answers, which is noted nowhere."""

    def reply(self, data: bytes, label: str) -> Any:
        """Return the value that a reply holds, and note it."""


@dataclass
class _Asked:
    message: bytes
    label: str
    needs: list[int]
    value: Any = None
    error: StudentError | None = None


@dataclass
class Batch:
    """Requests that wait, and what was answered once they were sent.

    It takes the place of a session behind a handle: what is asked of the handle waits
    too.
    """

    talk: Talk
    _asked: list[_Asked] = field(default_factory=list)
    _needs: list[int] | None = None  # of the request that is being encoded
    is_sent: bool = False

    def ask(self, *request: Any, label: str = "") -> Handle:
        """Let a request wait; return a handle to what its result will be.

        Raises:
            InfrastructureError: a test asks for what cannot wait, or asks too late.
        """
        if self.is_sent or request[0] in _ALONE:
            raise InfrastructureError(f"{request[0]!r} cannot be asked together")
        needs: list[int] = []
        self._needs = needs
        try:
            message = self.talk.encode(*request, label=label)
        finally:
            self._needs = None
        self._asked.append(_Asked(message, label, needs))
        return Handle(self, len(self._asked) - 1, _UNKNOWN, {})

    def need(self, place: int) -> int:
        """Note that the request being encoded uses an earlier result.

        Raises:
            InfrastructureError: it is no request of this batch.
        """
        if self._needs is None:
            raise InfrastructureError("a handle of a batch was used outside it")
        self._needs.append(place)
        return place

    def send(self) -> None:
        """Send all that waits and read each answer.

        Raises:
            StudentError: the submission died or hit a limit: there are no answers.
        """
        self.is_sent = True
        if not self._asked:
            return
        messages = [asked.message for asked in self._asked]
        replies = self.talk.send(self.talk.encode("many", messages), "together")
        if type(replies) is not list or len(replies) != len(messages):
            raise StudentForged(gettext("it sent what no answer looks like"))
        for asked, reply in zip(self._asked, replies, strict=True):
            self._settle(asked, reply)

    def _settle(self, asked: _Asked, reply: Any) -> None:
        needed = [self._asked[place] for place in asked.needs]
        broken = [one.error for one in needed if one.error is not None]
        if broken:  # nothing was run, and nothing is noted
            asked.error = broken[0]
            return
        label = asked.label
        if needed:
            label = label.replace(_UNKNOWN, _kind(needed[0].value), 1)
        data = reply if type(reply) is bytes else codec.dumps(None)
        try:
            asked.value = self.talk.reply(data, label)
        except StudentError as error:
            asked.error = error

    def result(self, handle: Handle) -> Any:
        """Return what a request was answered, or raise what it would have raised."""
        if not self.is_sent:
            raise InfrastructureError("a batch was not sent")
        asked = self._asked[object.__getattribute__(handle, "_number")]
        if asked.error is not None:
            raise asked.error
        return asked.value


def _kind(value: Any) -> str:
    return value.type_name if isinstance(value, Handle) else type(value).__name__
