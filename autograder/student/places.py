"""Where code stands, in words: a line of a Python file, or of a notebook's cell.

A cell's label names it in messages and is the file name that its code is compiled
with, so no two are equal: "cell 4" of a notebook, "exercise.py, line 52" of a file.
"""

from __future__ import annotations

import re

_START = re.compile(r", line \d+$")

#: The label of what a test runs beside the submission; no line of it is a student's.
SCENARIO = "scenario"
#: The name in its globals that holds its text.
SCENARIO_SOURCE = "__source__"


def file_cell(file: str, line: int) -> str:
    """Return the label of the cell that begins on a line of a Python file."""
    return f"{file}, line {line}"


def place(label: str, line: int) -> str:
    """Say where a line stands; lines of a file are those of the whole file."""
    return f"{_START.sub('', label)}, line {line}"


def cell(label: str) -> str:
    """Name a cell in a sentence."""
    return f"the cell at {label}" if _START.search(label) else label
