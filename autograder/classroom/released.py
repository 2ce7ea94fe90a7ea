"""Whether a class still is what the course is: the points that its cells give."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from autograder.classroom.graded_notebook import Notebook, task_of
from autograder.student.lesson import Lesson
from autograder.student.report import CourseError


def released_points(notebook: Notebook) -> dict[str, float]:
    """Return the points of a released notebook's cells."""
    cells = (cell["metadata"].get("nbgrader", {}) for cell in notebook["cells"])
    return {str(c["grade_id"]): float(c["points"]) for c in cells if c.get("grade")}


def check_points(points: Mapping[str, float], lesson: Lesson, root: Path) -> None:
    """Refuse a class whose cells give other points than the course's tasks.

    Args:
        points: by the name of the cell, as released or as in the gradebook.
        lesson: as the course has it now.
        root: the class folder.

    Raises:
        CourseError: they differ; the sentence says where and what to run.
    """
    wanted = {task.name: task.points for task in lesson.tasks}
    if lesson.written is not None:
        wanted[lesson.written.name] = lesson.written.points
    found = {task_of(cell, lesson) or cell: most for cell, most in points.items()}
    for name in dict.fromkeys((*wanted, *found)):
        if wanted.get(name) != found.get(name):
            ours, theirs = _told(wanted.get(name)), _told(found.get(name))
            raise CourseError(
                f"{lesson.id}: {name} has {ours} in the course and {theirs} in this"
                f" class; run: autograder class init {root} --lesson {lesson.id}"
            )


def _told(points: float | None) -> str:
    return "no points" if points is None else f"{points:g} points"
