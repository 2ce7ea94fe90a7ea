"""The prose of a submission: what a person reads and grades by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable

from autograder.student.notebook.decode import RawCell, quoted
from autograder.student.notebook.submission import ProseCell

MOST_PROSE = 50_000  # characters of one cell: a picture may be pasted into its text


def prose_cells(
    cells: Iterable[RawCell], *, commented: bool = False
) -> tuple[ProseCell, ...]:
    """Return the cells of a file that are not code, in its order.

    Args:
        cells: The file's cells.
        commented: Whether prose stands in comments or strings, as in a Python file.
    """
    return tuple(
        ProseCell(_plain(text) if commented else text, cell.ids)
        for cell in cells
        if cell.kind != "code"
        for text in [cell.source[:MOST_PROSE]]
    )


def _plain(text: str) -> str:
    """Return the prose of a percent-format cell without comment marks or quotes."""
    string = quoted(text)
    between, rest = string if string else ("", text)
    lines = (re.sub(r"^# ?", "", line) for line in rest.split("\n"))
    return "\n\n".join(filter(None, (between.strip(), "\n".join(lines).strip())))
