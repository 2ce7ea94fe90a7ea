"""Runs student code without warnings or input, and keeps a little of what it prints."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Iterator

from autograder.student.cells import CappedOutput
from autograder.student.errors import TimeUp
from autograder.student.report import gettext

#: What ends a test here, whatever the student's code does.
ENDS = (TimeUp, KeyboardInterrupt)

MOST_KEPT = 2_000  # characters that one test's prints are shown with


class Printed(CappedOutput):
    """A stream that keeps the beginning of what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._room = MOST_KEPT
        self._is_cut = False

    def write(self, text: str) -> int:
        """Keep the text while there is room; raise beyond the limit."""
        self._parts.append(text[: self._room])
        self._is_cut |= len(text) > self._room
        self._room = max(0, self._room - len(text))
        return super().write(text)

    @property
    def text(self) -> str:
        """What was kept, and whether more was printed."""
        kept = "".join(self._parts)
        return kept + ("\n" + gettext("(more was printed)") if self._is_cut else "")


@contextlib.contextmanager
def muted(output: Printed) -> Iterator[None]:
    """Send what student code prints to ``output``; ignore warnings, give no input."""
    stdin, sys.stdin = sys.stdin, io.StringIO()
    try:
        with contextlib.redirect_stdout(output), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stdin = stdin
