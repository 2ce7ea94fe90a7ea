"""The HTML pages of a graded class: every student's, their index, the class report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.classroom.class_report import (
    LessonReport,
    class_report,
    lesson_reports,
)
from autograder.classroom.class_similarity import kept_likeness
from autograder.classroom.feedback import write_feedback
from autograder.classroom.files import write_if_changed
from autograder.classroom.folder import ClassFolder
from autograder.classroom.marks import Marks, Standings, marks_of
from autograder.classroom.records import load_records


@dataclass(frozen=True)
class ClassPages:
    """What was written, and what the report says."""

    index: Path
    report: Path
    lessons: tuple[LessonReport, ...]


def write_class_pages(folder: ClassFolder) -> ClassPages:
    """Write the pages of everything that was graded in a class so far.

    Pages that would stay the same are left alone. Records of lessons that the course no
    longer has are passed over.

    Raises:
        CourseError: nothing is graded yet, or a record cannot be read.
    """
    marks = class_marks(folder)
    roster = folder.roster
    index = write_feedback(folder.pages, marks, roster, folder.site)
    report = folder.pages / "class.html"
    compared = kept_likeness(folder)
    groups = {name: likeness.groups for name, likeness in compared.items()}
    lessons = lesson_reports(marks, roster, groups)
    write_if_changed(report, class_report(lessons, roster, folder.site))
    return ClassPages(index, report, tuple(lessons))


def class_marks(folder: ClassFolder) -> list[Marks]:
    """Return what everyone has whose work was graded, the gradebook's word included."""
    graded = load_records(folder.reports)
    known = {record.lesson for record in graded} & set(folder.course.ids)
    lessons = {name: folder.course.lesson(name) for name in known}
    records = [record for record in graded if record.lesson in lessons]
    return marks_of(records, lessons, _standings(folder))


def _standings(folder: ClassFolder) -> Standings:
    if not folder.gradebook.exists():
        return {}
    from autograder.classroom.gradebook import ClassGradebook

    with ClassGradebook(folder.gradebook) as book:
        found = book.standings(folder.course)
    return {(one.student, one.lesson): one for one in found}
