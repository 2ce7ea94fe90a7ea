"""A graded class on disk: one JSON file a student and lesson, and who the students are.

Every renderer (CSV, Gradescope, pages, class report) reads these records alone, so a
class can be exported long after it was graded, and without nbgrader.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.classroom.files import holds_text, write_if_changed
from autograder.student.report import CourseError, Report

#: Letters, digits, blanks and the marks that real ids, names and mail addresses have.
_STUDENT_ID = re.compile(r"\w(?:[\w.@+' -]{0,126}[\w.@+'-])?")
_MOST_BYTES = 200  # a file is named after it, and no name of a file is longer than 255


def is_student_id(name: str) -> bool:
    """Return whether a name is safe as a folder name and in a page."""
    if _STUDENT_ID.fullmatch(name) is None or ".." in name:
        return False
    return len(os.fsencode(name)) <= _MOST_BYTES


def check_student_id(name: str) -> str:
    """Return a student id that is safe as a folder name and in a page.

    Raises:
        CourseError: it could leave its folder, hide, or carry markup.
    """
    if not is_student_id(name):
        raise CourseError(
            f"{name!r} is not a student id: use letters, digits, blanks and . @ + - _ '"
        )
    return name


@dataclass(frozen=True)
class Record:
    """One student's graded submission of one lesson."""

    student: str
    report: Report
    submitted: str = ""  # when, as timestamp.txt says; "" if it does not
    before: float | None = None  # points of the same file in the last run, if others

    @property
    def lesson(self) -> str:
        """The lesson's folder name."""
        return self.report.lesson


def save_record(folder: Path, record: Record) -> None:
    """Write one record below a folder, unless it is there already.

    Where the same submission had other points before, the record says so.
    """
    path = record_path(folder, record.lesson, record.student)
    text = _text_of(record)
    if holds_text(path, text):
        return
    try:
        (last,) = _read(path)
    except CourseError:
        last = record
    same = last.report.submission == record.report.submission
    if same and last.report.points != record.report.points:
        text = _text_of(replace(record, before=last.report.points))
    write_if_changed(path, text)


def find_record(folder: Path, lesson: str, student: str) -> Record | None:
    """Return the record that `save_record` wrote of a student, if any."""
    try:
        (record,) = _read(record_path(folder, lesson, student))
    except CourseError:
        return None
    return record


def record_path(folder: Path, lesson: str, student: str) -> Path:
    """Return the file of a record."""
    return folder / lesson / f"{check_student_id(student)}.json"


def _text_of(record: Record) -> str:
    data: dict[str, object] = {
        "student": record.student,
        "submitted": record.submitted,
        "report": record.report.as_dict(),
    }
    if record.before is not None:
        data["before"] = record.before
    return json.dumps(data, sort_keys=True)


def load_records(source: Path, lesson: str | None = None) -> list[Record]:
    """Read the records of a class folder, of ``grade --out``, or of one JSON file.

    Args:
        source: A folder with ``reports/``, that folder itself, or a file: a record, a
            report, or a list of reports as ``autograder grade --json`` prints it.
        lesson: Only this lesson's.

    Raises:
        CourseError: there is nothing graded, or a file is not a report.
    """
    if source.is_file():
        records = _read(source)
    else:
        folder = source / "reports" if (source / "reports").is_dir() else source
        records = [r for path in sorted(folder.glob("*/*.json")) for r in _read(path)]
    records = [r for r in records if lesson is None or r.lesson == lesson]
    if not records:
        of = f" of {lesson}" if lesson else ""
        raise CourseError(f"{source} holds no reports{of}; grade first")
    return sorted(records, key=lambda record: (record.student, record.lesson))


def _read(path: Path) -> list[Record]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        items = data if isinstance(data, list) else [data]
        return [_record(item) for item in items]
    except (OSError, ValueError, KeyError, TypeError, CourseError) as error:
        raise CourseError(f"{path} is not a report: {error}") from None
    except RecursionError:
        raise CourseError(f"{path} is not a report: nested too deeply") from None


def _record(data: dict[str, object]) -> Record:
    if "report" not in data:  # a bare report: its file's name stands for the student
        report = Report.from_json(json.dumps(data))
        return Record(Path(report.name).stem, report)
    return Record(
        check_student_id(str(data["student"])),
        Report.from_json(json.dumps(data["report"])),
        str(data["submitted"]),
        None if data.get("before") is None else float(str(data["before"])),
    )


@dataclass(frozen=True)
class Student:
    """What the class list says about a student."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""
    aliases: tuple[str, ...] = ()  # other names under which work arrives

    @property
    def full_name(self) -> str:
        """First and last name, or the id."""
        return f"{self.first_name} {self.last_name}".strip() or self.id


@dataclass(frozen=True)
class Roster:
    """The class list: ``students.csv`` of a class folder, in nbgrader's columns."""

    students: Mapping[str, Student] = field(default_factory=dict)

    def __getitem__(self, student: str) -> Student:
        """Return what is known of a student, at least the id."""
        return self.students.get(student, Student(student))

    def ids(self, more: Iterable[str] = ()) -> list[str]:
        """Return every id of the list and of ``more``, sorted."""
        return sorted({*self.students, *more})
