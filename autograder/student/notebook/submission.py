"""What reading a submission yields: code cells with names, prose, and notes.

Nothing here executes, imports or trusts anything that a student wrote.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from autograder.student.notebook.names import names_bound
from autograder.student.places import place


@dataclass(frozen=True)
class CodeCell:
    """Code to run as one unit: an error in it leaves the other cells alone."""

    label: str  # "cell 5", or the file's name for a .py file
    source: str  # lines that must not run are blank, so line numbers are the student's
    first_line: int = 1  # line of the file on which ``source`` starts (.py files)
    names: tuple[str, ...] = ()  # bound at top level

    @property
    def text(self) -> str:
        """The code to show to a person, without the blank lines around it."""
        return self.source.strip("\n")

    def locate(self, line: int) -> str:
        """Say where a line of ``source`` stands, in words: "cell 5, line 3"."""
        return place(self.label, self.first_line + line - 1)


@dataclass(frozen=True)
class ProseCell:
    """A cell that is not code: only a person reads it."""

    text: str
    ids: frozenset[str] = frozenset()  # the cell's id and its nbgrader id


@dataclass(frozen=True)
class Submission:
    """A student's work as read from a file, once."""

    name: str  # file name
    digest: str  # sha256 of the file's bytes
    cells: tuple[CodeCell, ...] = ()
    notes: tuple[str, ...] = ()  # what was repaired or odd, told to the student
    problem: str | None = None  # why nothing could be read
    prose: tuple[ProseCell, ...] = ()  # of the graded file, in its order

    @property
    def names(self) -> frozenset[str]:
        """Every name that some cell binds at top level."""
        return frozenset(name for cell in self.cells for name in cell.names)

    def cell_of(self, name: str) -> CodeCell | None:
        """Return the cell whose definition of ``name`` counts: the last one."""
        holders = [cell for cell in self.cells if name in cell.names]
        return holders[-1] if holders else None

    def without_prose(self) -> Submission:
        """Return what the tests need: the code alone."""
        return replace(self, prose=())

    @classmethod
    def from_sources(
        cls, name: str, sources: Iterable[tuple[str, str]], *, digest: str | None = None
    ) -> Submission:
        """Make a submission of (label, source) pairs, all of which run as they are."""
        pairs = tuple(sources)
        if digest is None:
            text = "\0".join(f"{label}\0{source}" for label, source in pairs)
            digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        cells = tuple(
            CodeCell(label, source, 1, _names_of(source)) for label, source in pairs
        )
        return cls(name, digest, cells)


@functools.lru_cache(maxsize=64)  # known mistakes differ in a cell or two
def _names_of(source: str) -> tuple[str, ...]:
    return names_bound(source)


def printable(name: str, limit: int = 80) -> str:
    """Return text fit for a message: no control characters, and cut to a length."""
    clean = "".join(sign if sign.isprintable() else "?" for sign in name)
    return clean if len(clean) <= limit else clean[: limit - 3] + "..."
