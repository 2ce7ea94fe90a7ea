"""A submission's cells, and what went wrong when they were run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from autograder.student import codec
from autograder.student.errors import NotAttempted, StudentError, StudentRaised
from autograder.student.report import gettext


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
        self._failed: list[tuple[Cell, str]] = []

    def add(self, cell: Cell, reason: str) -> None:
        """Note that a cell did not run to its end."""
        self._failed.append((cell, reason))

    def explain(self, name: str) -> StudentError:
        """Tell why nothing defines a name."""
        for cell, reason in self._failed:
            if name in cell.names:
                where = gettext("{name} is not defined: {label} did not run").format(
                    name=name, label=cell.label
                )
                return StudentRaised("NameError", reason, where, reason, "")
        where = gettext("no answer found: nothing defines {name}").format(name=name)
        others = "; ".join(f"{cell.label}: {reason}" for cell, reason in self._failed)
        return NotAttempted(where, others)


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
