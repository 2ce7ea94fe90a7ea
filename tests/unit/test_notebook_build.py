"""Notebooks: what students get, what nbgrader gets, and that both run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.student.lesson import Lesson, find_course
from autograder.student.notebook.build import (
    NBGRADER_CONFIG,
    build_notebook,
    write_notebook,
)
from autograder.student.notebook.reader import attempted, read_submission

COURSE = find_course(Path(__file__))
LESSON = COURSE.lesson("00-start")
GOLDEN = Path(__file__).parent / "goldens" / "00-start.ipynb"
every_lesson = pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda one: one.id)


def sources(notebook: Any) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def test_the_first_lessons_notebook(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN, nbformat.writes(build_notebook(LESSON)) + "\n")


@every_lesson
def test_has_the_shape_that_nbgrader_and_readers_expect(lesson: Lesson) -> None:
    notebook = build_notebook(lesson)
    nbformat.validate(notebook)
    assert notebook.metadata.gradients.lesson == lesson.id
    marked = [c for c in notebook.cells if "nbgrader" in c.metadata]
    graded = {
        c.metadata.nbgrader.grade_id: c.metadata.nbgrader.points
        for c in marked
        if c.metadata.nbgrader.grade
    }
    expected = {f"grade-{task.name}": task.points for task in lesson.tasks}
    if lesson.written:
        expected[lesson.written.name] = lesson.written.points
    assert graded == expected
    locked = {
        c.metadata.nbgrader.grade_id for c in marked if c.metadata.nbgrader.locked
    }
    assert locked == {f"grade-{task.name}" for task in lesson.tasks}
    solutions = [c.id for c in marked if c.metadata.nbgrader.solution]
    assert solutions[: len(lesson.tasks)] == [task.name for task in lesson.tasks]
    assert all(not c.get("outputs") for c in notebook.cells)


@every_lesson
def test_students_notebook_attempts_nothing(lesson: Lesson, tmp_path: Path) -> None:
    path = tmp_path / f"{lesson.id}.ipynb"
    write_notebook(build_notebook(lesson), path)
    read = read_submission(path, lesson)
    assert (read.problem, read.notes) == (None, ())
    assert not any(attempted(read, lesson).values())


@every_lesson
def test_instructors_notebook_answers_everything(
    lesson: Lesson, tmp_path: Path
) -> None:
    path = tmp_path / f"{lesson.id}.ipynb"
    write_notebook(build_notebook(lesson, with_reference=True), path)
    read = read_submission(path, lesson)
    assert (read.problem, read.notes) == (None, ())
    assert all(attempted(read, lesson).values())


def test_release_by_nbgrader_is_the_students_notebook(tmp_path: Path) -> None:
    lessons = [LESSON, COURSE.lessons[-1]]
    for lesson in lessons:
        source = tmp_path / "source" / lesson.id / f"{lesson.id}.ipynb"
        write_notebook(build_notebook(lesson, with_reference=True), source)
    settings = [
        f"c.{section}.{key} = {value!r}"
        for section, values in NBGRADER_CONFIG.items()
        for key, value in values.items()
    ]
    config = "\n".join(["c = get_config()", *settings])
    (tmp_path / "nbgrader_config.py").write_text(config, encoding="utf-8")
    # nbgrader calls alembic by name: it lies beside the interpreter.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for lesson in lessons:
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", "generate_assignment", lesson.id],
            cwd=tmp_path,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        released = nbformat.read(
            tmp_path / "release" / lesson.id / f"{lesson.id}.ipynb", as_version=4
        )
        stub = build_notebook(lesson)
        assert sources(released) == sources(stub)
        assert [cell.id for cell in released.cells] == [cell.id for cell in stub.cells]


def run(
    notebook: Any, folder: Path, *, allow_errors: bool = False
) -> dict[str, list[Any]]:
    """Run a notebook with a real kernel; return each cell's outputs."""
    client = NotebookClient(
        notebook,
        timeout=300,
        allow_errors=allow_errors,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return {cell.id: cell.outputs for cell in notebook.cells if "outputs" in cell}


def text_of(outputs: list[Any]) -> str:
    return "".join(o.text for o in outputs if o.output_type == "stream")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_solved_notebook_earns_its_points_in_the_kernel(tmp_path: Path) -> None:
    notebook = build_notebook(LESSON, with_reference=True)
    broken = next(cell for cell in notebook.cells if cell.id == "normalise")
    broken.source = "def normalise(x):\n    print('seen')\n    return x / missing\n"
    outputs = run(notebook, tmp_path, allow_errors=True)
    for task in LESSON.tasks:
        if task.name != "normalise":
            (result,) = outputs[f"grade-{task.name}"]
            assert result.data["text/plain"] == str(float(task.points))
    told = text_of(outputs["check-normalise"])
    assert "normalise raised NameError: name 'missing' is not defined" in told
    assert "at cell In[" in told
    assert "line 3, in normalise" in told
    assert "normalise printed:\n  seen\n" in told
    assert "site-packages" not in told
    assert "/tmp" not in told
    card = outputs["check-normalise"][-1].data["text/html"]
    assert "stopped with an error (0 of 3 public tests)" in card


def test_same_lesson_same_bytes(tmp_path: Path) -> None:
    texts = set()
    for name in ("a.ipynb", "b.ipynb"):
        write_notebook(build_notebook(LESSON, with_reference=True), tmp_path / name)
        texts.add((tmp_path / name).read_text(encoding="utf-8"))
    assert len(texts) == 1
    ids = [cell["id"] for cell in json.loads(texts.pop())["cells"]]
    assert len(set(ids)) == len(ids)
