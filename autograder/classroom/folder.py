"""The nbgrader course folder of a class, and our own files in it.

```
nbgrader_config.py  gradebook.db  source/  release/  submitted/  autograded/  feedback/
autograder.toml     the course's path and the class run's seed
students.csv        the class list, if there is one
reports/            one JSON record a lesson and student
pages/              our feedback pages and the class report
.autograder/store/  reports by digest, so that a run resumes
```
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom.records import Roster, check_student_id, read_roster
from autograder.classroom.store import Store, write_atomically
from autograder.student.lesson import Course, Lesson, find_course
from autograder.student.report import CourseError

SETTINGS = "autograder.toml"
TIMESTAMP = "timestamp.txt"


@dataclass(frozen=True)
class HandIn:
    """What one student handed in for one lesson."""

    student: str
    lesson: str
    folder: Path  # submitted/STUDENT/LESSON

    @property
    def submitted(self) -> str:
        """What timestamp.txt says, its first line; "" without one."""
        path = self.folder / TIMESTAMP
        if path.is_symlink() or not path.is_file():
            return ""
        with path.open(encoding="utf-8", errors="replace") as stream:
            return stream.readline(100).strip()


@dataclass(frozen=True)
class ClassFolder:
    """A class: where everything of it is."""

    root: Path
    course: Course
    seed: int

    @property
    def gradebook(self) -> Path:
        """Nbgrader's database."""
        return self.root / "gradebook.db"

    @property
    def reports(self) -> Path:
        """Our records, one JSON file a lesson and student."""
        return self.root / "reports"

    @property
    def pages(self) -> Path:
        """Our HTML pages."""
        return self.root / "pages"

    @property
    def store(self) -> Store:
        """Reports by digest."""
        return Store(self.root / ".autograder" / "store")

    @property
    def roster(self) -> Roster:
        """The class list."""
        return read_roster(self.root / "students.csv")

    def released(self, lesson: str) -> Path:
        """Return where nbgrader puts the students' notebook of a lesson."""
        return self.root / "release" / lesson / f"{lesson}.ipynb"

    def autograded(self, student: str, lesson: str) -> Path:
        """Return the folder in which formgrader looks for a graded notebook."""
        return self.root / "autograded" / check_student_id(student) / lesson

    def lessons(self) -> list[str]:
        """Return the lessons that this class was made with, in order."""
        found = (self.root / "release").glob("*/*.ipynb")
        return sorted({path.parent.name for path in found} & set(self.course.ids))

    def hand_ins(self, lesson: Lesson) -> Iterator[HandIn]:
        """Yield every student's hand-in of a lesson, by student id.

        Folders whose name is no student id, and links that lead out of the class
        folder, are not followed: `strays` lists them.
        """
        for folder in self._students():
            work = folder / lesson.id
            if not self._is_stray(folder) and not work.is_symlink() and work.is_dir():
                yield HandIn(folder.name, lesson.id, work)

    def strays(self) -> list[str]:
        """Return the names in submitted/ that no one can be graded under."""
        return [folder.name for folder in self._students() if self._is_stray(folder)]

    def _students(self) -> list[Path]:
        folder = self.root / "submitted"
        if not folder.is_dir():
            return []
        paths = sorted(folder.iterdir())
        return [p for p in paths if not p.name.startswith(".") and p.is_dir()]

    def _is_stray(self, folder: Path) -> bool:
        try:
            check_student_id(folder.name)
        except CourseError:
            return True
        return folder.is_symlink()


def open_class(root: Path) -> ClassFolder:
    """Open a class folder that ``autograder class init`` made.

    Raises:
        CourseError: it is none, or its settings cannot be read.
    """
    path = root / SETTINGS
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        course, seed = Path(data["course"]), data["seed"]
    except FileNotFoundError:
        raise CourseError(
            f"{root} is not a class folder; make one with: autograder class init {root}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise CourseError(f"{path} needs course and seed: {error}") from None
    if not isinstance(seed, int):
        raise CourseError(f"{path}: seed must be an integer")
    # A class folder may move to a machine where the course is elsewhere.
    found = Course(course) if Course(course).ids else find_course(root)
    return ClassFolder(root.resolve(), found, seed)


def save_settings(root: Path, course: Path, seed: int) -> None:
    """Write the class folder's settings."""
    text = (
        "# Written by `autograder class init`; see `autograder class grade --help`.\n"
        f'course = "{_toml_text(course.as_posix())}"\n'
        "# One seed for the whole class run: same inputs for everyone, secret until"
        " then.\n"
        f"seed = {seed}\n"
    )
    write_atomically(root / SETTINGS, text)


def _toml_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
