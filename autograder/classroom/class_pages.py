"""The HTML pages of a graded class: every student's, their index, the class report."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.classroom.class_report import (
    LessonReport,
    class_report,
    lesson_reports,
)
from autograder.classroom.class_similarity import kept_likeness
from autograder.classroom.feedback import write_feedback
from autograder.classroom.files import holds_text, write_if_changed
from autograder.classroom.folder import ClassFolder
from autograder.classroom.marks import Marks, Standings, marks_of
from autograder.classroom.records import Roster, load_records, record_path
from autograder.classroom.similarity import Group
from autograder.grading.versions import source_digest


@dataclass(frozen=True)
class ClassPages:
    """The pages of a class, and what they show."""

    folder: Path
    marks: tuple[Marks, ...]
    roster: Roster
    groups: Mapping[str, tuple[Group, ...]]  # of those alike, by lesson

    @property
    def index(self) -> Path:
        """The page that leads to every student's."""
        return self.folder / "index.html"

    @property
    def report(self) -> Path:
        """The class report."""
        return self.folder / "class.html"

    @cached_property
    def lessons(self) -> list[LessonReport]:
        """What the class report says, by lesson."""
        return lesson_reports(self.marks, self.roster, self.groups)

    def all(self) -> Iterable[Path]:
        """Return every page."""
        yield from (self.index, self.report)
        for one in self.marks:
            yield self.folder / one.record.lesson / f"{one.record.student}.html"


def write_class_pages(folder: ClassFolder) -> ClassPages:
    """Write the pages of everything that was graded in a class so far.

    Nothing is drawn where all that the pages show is as it was. Records of lessons that
    the course no longer has are passed over.

    Raises:
        CourseError: nothing is graded yet, or a record cannot be read.
    """
    compared = kept_likeness(folder)
    groups = {name: likeness.groups for name, likeness in compared.items()}
    marks = tuple(class_marks(folder))
    pages = ClassPages(folder.pages, marks, folder.roster, groups)
    stamp = folder.root / ".autograder" / "pages"
    shown = _digest(folder, pages)
    if holds_text(stamp, shown) and all(page.exists() for page in pages.all()):
        return pages
    write_feedback(folder.pages, marks, pages.roster, folder.site)
    text = class_report(pages.lessons, pages.roster, folder.site)
    write_if_changed(pages.report, text)
    write_if_changed(stamp, shown)
    return pages


def class_marks(folder: ClassFolder) -> list[Marks]:
    """Return what everyone has whose work was graded, the gradebook's word included."""
    graded = load_records(folder.reports)
    known = {record.lesson for record in graded} & set(folder.course.ids)
    lessons = {name: folder.course.lesson(name) for name in known}
    records = [record for record in graded if record.lesson in lessons]
    return marks_of(records, lessons, _standings(folder))


def _digest(folder: ClassFolder, pages: ClassPages) -> str:
    """Return a digest of all that the pages show, and of what draws them."""
    digest = hashlib.sha256(source_digest(["student", "classroom"]).encode())
    lessons = {one.lesson.id: one.lesson.digest for one in pages.marks}
    standings = [one.standing for one in pages.marks]
    told = (folder.site, pages.roster, sorted(lessons.items()), pages.groups, standings)
    digest.update(repr(told).encode("utf-8", "replace"))
    for one in pages.marks:
        path = record_path(folder.reports, one.record.lesson, one.record.student)
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _standings(folder: ClassFolder) -> Standings:
    if not folder.gradebook.exists():
        return {}
    from autograder.classroom.gradebook import ClassGradebook

    with ClassGradebook(folder.gradebook) as book:
        found = book.standings(folder.course)
    return {(one.student, one.lesson): one for one in found}
