"""The notebook that a person reads in formgrader: graded, and safe to open.

It is built from the released notebook, which is ours, with the student's code put in
its place. A student's outputs, attachments and metadata never get in; prose is kept as
text. So whatever was done to the submitted file, nbgrader's own cells are all there.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.classroom.wording import task_feedback
from autograder.student.lesson import Lesson
from autograder.student.notebook.submission import CodeCell, Submission
from autograder.student.report import CourseError, Report, TaskResult, Verdict, gettext

Cell = dict[str, Any]
Notebook = dict[str, Any]


def task_of(grade_id: str, lesson: Lesson) -> str | None:
    """Return the task that an nbgrader cell belongs to: its id ends with the name."""
    names = [t.name for t in lesson.tasks if re.search(rf"(^|[-_]){t.name}$", grade_id)]
    return max(names, key=len, default=None)


def read_released(path: Path) -> dict[str, Any]:
    """Read a released notebook.

    Raises:
        CourseError: it is missing or no notebook.
    """
    try:
        notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            cell["source"] = _text(cell)
        notebook["cells"][0]
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise CourseError(f"{path} is not a released notebook: {error}") from None
    return notebook


def with_answers(
    released: Notebook, submission: Submission, lesson: Lesson, written: str | None
) -> Notebook:
    """Return the released notebook with a student's code and words in it.

    Args:
        released: What ``nbgrader generate_assignment`` made.
        submission: Read by `autograder.student.notebook`.
        lesson: Whose tasks these are.
        written: The answer in words, None for none.
    """
    notebook = copy.deepcopy(released)
    holders: dict[str, CodeCell] = {}
    for task in lesson.tasks:
        cell = submission.cell_of(task.name)
        if cell is not None:
            holders[task.name] = cell
    placed: list[CodeCell] = []
    extra = [c for c in submission.cells if not any(c is h for h in holders.values())]
    extra = [c for c in extra if not _is_released(c.text, released)]
    cells: list[Cell] = []
    for cell in notebook["cells"]:
        mine = cell["metadata"].get("nbgrader", {})
        task_name = task_of(str(mine.get("grade_id", "")), lesson)
        if mine.get("solution") and mine.get("grade"):
            if written is not None:
                cell["source"] = as_prose(written)
        elif mine.get("solution") and task_name in holders:
            holder = holders[task_name]
            position = submission.cells.index(holder)
            before = [c for c in extra if submission.cells.index(c) < position]
            extra = extra[len(before) :]
            cells += map(_code_cell, before)
            again = any(holder is c for c in placed)
            cell["source"] = (
                f"# {task_name}: see {holder.label} above" if again else holder.text
            )
            placed.append(holder)
        cells.append(cell)
    cells += map(_code_cell, extra)
    notebook["cells"] = cells
    _number_cells(notebook)
    return notebook


def with_grades(notebook: Notebook, report: Report, lesson: Lesson) -> Notebook:
    """Return a notebook whose grade cells say what the report says.

    Nbgrader scores from outputs alone: none is full marks, an error is 0, one plain
    float is that many points.
    """
    notebook = copy.deepcopy(notebook)
    results = {task.task: task for task in report.tasks}
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        cell["outputs"], cell["execution_count"] = [], None
        mine = cell["metadata"].get("nbgrader", {})
        if not mine.get("grade") or mine.get("solution"):
            continue
        result = results.get(task_of(str(mine.get("grade_id", "")), lesson) or "")
        if result is not None:
            cell["outputs"] = grade_outputs(result)
    if report.notes:
        notebook["cells"].insert(0, _notes_cell(report.notes))
        _number_cells(notebook)
    return notebook


def grade_outputs(task: TaskResult) -> list[Cell]:
    """Return the outputs from which nbgrader reads a task's points."""
    if task.points >= task.max_points:
        return []
    text = task_feedback(task)
    if task.points <= 0:
        first, *rest = text.split("\n")
        return [
            {
                "output_type": "error",
                "ename": str(task.verdict),
                "evalue": first,
                "traceback": [first, *rest],
            }
        ]
    return [
        {"output_type": "stream", "name": "stdout", "text": f"{text}\n"},
        {
            "output_type": "execute_result",
            "execution_count": None,
            "metadata": {},
            "data": {"text/plain": repr(float(task.points))},
        },
    ]


def comment_of(task: TaskResult) -> str:
    """Return the comment under an answer, as a fenced block: Markdown changes nothing.

    Formgrader shows comments as text and feedback pages as Markdown; both show this.
    """
    lines = [task_feedback(task)]
    if task.verdict is Verdict.INFRA:
        lines.append(gettext("Grade again, or grade this by hand."))
    return fenced("\n".join(lines))


def fenced(text: str) -> str:
    """Return text as a Markdown block that no text can break out of."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def as_prose(text: str) -> str:
    """Return a student's Markdown without HTML, links, images or active mathematics.

    Emphasis, lists, code and formulas stay. A blank after a ``<`` that could open a
    tag, between the halves of a link and inside a TeX command that makes links keeps
    the words readable and makes them inert, in Markdown and in code alike.
    """
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", text)
    text = re.sub(r"\](?=[(:\[])", "] ", text)
    return re.sub(r"\\(?=(?:href|url|require|style|class|cssId)\b)", r"\ ", text)


def released_sources(notebook: Notebook) -> list[str]:
    """Return the sources of a notebook's code cells."""
    return [_text(c) for c in notebook["cells"] if c["cell_type"] == "code"]


def _is_released(source: str, released: Notebook) -> bool:
    """Tell whether all lines of a cell stand in one cell of the release."""
    lines = {line for line in source.split("\n") if line.strip()}
    return any(lines <= set(text.split("\n")) for text in released_sources(released))


def _text(cell: Cell) -> str:
    source = cell["source"]
    return "".join(source) if isinstance(source, list) else str(source)


def _code_cell(cell: CodeCell) -> Cell:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": f"# {cell.label} of the submission\n{cell.text}",
    }


def _notes_cell(notes: Iterable[str]) -> Cell:
    title = gettext("Notes of the grader")
    text = fenced("\n".join(notes))
    return {"cell_type": "markdown", "metadata": {}, "source": f"**{title}**\n\n{text}"}


def _number_cells(notebook: Notebook) -> None:
    """Give every cell an id that is its own, as nbformat 4.5 asks."""
    taken: set[str] = set()
    for position, cell in enumerate(notebook["cells"]):
        own = str(cell.get("id", f"graded-{position}"))
        while own in taken:
            own = f"{own}-again"[-64:]
        taken.add(own)
        cell["id"] = own
