"""A submission's cells, and what went wrong when they were run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

from autograder.student import codec, places
from autograder.student.errors import NotAttempted, StudentError, StudentRaised
from autograder.student.report import gettext

_MISSED = re.compile(r"NameError: name '(\w+)' is not defined")


class Cell(Protocol):
    """What loading needs of a cell; see ``autograder.student.notebook``."""

    @property
    def label(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def names(self) -> Sequence[str]: ...


class LoadFailures:
    """What went wrong in which cell, to explain a missing name."""

    def __init__(self) -> None:
        self._failed: dict[str, tuple[Cell, str]] = {}  # by the cell's label

    def add(self, cell: Cell, reason: str) -> None:
        """Note that a cell did not run to its end."""
        self._failed[cell.label] = cell, reason

    def explain(self, name: str) -> StudentError:
        """Tell why nothing defines a name.

        Names that are missing for one reason get one message.
        """
        failed = self._failed_for(name)
        if failed is not None:
            cell, reason = failed
            where = gettext("{cell} did not run").format(cell=places.cell(cell.label))
            look = ""
            if reason.startswith("ModuleNotFoundError"):
                look = gettext(
                    "The grader has what the lesson's own set-up cell imports, and"
                    " Python's own modules."
                )
            return StudentRaised("NameError", reason, where, reason, look)
        where = gettext("no answer found: nothing defines {name}").format(name=name)
        others = "; ".join(
            f"{c.label}: {reason}" for c, reason in self._failed.values()
        )
        return NotAttempted(where, others)

    def _failed_for(self, name: str) -> tuple[Cell, str] | None:
        """Return the cell whose failure left a name undefined, directly or not."""
        found, seen = None, set[str]()
        while True:
            holders = (f for f in self._failed.values() if name in f[0].names)
            failed = next(holders, None)
            if failed is None or failed[0].label in seen:
                return found
            found = failed
            seen.add(failed[0].label)
            missed = _MISSED.match(failed[1])
            if missed is None:
                return found
            name = missed[1]


def reason_of(answer: Any) -> str:
    """Put what a cell raised into words.

    Raises:
        CodecError: this is no answer of the interpreter; a cell may have written it.
    """
    try:
        if answer[0] == "limit":
            return gettext("it used too much {what}").format(what=str(answer[1])[:80])
        _, name, _, text, frames = answer
        lines = [int(line) for _, line, _ in frames]
    except (TypeError, ValueError, LookupError, OverflowError):
        raise codec.CodecError("a malformed answer") from None
    place = gettext(", line {line}").format(line=lines[-1]) if lines else ""
    return f"{str(name)[:80]}: {str(text)[:200]}{place}"
