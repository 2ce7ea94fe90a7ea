"""The names of a new lesson, checked before anything is written."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass

from autograder.new_lesson.lists import Planned, planned_rows
from autograder.student.lesson import PARTS, Course
from autograder.student.report import CourseError

MOST_TASK, MOST_TITLE = 30, 70  # characters that fit the template's longest lines

_LESSON = re.compile(r"(\d\d)-[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_TASK = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_TITLE = re.compile(r"[\w][\w ,.:;'’()/&?!+–-]*")  # needs no escape in any of the files
_FIGURE = re.compile(r"^defineFigure\(\"g2k-([a-z0-9-]+)\"", re.MULTILINE)
#: Names that the template's files or their fixtures use for something else.
_TAKEN = ("np", "pytest", "check", "attempt", "start", "student", "reference", "rng")


@dataclass(frozen=True)
class Names:
    """What the template's placeholders stand for."""

    lesson: str  # 02-quadratic-forms
    task: str  # quadratic_forms
    title: str
    part: str

    @property
    def number(self) -> int:
        """Number of the lesson."""
        return int(self.lesson[:2])

    @property
    def slug(self) -> str:
        """The lesson's name without its number; its figure has the same."""
        return self.lesson[3:]

    @property
    def label(self) -> str:
        """The line of the website's menu."""
        return f"{self.number} · {_words(self.slug)}"

    def fill(self, text: str) -> str:
        """Return a text, or a path, of the template with its placeholders filled."""
        placeholders = {
            "99-template": self.lesson,
            "template_task": self.task,
            "template-task": self.task.replace("_", "-"),
            "template-figure": self.slug,
            "Template title": self.title,
            "Template part": self.part,
        }
        pattern = re.compile("|".join(placeholders))
        return pattern.sub(lambda match: placeholders[match[0]], text)


def names_of(
    course: Course,
    lesson: str,
    title: str | None = None,
    part: str | None = None,
    task: str | None = None,
) -> Names:
    """Check the names given, and choose those that are not.

    A title and a part that are not given are those of the home page's plan, if it has
    a lesson of that number and name; else the words of the name, and the part of the
    lesson before it.

    Raises:
        CourseError: a name is of the wrong form or taken; says which, and what to do.
    """
    match = _LESSON.fullmatch(lesson)
    if match is None:
        raise CourseError(
            f"{lesson!r} is no name of a lesson: two digits, then words in small"
            " letters, all joined by hyphens, such as 02-quadratic-forms"
        )
    _check_free(course, lesson, match[1])
    plan = planned_rows((course.root / "course" / "index.md").read_text("utf-8"))
    title = title or _planned_title(plan, lesson) or _words(lesson[3:])
    if not _TITLE.fullmatch(title) or len(title) > MOST_TITLE:
        raise CourseError(
            f"--title {title!r}: at most {MOST_TITLE} letters, digits and plain"
            " punctuation; change it in the lesson's files if it needs more"
        )
    part = part or _part_near(course, plan, int(match[1]))
    if part not in PARTS:
        raise CourseError(f"--part must be one of {', '.join(PARTS)}")
    task = task or lesson[3:].replace("-", "_")
    _check_task(course, task)
    return Names(lesson, task, title, part)


def _check_free(course: Course, lesson: str, number: str) -> None:
    folders = [course.root / "course", course.root / "solutions"]
    for path in sorted(p for folder in folders for p in folder.glob(f"{number}-*")):
        where = path.relative_to(course.root).as_posix()
        if path.name == lesson:
            raise CourseError(f"{where} exists")
        raise CourseError(f"number {number} is taken by {where}")
    for script in sorted(folders[0].glob("*/figure.js")):
        if lesson[3:] in ("predict", *_FIGURE.findall(script.read_text("utf-8"))):
            raise CourseError(
                f"a figure of {script.parent.name} is called {lesson[3:]}, as the new"
                " lesson's would be: choose another name for the lesson"
            )


def _check_task(course: Course, task: str) -> None:
    remedy = "name the task with --task"
    if not _TASK.fullmatch(task) or len(task) > MOST_TASK:
        raise CourseError(
            f"task {task!r}: needs a Python name in small letters of at most"
            f" {MOST_TASK} characters; {remedy}"
        )
    if keyword.iskeyword(task) or hasattr(builtins, task) or task in _TAKEN:
        raise CourseError(f"task {task!r} means something else in Python; {remedy}")
    for other in course.lessons:
        if task in [known.name for known in other.tasks]:
            raise CourseError(f"{other.id} has a task {task} already; {remedy}")


def _planned_title(plan: Mapping[int, Planned], lesson: str) -> str | None:
    """Return the title that is planned for a number, where the name fits it."""
    row = plan.get(int(lesson[:2]))
    words = lesson[3:].split("-")
    fits = row is not None and all(word in row.title.lower() for word in words)
    return row.title if row is not None and fits else None


def _part_near(course: Course, plan: Mapping[int, Planned], number: int) -> str:
    """Return the part of the lesson with that number, planned or there, or before."""
    parts = {int(lesson.id[:2]): lesson.part for lesson in course.lessons}
    parts |= {n: row.part for n, row in plan.items()}
    return parts[max((n for n in parts if n <= number), default=min(parts))]


def _words(slug: str) -> str:
    return slug.replace("-", " ").capitalize()
