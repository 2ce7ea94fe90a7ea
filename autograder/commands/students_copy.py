"""Writes the students' copy of the course, and makes sure that it holds no answer."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

from autograder.grading.public_bank import mistakes_file
from autograder.student.lesson import STUBS, Course, Lesson, read_lesson
from autograder.student.notebook.build import build_notebook, write_notebook
from autograder.student.notebook.written import exercise_text
from autograder.student.report import CourseError
from autograder.student.testing.mistakes import FILE

#: Folders of the package that a release copies whole. What the judge needs lies
#: elsewhere, and import-linter holds that neither folder imports it.
_PACKAGE = ("__init__.py", "py.typed", "student", "lab")
#: Where the command is found in an instructor's copy, and in a students'.
_COMMAND = ("autograder.__main__:main", "autograder.student.cli:main")
_ROOT = ("LICENSE", "constraints.txt")
_NOISE = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "*.ipynb")
_README = """\
# Gradients to Kernels: students' copy

You need Python 3.11 or newer. In this folder:

    python -m venv .venv
    .venv/bin/python -m pip install -c constraints.txt -e ".[notebook]"
    .venv/bin/autograder list

On Windows the folder is `.venv\\Scripts`. Activate the environment, or write its
folder before each command below.
{torch}

1. Read the chapter: `course/00-start/index.md` is the first.
2. Solve: edit `course/00-start/exercise.py`, or open `notebooks/00-start.ipynb` with
   `jupyter lab notebooks`. Either one will do; they do not update each other.
3. Check: `autograder check 00-start`, or the check cells of the notebook.
   `autograder watch 00-start` checks again at each save.
4. Hand in: `autograder submit 00-start`.

Each command names the file that it reads: the one that holds work, of two the one saved
last. `--notebook` or `--file PATH` chooses. `autograder/stubs` keeps each exercise as
it was handed out.

`autograder doctor` tells what your machine can do. The hidden tests that decide your
grade ask for the same things as the public ones, of other inputs.
"""


def write_copy(course: Course, directory: Path) -> list[str]:
    """Write the students' copy.

    Args:
        course: an instructor's copy of the course.
        directory: a folder that does not exist yet or is empty.

    Returns:
        The files written, relative to the folder.

    Raises:
        CourseError: the folder is in use, or something hidden would be handed out.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise CourseError(f"{directory} exists and is not empty: choose a new folder")
    if directory.resolve().is_relative_to((course.root / "course").resolve()):
        raise CourseError(f"{directory} lies inside the course that is copied")
    directory.mkdir(parents=True, exist_ok=True)
    for name in _ROOT:
        if (course.root / name).is_file():
            shutil.copyfile(course.root / name, directory / name)
    (directory / "pyproject.toml").write_text(_project(course), encoding="utf-8")
    (directory / "README.md").write_text(_readme(course), encoding="utf-8")
    shutil.copytree(course.root / "course", directory / "course", ignore=_NOISE)
    package = Path(__file__).resolve().parents[1]
    for name in _PACKAGE:
        _copy(package / name, directory / "autograder" / name)
    for lesson in course.lessons:
        _copy(lesson.exercise_path, directory / STUBS / f"{lesson.id}.py")
        theirs = read_lesson(directory / "course" / lesson.id, None)
        theirs.exercise_path.write_text(exercise_text(lesson), encoding="utf-8")
        write_notebook(build_notebook(lesson), theirs.notebook_path)
        if lesson.twin_dir is not None:
            (theirs.course_dir / FILE).write_bytes(mistakes_file(lesson))
    leaks = list(find_leaks(course, directory))
    if leaks:
        shutil.rmtree(directory)
        raise CourseError(f"nothing was written, it would leak: {'; '.join(leaks)}")
    files = (path for path in directory.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(directory)) for path in files)


def _readme(course: Course) -> str:
    """Return the copy's first page, which says which lessons need more."""
    numbers = course.numbers_needing("torch")
    torch = 'Lessons {} use PyTorch as well: install `".[notebook,torch]"`.\n'
    told = torch.format(", ".join(numbers)) if numbers else ""
    return _README.replace("{torch}\n", told)


def _project(course: Course) -> str:
    """Return the project's file, with the students' command for the whole one."""
    path, (ours, theirs) = course.root / "pyproject.toml", _COMMAND
    text = path.read_text(encoding="utf-8")
    if text.count(ours) != 1:
        raise CourseError(f"{path} must name {ours} once, as the command's script")
    return text.replace(ours, theirs)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=_NOISE)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def find_leaks(course: Course, directory: Path) -> Iterator[str]:
    """Yield each hidden file of which a copy holds a test or a solution."""
    texts = {
        path: path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
    for lesson in course.lessons:
        if lesson.twin_dir is None:
            continue
        for hidden in sorted(lesson.twin_dir.rglob("*.py")):
            pieces = list(_pieces(hidden, lesson))
            for path, text in texts.items():
                if any(piece in text for piece in pieces):
                    yield f"{path.relative_to(directory)} holds part of {hidden.name}"


_LEAST = 160  # characters of a body worth calling a copy; shorter ones repeat by chance


def _pieces(hidden: Path, lesson: Lesson) -> Iterator[str]:
    """Yield the function bodies of a hidden file that are not public already."""
    given = (lesson.exercise_path, lesson.public_tests)
    public = "".join(p.read_text(encoding="utf-8") for p in given if p.is_file())
    source = hidden.read_text(encoding="utf-8")
    lines = source.split("\n")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if body:
                text = "\n".join(lines[body[0].lineno - 1 : node.end_lineno])
                if len(text) >= _LEAST and text not in public:
                    yield text
