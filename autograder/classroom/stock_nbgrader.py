"""The same hidden tests as a *stock* nbgrader assignment: for comparing speed only.

Nothing is safe here. Tests and reference run in the student's own kernel, as they do in
any course that uses nbgrader as it comes, so a submission could read or change them.
`autograder bench` measures this against `autograder.classroom.class_run`; no class is
ever graded with it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.classroom.files import write_atomically
from autograder.student.lesson import Course, Lesson, Task, find_course
from autograder.student.notebook.stub import SHOWN, read_cells
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError

_CONFIG = """# The stock configuration: nbgrader's own steps, in a kernel.
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "stock"
c.Execute.timeout = 600
"""


def make_stock_class(
    root: Path, lesson: Lesson, submissions: Mapping[str, Submission], seed: int = 0
) -> None:
    """Make an nbgrader course folder in which plain ``autograde`` runs our tests.

    Args:
        root: A folder that does not exist yet.
        lesson: Whose hidden tests become grade cells, one a task.
        submissions: Each student's submission.
        seed: The seed of the tests' random numbers.
    """
    from autograder.classroom import gradebook
    from autograder.classroom.gradebook_place import create_gradebook, find_gradebook

    root.mkdir(parents=True)
    (root / "nbgrader_config.py").write_text(_CONFIG, encoding="utf-8")
    create_gradebook(find_gradebook(root))
    name = f"{lesson.id}.ipynb"
    source = json.dumps(_notebook(lesson, seed, None))
    write_atomically(root / "source" / lesson.id / name, source)
    gradebook.release(root.resolve(), lesson.id)
    for student, submission in submissions.items():
        handed_in = json.dumps(_notebook(lesson, seed, submission))
        write_atomically(root / "submitted" / student / lesson.id / name, handed_in)


def run_stock(root: Path, lesson: Lesson) -> dict[str, float]:
    """Run ``nbgrader autograde`` as it comes; return each student's points.

    Raises:
        CourseError: nbgrader failed.
    """
    from autograder.classroom.gradebook import ClassGradebook
    from autograder.classroom.gradebook_place import find_gradebook

    nbgrader = [sys.executable, "-I", "-m", "nbgrader"]
    command = [*nbgrader, "autograde", lesson.id, "--force"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise CourseError(f"nbgrader autograde failed: {done.stderr[-500:]}")
    with ClassGradebook(find_gradebook(root)) as book:
        found = book.standings(find_course(lesson.course_dir))
    return {one.student: one.points for one in found}


def points_in_kernel(
    root: str, lesson_id: str, task: str, seed: int, namespace: dict[str, Any]
) -> float:
    """Run one task's hidden tests on what this kernel holds; return its points.

    Called by grade cells. Nbgrader reads the points from the cell's result.
    """
    from autograder.grading.reference import Reference
    from autograder.student.testing.local import LocalSource, results_by_task, run_local

    lesson = Course(Path(root)).lesson(lesson_id)
    (outcomes,) = run_local(
        lesson,
        lesson.hidden_tests(),
        [LocalSource.over(namespace, lesson)],
        seed=seed,
        wanted=lambda test, of: of == task,
        reference=Reference(lesson.reference_path),
    )
    results = results_by_task(lesson, outcomes)
    return float(next(r.points for r in results if r.task == task))


def _notebook(
    lesson: Lesson, seed: int, submission: Submission | None
) -> dict[str, Any]:
    """Return the assignment, with the stub's or a submission's code in it."""
    cells: list[dict[str, Any]] = []
    if submission is not None:
        cells += [_code(cell.source) for cell in submission.cells]
        answers = {task.name: "# answered above" for task in lesson.tasks}
    else:
        raw = [c for c in read_cells(lesson.exercise_path) if c.kind == "code"]
        shown = [c for c in raw if not c.tags & SHOWN]
        cells += [_code(c.source) for c in shown if c.task is None]
        answers = {c.task: c.source for c in shown if c.task is not None}
    for task in lesson.tasks:
        cells.append(_code(answers[task.name], task.name, solution=True))
        cells.append(_grade_cell(lesson, task, seed))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {
                "name": "python3",
                "display_name": "Python 3",
                "language": "python",
            }
        },
        "cells": cells,
    }


def _grade_cell(lesson: Lesson, task: Task, seed: int) -> dict[str, Any]:
    call = f"{str(lesson.root)!r}, {lesson.id!r}, {task.name!r}, {seed}, globals()"
    source = (
        "from autograder.classroom.stock_nbgrader import points_in_kernel\n"
        f"points_in_kernel({call})"
    )
    return _code(source, f"grade-{task.name}", points=task.points)


def _code(
    source: str, grade_id: str = "", *, solution: bool = False, points: float = 0
) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if grade_id:
        metadata["nbgrader"] = {
            "schema_version": 3,
            "grade_id": grade_id,
            "solution": solution,
            "grade": not solution,
            "locked": not solution,
            "task": False,
        }
        if not solution:
            metadata["nbgrader"]["points"] = points
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }
