"""A clean process beside a submission, whose end is noted."""

from __future__ import annotations

from collections.abc import Callable

from autograder.sandbox.peer import Peer
from autograder.student.errors import StudentError


class Watched:
    """A channel to a clean process; if it breaks, the next one is forked anew."""

    def __init__(
        self,
        peer: Peer,
        explain: Callable[[str], StudentError],
        on_break: Callable[[], None],
    ) -> None:
        self._peer, self.explain, self._on_break = peer, explain, on_break

    def request(self, message: bytes, call_back: Callable[[bytes], bytes]) -> bytes:
        """Send a request and return the reply."""
        try:
            return self._peer.request(message, call_back)
        except StudentError:
            self._on_break()
            raise
