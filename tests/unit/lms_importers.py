"""What Canvas and Moodle make of a table, by the rules of their importers.

Written after Canvas's ``gradebook_importer.rb`` and Moodle's offline grading plugin
(``importgradeslib.php``, ``locallib.php``), as far as a file decides what happens.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CanvasStudent:
    """A student as Canvas knows one."""

    id: int
    sis_id: str
    login: str
    name: str = ""


@dataclass
class CanvasUpload:
    """What Canvas would change, and whom and what it would ask about."""

    grades: dict[tuple[int, str], str] = field(default_factory=dict)
    points_possible: dict[str, str] = field(default_factory=dict)
    unknown_students: list[str] = field(default_factory=list)
    unknown_assignments: list[str] = field(default_factory=list)


def canvas_import(
    text: str, students: Sequence[CanvasStudent], assignments: Mapping[int, str]
) -> CanvasUpload:
    """Read a gradebook as Canvas does; a bad header raises ValueError."""
    comma = ";" if _semicolons(text.splitlines(keepends=True)[:3]) else ","
    kept = (s for s in text.splitlines() if not re.fullmatch("[;, ]+", s))
    header, *rows = csv.reader(kept, delimiter=comma)
    if len(header) <= 3 or "Student" not in header[0] or "ID" not in header[1]:
        raise ValueError("Invalid header row")
    has_sis = header[2:4] == ["SIS User ID", "SIS Login ID"]
    information = 5 if has_sis else 3
    if "Section" not in header[information - 1]:
        raise ValueError("Invalid header row")
    upload = CanvasUpload()
    columns = {
        place: _assignment(header[place], assignments, upload)
        for place in range(information, len(header))
    }
    for row in rows:
        if "Points Possible" in row[0]:
            upload.points_possible = {columns[p]: row[p] for p in columns}
        elif not all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", c) for c in row):
            student = _canvas_student(row, students)
            if student is None:
                upload.unknown_students.append(row[0])
            else:
                for place, name in columns.items():
                    upload.grades[student.id, name] = _number(row[place])
    return upload


def _semicolons(lines: list[str]) -> bool:
    counts = {}
    for separator in ";,":
        found = {len(next(csv.reader([line], delimiter=separator))) for line in lines}
        counts[separator] = found.pop() if len(found) == 1 else 0
    return counts[";"] > counts[","]


def _assignment(
    column: str, assignments: Mapping[int, str], upload: CanvasUpload
) -> str:
    match = re.fullmatch(r"(.+) \((\d+)\)", column)
    if match and int(match[2]) in assignments:
        return assignments[int(match[2])]
    if column not in assignments.values():
        upload.unknown_assignments.append(column)
    return column


def _canvas_student(
    row: list[str], students: Sequence[CanvasStudent]
) -> CanvasStudent | None:
    digits = re.match(r"\s*\d+", row[1])  # what Ruby makes of a text as a number
    rules = (
        lambda s: digits is not None and s.id == int(digits[0]),
        lambda s: row[2] != "" and s.sis_id == row[2],
        lambda s: row[3] != "" and s.login == row[3],
        lambda s: s.name == row[0],
    )
    for rule in rules:
        for student in students:
            if rule(student):
                return student
    return None


def _number(text: str) -> str:
    if not re.fullmatch(r"-?[0-9.,]+%?", text):
        return text
    *whole, last = re.split("[,.]", text)
    return f"{''.join(whole)}.{last}" if whole else last


@dataclass(frozen=True)
class MoodleUpload:
    """What Moodle would write, by participant."""

    grades: dict[int, float]
    comments: dict[int, str]


def moodle_import(text: str, participants: set[int], maximum: float) -> MoodleUpload:
    """Read a worksheet as Moodle does; a missing column raises ValueError."""
    rows = list(csv.reader(text.splitlines()))
    header = rows.pop(0)
    if len({len(row) for row in rows} | {len(header)}) != 1:
        raise ValueError("a row has not as many fields as the header")
    for needed in ("Identifier", "Grade", "Last modified (grade)"):
        if needed not in header:
            raise ValueError(f"no column {needed}")
    upload = MoodleUpload({}, {})
    for row in rows:
        person = dict(zip(header, row, strict=True))
        digits = person["Identifier"][len("Participant ") :]
        if not digits.isdecimal() or int(digits) not in participants:
            continue
        grade = person["Grade"].strip()
        if grade and 0 <= float(grade) <= maximum:
            upload.grades[int(digits)] = float(grade)
        upload.comments[int(digits)] = person.get("Feedback comments", "")
    return upload
