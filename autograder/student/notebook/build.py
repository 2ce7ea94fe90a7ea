"""Builds notebooks: the student's from the stub, the instructor's with the solutions.

Notebooks are generated and never committed. The instructor's notebook is what nbgrader
calls the source version; its release version is the student's notebook again, since
each task cell holds the stub as handed out, and below it the solution in a region that
``nbgrader generate_assignment`` removes::

    def mean(x):
        raise NotImplementedError("mean: chapter, step 1")
    ### BEGIN SOLUTION
    def mean(x):
        return x.sum() / x.size
    ### END SOLUTION

Running the cell leaves the second definition, and removing the region leaves the first
with its signature, docstring and message, whatever shape the solution has.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.student.lesson import Lesson, Task, duration
from autograder.student.notebook.decode import RawCell
from autograder.student.notebook.reader import METADATA_KEY
from autograder.student.notebook.stub import SHOWN, read_cells
from autograder.student.notebook.written import (
    WRITTEN_STUB,
    question,
    without_marks,
)
from autograder.student.report import CourseError

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"

#: What nbgrader must be told for a release to equal the student's notebook.
NBGRADER_CONFIG: dict[str, dict[str, Any]] = {
    "ClearSolutions": {"code_stub": {"python": ""}, "text_stub": WRITTEN_STUB},
}

_STUDENT_IMPORT = re.compile(r"^from autograder\.student import .*\n?", re.MULTILINE)
_CHAPTER_LINK = re.compile(r"\[([^\]]+)\]\(index\.md\)")  # right beside exercise.py
_FUTURE = re.compile(r"^from __future__ import .*\n?", re.MULTILINE)


def build_notebook(
    lesson: Lesson, *, with_reference: bool = False, chapter: str = ""
) -> Any:
    """Build a lesson's notebook.

    Args:
        lesson: the lesson.
        with_reference: splice in the solutions, for nbgrader's source version.
        chapter: where links to the chapter lead from the notebook's place; without it
            they become plain words.

    Returns:
        An nbformat 4 notebook without outputs; the same lesson gives the same bytes.

    Raises:
        CourseError: the exercise or the reference lacks a task's cell.
    """
    import jupytext
    from nbformat.v4 import new_notebook

    text = without_marks(lesson.stub_path.read_text(encoding="utf-8"))
    stub = jupytext.reads(text, fmt="py:percent")
    solutions = _solutions(lesson) if with_reference else {}
    told = _lesson_cells(lesson, stub.cells, solutions, chapter)
    cells = [*told, *_written_cells(lesson)]
    taken: set[str] = set()
    for cell in cells:
        cell["id"] = _unique(cell["id"], taken)
    metadata = {
        "kernelspec": {
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
        METADATA_KEY: {"lesson": lesson.id},
    }
    return new_notebook(cells=cells, metadata=metadata)


def chapter_beside(lesson: Lesson) -> str:
    """Return the link from a lesson's notebook, where it is kept, to its chapter."""
    place = lesson.notebook_path.parent
    return Path(os.path.relpath(lesson.course_dir / "index.md", place)).as_posix()


def write_notebook(notebook: Any, path: Path) -> None:
    """Write a notebook atomically: no reader sees a part of it."""
    import nbformat

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    partial.replace(path)


def _lesson_cells(
    lesson: Lesson, stub: list[Any], solutions: dict[str, str], chapter: str
) -> Iterator[Any]:
    """Yield the exercise's cells, and after each task's check its graded cell."""
    waiting = [task.name for task in lesson.tasks]
    ungraded: Task | None = None  # the task whose graded cell is still to come
    started = intro = False
    for cell in stub:
        name, tags = cell.metadata.get("task"), cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            if ungraded:
                yield _grade_cell(ungraded)
                ungraded = None
            about = waiting[0] if waiting and started else "intro"
            times = f"\n\n{_times(lesson)}" if about == "intro" and not intro else ""
            intro = intro or bool(times)
            source = _CHAPTER_LINK.sub(
                rf"[\1]({chapter})" if chapter else r"\1", cell.source
            )
            yield _markdown(source + times, f"about-{about}")
        elif name in waiting:
            if ungraded:
                yield _grade_cell(ungraded)
            waiting.remove(name)
            ungraded = lesson.task(name)
            yield _task_cell(name, cell.source, solutions)
        elif "setup" in tags and not started:
            started = True
            yield _setup_cell(cell.source, lesson)
        else:
            kind = next((tag for tag in sorted(SHOWN) if tag in tags), "helpers")
            yield _code(cell.source, f"{kind}-{ungraded.name if ungraded else 'all'}")
            if kind == "check" and ungraded:
                yield _grade_cell(ungraded)
                ungraded = None
    if ungraded:
        yield _grade_cell(ungraded)
    if waiting:
        raise CourseError(
            f"{lesson.stub_path}: no cell has the metadata task={waiting[0]!r}"
        )


def _times(lesson: Lesson) -> str:
    reading, solving = duration(lesson.reading), duration(lesson.solving)
    return f"*Reading the chapter takes about {reading}, solving about {solving}.*"


def _setup_cell(source: str, lesson: Lesson) -> Any:
    imports = _STUDENT_IMPORT.sub("", source).rstrip()
    ours = (
        "from autograder.student import attempt, check, points, start\n\n"
        f'start("{lesson.id}")  # tells check() whose tests to run'
    )
    return _code(f"{imports}\n\n{ours}", "setup", ["setup"])


def _task_cell(name: str, stub: str, solutions: dict[str, str]) -> Any:
    source = stub.rstrip() + "\n"
    if name in solutions:
        source += f"{BEGIN}\n{solutions[name]}\n{END}"
    cell = _code(source, name, ["task"])
    cell.metadata["task"] = name
    cell.metadata["nbgrader"] = _nbgrader(name, solution=True)
    return cell


def _grade_cell(task: Task) -> Any:
    source = (
        f"# Graded: {task.name}, {task.points:g} points. Hidden tests decide;\n"
        "# this shows what the public tests alone would give.\n"
        f'points("{task.name}")'
    )
    cell = _code(source, f"grade-{task.name}")
    cell.metadata["deletable"] = False
    cell.metadata["editable"] = False
    cell.metadata["nbgrader"] = _nbgrader(f"grade-{task.name}", points=task.points)
    return cell


def _written_cells(lesson: Lesson) -> Iterator[Any]:
    written = lesson.written
    if written is None:
        return
    yield _markdown(question(written), f"about-{written.name}")
    cell = _markdown(WRITTEN_STUB, written.name)
    cell.metadata["nbgrader"] = _nbgrader(
        written.name, solution=True, points=written.points
    )
    yield cell


def _nbgrader(
    grade_id: str, *, solution: bool = False, points: float | None = None
) -> dict[str, Any]:
    graded = points is not None
    metadata = {
        "grade": graded,
        "grade_id": grade_id,
        "locked": graded and not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        metadata["points"] = int(points) if points == int(points) else points
    return metadata


def _solutions(lesson: Lesson) -> dict[str, str]:
    """Return each task's solution: its reference cell and the helpers it brings."""
    found: dict[str, str] = {}
    helpers: list[str] = []
    path = lesson.reference_path
    names = {task.name for task in lesson.tasks}
    last = ""
    for cell in read_cells(path):
        source = _spliceable(cell, path)
        if cell.task in names:
            last = cell.task or ""
            found[last] = "\n\n\n".join([*helpers, source])
            helpers = []
        elif source:
            helpers.append(source)
    missing = [task.name for task in lesson.tasks if task.name not in found]
    if missing:
        raise CourseError(f"{path}: no cell has the metadata task={missing[0]!r}")
    if helpers:
        found[last] = "\n\n\n".join([found[last], *helpers])
    return found


def _spliceable(cell: RawCell, path: Path) -> str:
    if cell.kind != "code" or cell.tags & SHOWN:
        return ""
    if BEGIN in cell.source or END in cell.source:
        raise CourseError(f"{path}:{cell.first_line}: holds {BEGIN} or {END} itself")
    lines = _FUTURE.sub("", cell.source).strip("\n").split("\n")
    only_comments = all(not line or line.startswith("#") for line in lines)
    return "" if only_comments else "\n".join(lines)


def _code(source: str, identity: str, tags: list[str] | None = None) -> Any:
    from nbformat.v4 import new_code_cell

    metadata = {"tags": tags} if tags else {}
    if not tags and identity.partition("-")[0] in SHOWN:
        metadata = {"tags": [identity.partition("-")[0]]}
    return new_code_cell(source, id=identity, metadata=metadata)


def _markdown(source: str, identity: str) -> Any:
    from nbformat.v4 import new_markdown_cell

    return new_markdown_cell(source, id=identity)


def _unique(identity: str, taken: set[str]) -> str:
    """Return a cell id that nbformat allows and no other cell has."""
    base = re.sub(r"[^A-Za-z0-9_-]", "-", identity)[:60]
    number, found = 1, base
    while found in taken:
        number += 1
        found = f"{base}-{number}"
    taken.add(found)
    return found
