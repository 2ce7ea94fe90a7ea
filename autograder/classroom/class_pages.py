"""The HTML pages of a graded class: every student's, their index, the class report."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom.class_report import class_report
from autograder.classroom.feedback import write_feedback
from autograder.classroom.files import holds_text, write_if_changed
from autograder.classroom.folder import ClassFolder
from autograder.classroom.records import Record, load_records, record_path
from autograder.classroom.standing import Standing
from autograder.grading.versions import source_digest
from autograder.student.lesson import Lesson


@dataclass(frozen=True)
class ClassPages:
    """What was written, and the records that it shows."""

    index: Path
    report: Path
    records: tuple[Record, ...]


def write_class_pages(folder: ClassFolder) -> ClassPages:
    """Write the pages of everything that was graded in a class so far.

    Pages that would stay the same are left alone, and none is drawn where nothing that
    they show changed. Records of lessons that the course no longer has are passed over.

    Raises:
        CourseError: nothing is graded yet, or a record cannot be read.
    """
    graded = load_records(folder.reports)
    known = {record.lesson for record in graded} & set(folder.course.ids)
    lessons = {name: folder.course.lesson(name) for name in known}
    records = tuple(record for record in graded if record.lesson in lessons)
    made = ClassPages(folder.pages / "index.html", folder.pages / "class.html", records)
    stamp = folder.root / ".autograder" / "pages"
    shown = _digest(folder, records, lessons)
    if holds_text(stamp, shown) and all(page.exists() for page in _pages(made)):
        return made
    roster = folder.roster
    write_feedback(folder.pages, records, lessons, roster, folder.site)
    write_if_changed(made.report, class_report(records, lessons, roster))
    write_if_changed(stamp, shown)
    return made


def _pages(made: ClassPages) -> Iterable[Path]:
    yield from (made.index, made.report)
    for record in made.records:
        yield made.index.parent / record.lesson / f"{record.student}.html"


def _digest(
    folder: ClassFolder, records: Iterable[Record], lessons: Mapping[str, Lesson]
) -> str:
    """Return a digest of all that the pages show, and of what draws them."""
    digest = hashlib.sha256(source_digest(["student", "classroom"]).encode())
    told = (folder.site, folder.roster, sorted(one.digest for one in lessons.values()))
    digest.update(repr((told, _standings(folder))).encode("utf-8", "replace"))
    for record in records:
        path = record_path(folder.reports, record.lesson, record.student)
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _standings(folder: ClassFolder) -> list[Standing]:
    if not folder.gradebook.exists():
        return []
    from autograder.classroom.gradebook import ClassGradebook

    with ClassGradebook(folder.gradebook) as book:
        return book.standings(folder.course)
