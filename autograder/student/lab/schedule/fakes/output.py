"""What a program prints: thousands of runs print nothing, a run that is told, there."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

from ..execution.run_context import Context

_WIDE = 60  # characters of a line that a story shows


class Printed(io.TextIOBase):
    """A stream whose lines become operations of the story."""

    def write(self, text: str) -> int:
        """Tell the lines of a text; outside a run that is told, drop them."""
        for line in text.splitlines():
            if line.strip():
                Context.run.tell(f"print {line.strip()[:_WIDE]!r}")
        return len(text)


@contextlib.contextmanager
def told_output() -> Iterator[None]:
    """Let what runs print stand in their stories alone."""
    printed = Printed()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        yield
