"""The nbgrader course folder of a class, and our own files in it.

```
nbgrader_config.py  gradebook.db  source/  release/  submitted/  autograded/  feedback/
autograder.toml     the course's path, the class run's seed, the website's address
students.csv        the class list, if there is one
reports/            one JSON record a lesson and student
pages/              our feedback pages and the class report
.autograder/store/  reports by digest, so that a run resumes
.autograder/notes/  what a run read and wrote of each hand-in
```
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.classroom.course_site import check_site
from autograder.classroom.files import write_if_changed
from autograder.classroom.gradebook_place import GradebookPlace, find_gradebook
from autograder.classroom.records import (
    Roster,
    check_student_id,
    is_student_id,
)
from autograder.classroom.roster import read_roster
from autograder.classroom.store import Store
from autograder.student.lesson import Course, Lesson, find_course
from autograder.student.report import CourseError

SETTINGS = "autograder.toml"
TIMESTAMP = "timestamp.txt"
MOST_SEED = 10**18 - 1  # it is part of files' names


@dataclass(frozen=True)
class HandIn:
    """What one student handed in for one lesson."""

    student: str
    lesson: str
    folder: Path  # submitted/STUDENT/LESSON

    @cached_property
    def submitted(self) -> str:
        """What timestamp.txt says, its first line; "" without one. Read once."""
        return first_line(self.folder / TIMESTAMP)


@dataclass(frozen=True)
class Submitted:
    """What stands in submitted/ of a class folder."""

    hand_ins: tuple[HandIn, ...]  # by student id
    strays: tuple[str, ...]  # names under which no one can be graded

    def of(self, lesson: Lesson, students: Collection[str] = ()) -> list[HandIn]:
        """Return the hand-ins of one lesson, by student id; of all students or some."""
        found = [one for one in self.hand_ins if one.lesson == lesson.id]
        return [one for one in found if not students or one.student in students]


@dataclass(frozen=True)
class ClassFolder:
    """A class: where everything of it is."""

    root: Path
    course: Course
    seed: int
    site: str = ""  # address of the course's website, for the links of feedback pages

    @cached_property
    def gradebook(self) -> GradebookPlace:
        """Nbgrader's database."""
        return find_gradebook(self.root)

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

    def submitted(self) -> Submitted:
        """Look once through submitted/ and return what was handed in.

        Folders whose name is no student id, and links that lead out of the class
        folder, are not followed: they are the strays.
        """
        hand_ins: list[HandIn] = []
        strays: list[str] = []
        for folder in _folders(self.root / "submitted"):
            if folder.is_symlink() or not is_student_id(folder.name):
                strays.append(folder.name)
                continue
            hand_ins += [
                HandIn(folder.name, work.name, work)
                for work in _folders(folder)
                if not work.is_symlink()
            ]
        return Submitted(tuple(hand_ins), tuple(strays))


def first_line(path: Path) -> str:
    """Return the first line of a file, cut; "" where there is no ordinary file."""
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as stream:
        return stream.readline(100).strip()


def _folders(place: Path) -> Iterable[Path]:
    if not place.is_dir():
        return []
    paths = sorted(place.iterdir())
    return [p for p in paths if not p.name.startswith(".") and p.is_dir()]


def open_class(root: Path) -> ClassFolder:
    """Open a class folder that ``autograder class init`` made.

    Raises:
        CourseError: it is none, or its settings cannot be read.
    """
    path = root / SETTINGS
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        course, seed, site = Path(data["course"]), data["seed"], data.get("site", "")
    except FileNotFoundError:
        raise CourseError(
            f"{root} is not a class folder; make one with: autograder class init {root}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise CourseError(f"{path} needs course and seed: {error}") from None
    except (OSError, RecursionError) as error:
        raise CourseError(f"{path} cannot be read: {error}") from None
    if type(seed) is not int or abs(seed) > MOST_SEED:
        raise CourseError(f"{path}: seed must be an integer of 18 digits at most")
    if not isinstance(site, str):
        raise CourseError(f"{path}: site must be a text")
    try:
        site = check_site(site)
    except CourseError as error:
        raise CourseError(f"{path}: site: {error}") from None
    # A class folder may move to a machine where the course is elsewhere.
    found = Course(course) if Course(course).ids else find_course(root)
    return ClassFolder(root.resolve(), found, seed, site)


def save_settings(root: Path, course: Path, seed: int, site: str = "") -> None:
    """Write the class folder's settings."""
    text = (
        "# Written by `autograder class init`; see `autograder class grade --help`.\n"
        f'course = "{_toml_text(course.as_posix())}"\n'
        "# One seed for the whole class run: same inputs for everyone, secret until"
        " then.\n"
        f"seed = {seed}\n"
    )
    if site:
        text += (
            "# Where students read the course: the links of feedback pages.\n"
            f'site = "{_toml_text(site)}"\n'
        )
    write_if_changed(root / SETTINGS, text)


def _toml_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
