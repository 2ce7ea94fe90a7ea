"""The HTML pages of a graded class: every student's, their index, the class report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.classroom.class_report import class_report
from autograder.classroom.feedback import write_feedback
from autograder.classroom.files import write_if_changed
from autograder.classroom.folder import ClassFolder
from autograder.classroom.records import Record, load_records


@dataclass(frozen=True)
class ClassPages:
    """What was written, and the records that it shows."""

    index: Path
    report: Path
    records: tuple[Record, ...]


def write_class_pages(folder: ClassFolder) -> ClassPages:
    """Write the pages of everything that was graded in a class so far.

    Pages that would stay the same are left alone. Records of lessons that the course no
    longer has are passed over.

    Raises:
        CourseError: nothing is graded yet, or a record cannot be read.
    """
    graded = load_records(folder.reports)
    known = {record.lesson for record in graded} & set(folder.course.ids)
    lessons = {name: folder.course.lesson(name) for name in known}
    records = tuple(record for record in graded if record.lesson in lessons)
    roster = folder.roster
    index = write_feedback(folder.pages, records, lessons, roster, folder.site)
    report = folder.pages / "class.html"
    write_if_changed(report, class_report(records, lessons, roster))
    return ClassPages(index, report, records)
