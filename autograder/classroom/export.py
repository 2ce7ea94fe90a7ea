"""Renders grades for whoever computes with them: CSV, wide or long, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from autograder.classroom.csv_table import csv_text
from autograder.classroom.grades import Grade, Grades
from autograder.classroom.standing import Part

#: Of the JSON export, which `grades.schema.json` describes. It grows when a reader of
#: the last version would misread the new one.
VERSION = 1

_PERSON = ("student", "last_name", "first_name", "email")
_WIDE = (
    *_PERSON,
    "lesson",
    "submitted",
    "points",
    "max_points",
    "penalty",
    "needs_manual_grade",
    "verdict",
)
_LONG = (
    *_PERSON,
    "lesson",
    "submitted",
    "part",
    "points",
    "max_points",
    "auto_points",
    "manual_points",
    "needs_manual_grade",
    "verdict",
    "diagnosis",
    "comment",
)


def wide_csv(grades: Grades) -> str:
    """Return one row a student and lesson, one column a task or question.

    What is not graded is an empty field. Who handed nothing in has no row.
    """
    names = list(
        dict.fromkeys(
            part.name
            for grade in sorted(grades.grades, key=lambda grade: grade.lesson)
            for part in grade.standing.parts
        )
    )
    return csv_text(
        (*_WIDE, *names),
        ([*_start(grades, one), *_totals(one), *_points(one, names)] for one in grades),
    )


def long_csv(grades: Grades) -> str:
    """Return one row a student, lesson and part, with verdict and diagnosis."""
    return csv_text(
        _LONG,
        (
            [*_start(grades, grade), *_part_row(grade, part)]
            for grade in grades
            for part in grade.standing.parts
        ),
    )


def grades_json(grades: Grades) -> str:
    """Return everything that is known, reports included, as JSON."""
    data = {
        "format": "gradients-to-kernels grades",
        "version": VERSION,
        "students": [_student(grades, name) for name in grades.students],
        "lessons": [
            {"lesson": name, "max_points": grades.max_points(name)}
            for name in grades.lessons
        ],
        "grades": [_grade(grade) for grade in grades],
    }
    return json.dumps(data, indent=2, sort_keys=True) + "\n"


def _start(grades: Grades, grade: Grade) -> Iterator[object]:
    student = grades.roster[grade.student]
    yield from (student.id, student.last_name, student.first_name, student.email)
    yield grade.lesson
    yield grade.record.submitted if grade.record else ""


def _totals(grade: Grade) -> Iterator[object]:
    standing = grade.standing
    yield float(standing.points) if grade.is_graded else ""
    yield float(standing.max_points)
    yield float(standing.penalty)
    yield "yes" if standing.needs_manual_grade else "no"
    yield str(grade.record.report.verdict) if grade.record else ""


def _points(grade: Grade, names: list[str]) -> Iterator[object]:
    parts = {part.name: part for part in grade.standing.parts}
    for name in names:
        yield _points_of(parts[name]) if name in parts else ""


def _points_of(part: Part) -> object:
    ungraded = part.auto is None and part.manual is None
    return "" if ungraded else float(part.points)


def _part_row(grade: Grade, part: Part) -> Iterator[object]:
    task = grade.task(part.name)
    yield part.name
    yield _points_of(part)
    yield float(part.max_points)
    yield "" if part.auto is None else float(part.auto)
    yield "" if part.manual is None else float(part.manual)
    yield "yes" if part.needs_manual_grade else "no"
    yield str(task.verdict) if task else ""
    yield (task.diagnosis or "") if task else ""
    yield part.comment


def _student(grades: Grades, name: str) -> dict[str, str]:
    student = grades.roster[name]
    return {
        "student": student.id,
        "last_name": student.last_name,
        "first_name": student.first_name,
        "email": student.email,
        "lms_user_id": student.lms_user_id,
    }


def _grade(grade: Grade) -> dict[str, Any]:
    standing, record = grade.standing, grade.record
    return {
        "student": grade.student,
        "lesson": grade.lesson,
        "submitted": record.submitted if record else "",
        "points": standing.points if grade.is_graded else None,
        "max_points": standing.max_points,
        "penalty": standing.penalty,
        "needs_manual_grade": standing.needs_manual_grade,
        "parts": [_part(part) for part in standing.parts],
        "report": record.report.as_dict() if record else None,
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "name": part.name,
        "points": part.points,
        "max_points": part.max_points,
        "auto": part.auto,
        "manual": part.manual,
        "comment": part.comment,
        "needs_manual_grade": part.needs_manual_grade,
    }
