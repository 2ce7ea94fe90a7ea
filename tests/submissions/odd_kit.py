"""What the odd files are made of: one right notebook, and a register of makers.

Every maker takes a folder and returns what a student would hand in from there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from autograder.grading.grade import Grader
from autograder.student.lesson import Lesson, find_course
from autograder.student.notebook.build import build_notebook, write_notebook
from autograder.student.notebook.reader import read_submission
from autograder.student.notebook.stub import read_cells
from autograder.student.notebook.submission import Submission
from autograder.student.report import Report

Notebook = dict[str, Any]
Maker = Callable[[Path], Path]
FULL = {"mean": 2.0, "normalise": 4.0, "halvings": 4.0}


@dataclass(frozen=True)
class Odd:
    """One odd submission and what must become of it."""

    name: str
    make: Maker
    notes: tuple[str, ...] = ()  # each is part of some note
    problem: str = ""  # part of the reason why nothing can be read
    lost: tuple[str, ...] = ()  # tasks that cannot have full marks
    verdicts: tuple[tuple[str, str], ...] = ()


CASES: list[Odd] = []


def odd(
    *notes: str,
    problem: str = "",
    lost: str = "",
    verdicts: tuple[tuple[str, str], ...] = (),
) -> Callable[[Maker], Maker]:
    """Register a maker with what must become of its file."""

    def register(make: Maker) -> Maker:
        name = make.__name__.replace("_", " ")
        CASES.append(Odd(name, make, notes, problem, tuple(lost.split()), verdicts))
        return make

    return register


@cache
def lesson() -> Lesson:
    """The lesson that all of them answer."""
    return find_course(Path(__file__)).lesson("00-start")


@cache
def solutions() -> dict[str, str]:
    """The right source of each task."""
    cells = read_cells(lesson().reference_path)
    return {cell.task: cell.source.strip() + "\n" for cell in cells if cell.task}


@cache
def _right() -> str:
    notebook = build_notebook(lesson())
    for cell in notebook.cells:
        if cell.id in solutions():
            cell.source = solutions()[cell.id]
        if cell.id == "setup":
            cell.source = "import math\n" + cell.source
    return json.dumps(notebook)


def right() -> Notebook:
    """Return a fresh notebook with every task solved."""
    notebook: Notebook = json.loads(_right())
    return notebook


def cell(notebook: Notebook, identity: str) -> dict[str, Any]:
    """Return one cell of a notebook."""
    found: dict[str, Any] = next(
        c for c in notebook["cells"] if c.get("id") == identity
    )
    return found


def add(notebook: Notebook, source: Any, *, at: int | None = None) -> None:
    """Add a code cell, at the end by default."""
    new = {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}
    cells = notebook["cells"]
    cells.insert(len(cells) if at is None else at, new)


def write(folder: Path, notebook: Any, name: str = "hw.ipynb") -> Path:
    """Write a notebook as JSON."""
    path = folder / name
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def python() -> str:
    """Return the right answer as a plain Python file."""
    return "import math\nimport numpy as np\n\n" + "\n\n".join(solutions().values())


def grade_all(folder: Path) -> dict[str, Report]:
    """Grade the source, the stub and every case, made below an empty folder."""
    source = folder / "00-start.ipynb"
    write_notebook(build_notebook(lesson(), with_reference=True), source)

    def submissions() -> Iterator[tuple[str, Submission]]:
        yield "source", read_submission(source, lesson())
        yield "stub", read_submission(lesson().exercise_path, lesson())
        for number, case in enumerate(CASES):
            place = folder / f"odd-{number}"
            place.mkdir()
            yield case.name, read_submission(case.make(place), lesson())

    reports: dict[str, Report] = {}
    Grader(lesson(), seed=1).run(submissions(), reports.__setitem__)
    return reports
