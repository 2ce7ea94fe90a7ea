"""Makes the files of a new lesson from the template."""

from __future__ import annotations

from pathlib import Path

from autograder.new_lesson.lists import with_entry, without_planned
from autograder.new_lesson.names import Names
from autograder.student.lesson import Course
from autograder.student.report import CourseError

TEMPLATE = Path(__file__).parent / "template"
EDITED = ("mkdocs.yml", "course/index.md")


def check_copy(course: Course) -> None:
    """Make sure that a lesson can be added to this copy of the course.

    Raises:
        CourseError: it is a students' copy, or a file that would be edited is missing.
    """
    if not course.has_solutions:
        raise CourseError("this is a students' copy: it has no solutions to add to")
    for name in EDITED:
        if not (course.root / name).is_file():
            raise CourseError(f"{course.root / name} is missing")


def planned_files(course: Course, names: Names) -> dict[str, str]:
    """Return every file to be written: its path in the course, and its text.

    Raises:
        CourseError: the menu cannot be edited, or a new file is there already.
    """
    made = {
        names.fill(path.relative_to(TEMPLATE).as_posix()): names.fill(
            path.read_text(encoding="utf-8")
        )
        for path in sorted(TEMPLATE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    for name in made:
        if (course.root / name).exists():
            raise CourseError(f"{name} exists")
    settings, home = ((course.root / name).read_text("utf-8") for name in EDITED)
    made[EDITED[0]] = with_entry(settings, names.part, names.label, names.lesson)
    without = without_planned(home, names.number)
    return made if without == home else made | {EDITED[1]: without}


def write(course: Course, files: dict[str, str]) -> None:
    """Write the files of a new lesson."""
    for name, text in files.items():
        path = course.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
