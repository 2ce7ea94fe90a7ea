"""Reads and validates a lesson's folder and, where it exists, its hidden twin."""

from __future__ import annotations

import hashlib
import importlib
import os
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.student.report import CourseError

PARTS = ("Start here", "Mathematics", "Systems", "GPU kernels", "Decoding")
FIRST = "00-start"  # where a newcomer begins: before all others, whatever their names
STUBS = "autograder/stubs"  # in a students' copy: each exercise as handed out
COURSE_ENV = "GRADIENTS_COURSE"  # overrides where the course is looked for


@dataclass(frozen=True)
class Task:
    """One graded name of an exercise, with its points and limits."""

    name: str
    points: float
    seconds: float  # CPU seconds that one hidden test may use
    memory_mb: int
    chapter: str  # heading id in the chapter
    #: Functions of earlier tasks that a right answer may call: where a student's own
    #: fails its checks, this task's are run again with the reference's in its place.
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """The one answer in words, which a person grades."""

    name: str
    points: float
    prompt: str


@dataclass(frozen=True)
class Lesson:
    """A lesson: what students get, and the twin that they never get."""

    id: str  # folder name, "09-flash-attention"
    course_dir: Path
    twin_dir: Path | None  # None in a student's copy
    title: str
    part: str
    reading: int  # minutes that the chapter takes, about
    solving: int  # minutes that the tasks take, about
    outcomes: tuple[str, ...]
    needs: tuple[str, ...]
    reveal_expected: bool
    tasks: tuple[Task, ...]
    written: Written | None

    @property
    def root(self) -> Path:
        """The folder that holds course/ and, for instructors, solutions/."""
        return self.course_dir.parent.parent

    @property
    def exercise_path(self) -> Path:
        """The file that students edit."""
        return self.course_dir / "exercise.py"

    @property
    def stub_path(self) -> Path:
        """The exercise as it was handed out.

        In an instructor's copy that is ``exercise.py`` itself. In a students' copy,
        where anything may have become of that, it is a file that nobody edits.
        """
        kept = self.root / STUBS / f"{self.id}.py"
        return kept if self.twin_dir is None and kept.is_file() else self.exercise_path

    @property
    def notebook_path(self) -> Path:
        """The lesson's notebook: in a students' copy, where they edit it."""
        folder = "notebooks" if self.twin_dir is None else "build/notebooks"
        return self.root / folder / f"{self.id}.ipynb"

    @property
    def public_tests(self) -> Path:
        """The tests that students see."""
        return self.course_dir / "test_public.py"

    @property
    def hidden_dir(self) -> Path:
        """The folder of the tests that decide the grade, and of what they share."""
        return self._twin / "hidden"

    def hidden_tests(self, tasks: Collection[str] | None = None) -> list[Path]:
        """Return the files of hidden tests, ``test_<task>.py``, in the tasks' order.

        Args:
            tasks: of these tasks alone; all by default.
        """
        names = [t.name for t in self.tasks if tasks is None or t.name in tasks]
        return [self.hidden_dir / f"test_{name}.py" for name in names]

    @property
    def reference_path(self) -> Path:
        """The hidden solution."""
        return self._twin / "reference.py"

    @property
    def _twin(self) -> Path:
        if self.twin_dir is None:
            raise CourseError(f"{self.id}: this copy of the course has no solutions")
        return self.twin_dir

    def task(self, name: str) -> Task:
        """Return one task by name.

        Raises:
            CourseError: the lesson has no such task.
        """
        for task in self.tasks:
            if task.name == name:
                return task
        known = ", ".join(task.name for task in self.tasks)
        raise CourseError(f"{self.id} has no task {name!r}; its tasks are {known}")

    def import_needs(self) -> None:
        """Import the packages that this lesson needs beside those of every lesson.

        Raises:
            CourseError: one of them is not installed.
        """
        for need in self.needs:
            try:
                importlib.import_module(need)
            except ImportError:
                install = "python3 set_up.py {}"
                if self.twin_dir is not None:
                    install = "pip install -c constraints.txt -e '.[{}]'"
                raise CourseError(
                    f"{self.id} needs {need}: {install.format(need)}"
                ) from None

    def supports(self, task: Task) -> tuple[str, ...]:
        """Return every task that a task rests on, and what these rest on, in order."""
        todo, found = list(task.rests_on), set()
        while todo:
            name = todo.pop()
            found.add(name)
            todo += self.task(name).rests_on
        return tuple(t.name for t in self.tasks if t.name in found)

    def alternatives(self) -> tuple[Path, ...]:
        """Return the known-right solutions by another road."""
        return tuple(sorted((self._twin / "alternatives").glob("*.py")))

    @cached_property
    def digest(self) -> str:
        """Hash of every file of the lesson and its twin that grading can read.

        Chapters, hints, notes and figures are left out: no grade depends on them.
        """
        digest = hashlib.sha256()
        for folder in (self.course_dir, self.twin_dir):
            for path in () if folder is None else graded_files(folder):
                content = path.read_bytes()
                name = path.relative_to(folder).as_posix() if folder else ""
                digest.update(f"{name} {len(content)}\n".encode() + content)
        return digest.hexdigest()


def duration(minutes: int) -> str:
    """Return how long something takes, as roughly as it is known."""
    if minutes < 90:
        return f"{minutes} min"
    return f"{round(minutes / 30) / 2:g} h"


_PAGES = (".md", ".js", ".svg", ".png")
_NOISE = ("__pycache__", "figures", "_out")


def graded_files(folder: Path) -> list[Path]:
    """Return the files of a lesson's folder, or of its twin, that grading can read."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix not in _PAGES
        and path.name != "trace.json"
        and not any(
            part in _NOISE or part.startswith(".")
            for part in path.relative_to(folder).parts
        )
    ]


@dataclass(frozen=True)
class Course:
    """All lessons of one copy of the course."""

    root: Path

    @property
    def has_solutions(self) -> bool:
        """Whether this is an instructor's copy."""
        return (self.root / "solutions").is_dir()

    @cached_property
    def lessons(self) -> tuple[Lesson, ...]:
        """Every lesson, in order."""
        return tuple(map(self._read, self.ids))

    @property
    def ids(self) -> tuple[str, ...]:
        """Folder names of the lessons, in order."""
        found = (self.root / "course").glob("[0-9][0-9]-*/lesson.toml")
        names = sorted(path.parent.name for path in found)
        return tuple(sorted(names, key=lambda name: name != FIRST))

    def numbers_needing(self, package: str) -> list[str]:
        """Return the numbers of the lessons that need an optional package."""
        return [one.id[:2] for one in self.lessons if package in one.needs]

    def lesson(self, name: str) -> Lesson:
        """Return the lesson with that folder name, number or unique part of a name.

        Where lessons share a number, it names the first of them.

        Raises:
            CourseError: no lesson, or more than one, fits; or its contract is broken.
        """
        wanted = name.strip().strip("/").rsplit("/")[-1].lower()
        exact = [i for i in self.ids if i == wanted]
        if wanted.isdigit():
            exact = [i for i in self.ids if i.startswith(f"{int(wanted):02d}-")][:1]
        fits = exact or [i for i in self.ids if wanted and wanted in i]
        if len(fits) != 1:
            known = ", ".join(self.ids) or "none"
            reason = "fits several lessons" if fits else "is not a lesson"
            raise CourseError(f"{name!r} {reason}; lessons here: {known}")
        return self._read(fits[0])

    def _read(self, lesson_id: str) -> Lesson:
        twin = self.root / "solutions" / lesson_id
        return read_lesson(
            self.root / "course" / lesson_id, twin if twin.is_dir() else None
        )


def find_course(start: Path | None = None) -> Course:
    """Find the copy of the course that holds ``start`` (default: here).

    Looks upwards for a folder that holds ``course/00-start`` or another lesson,
    then at the copy that this package was installed from.

    Raises:
        CourseError: there is none.
    """
    here = (start or Path(os.environ.get(COURSE_ENV) or Path.cwd())).resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
        course = Course(folder)
        if course.ids:
            return course
    raise CourseError(
        f"no course found above {here}; run this inside a copy of the course"
        f" or set {COURSE_ENV} to one"
    )


def load_lesson(where: Course | Path, name: str) -> Lesson:
    """Return one lesson of a course or of the course at a path."""
    course = where if isinstance(where, Course) else Course(where)
    return course.lesson(name)


def read_lesson(course_dir: Path, twin_dir: Path | None) -> Lesson:
    """Read and validate ``lesson.toml``.

    Raises:
        CourseError: the file is missing or breaks the contract; names file and key.
    """
    path = course_dir / "lesson.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(f"{path} is missing") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} is not TOML: {error}") from None
    table = _Table(path, data)
    written = data.get("written")
    lesson = Lesson(
        id=course_dir.name,
        course_dir=course_dir,
        twin_dir=twin_dir,
        title=table.get("title", str),
        part=table.get("part", str),
        reading=table.get("reading", int),
        solving=table.get("solving", int),
        outcomes=tuple(table.get("outcomes", list)),
        needs=tuple(table.get("needs", list, [])),
        reveal_expected=table.get("reveal_expected", bool, False),
        tasks=tuple(_read_task(path, task) for task in table.get("task", list)),
        written=None if written is None else _read_written(path, written),
    )
    if lesson.part not in PARTS:
        raise CourseError(f"{path}: part must be one of {', '.join(PARTS)}")
    names = [task.name for task in lesson.tasks]
    if not names or len(set(names)) != len(names):
        raise CourseError(f"{path}: tasks need distinct names, at least one")
    for place, task in enumerate(lesson.tasks):
        for name in task.rests_on:
            if name not in names[:place]:
                raise CourseError(
                    f"{path}: task {task.name} rests on {name!r}, which is no earlier"
                    " task"
                )
    return lesson


class _Table:
    """One TOML table, read key by key with errors that name the key."""

    def __init__(self, path: Path, data: dict[str, Any], where: str = "") -> None:
        self._path, self._data, self._where = path, data, where

    def get(self, key: str, kind: type, default: Any = None) -> Any:
        value = self._data.get(key, default)
        if value is None:
            raise CourseError(f"{self._path}: {self._where}{key} is missing")
        good = isinstance(value, kind) or (kind is float and isinstance(value, int))
        if not good or (isinstance(value, bool) and kind is not bool):
            raise CourseError(
                f"{self._path}: {self._where}{key} must be a {kind.__name__}"
            )
        return value


def _read_task(path: Path, data: dict[str, Any]) -> Task:
    table = _Table(path, data, f"task {data.get('name', '?')}: ")
    task = Task(
        name=table.get("name", str),
        points=table.get("points", float),
        seconds=table.get("seconds", float),
        memory_mb=table.get("memory_mb", int),
        chapter=table.get("chapter", str),
        rests_on=tuple(table.get("rests_on", list, [])),
    )
    if not task.name.isidentifier() or min(task.points, task.seconds) <= 0:
        raise CourseError(
            f"{path}: task {task.name}: needs a Python name, points and seconds above 0"
        )
    return task


def _read_written(path: Path, data: dict[str, Any]) -> Written:
    table = _Table(path, data, "written: ")
    return Written(
        table.get("name", str), table.get("points", float), table.get("prompt", str)
    )
