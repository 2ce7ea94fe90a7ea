"""The commands that carry grades to other systems."""

from __future__ import annotations

import io
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.commands.options import OneLesson

if TYPE_CHECKING:
    from autograder.classroom.grades import Grades
    from autograder.classroom.lms import Export
    from autograder.student.lesson import Course


class Format(StrEnum):
    """Where an export goes."""

    CANVAS = "canvas"
    MOODLE = "moodle"
    GRADESCOPE = "gradescope"
    CSV = "csv"
    JSON = "json"


def export(
    to: Annotated[
        Format, typer.Argument(help="canvas, moodle, gradescope, csv or json.")
    ],
    source: Annotated[
        Path,
        typer.Argument(help="A class folder, a grade --out folder, or a JSON file."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="File to write, else it is printed; for several Gradescope results, a"
            " folder."
        ),
    ] = None,
    lesson: OneLesson = None,
    into: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Canvas's gradebook or Moodle's worksheet as downloaded, to fill in.",
        ),
    ] = None,
    column: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="canvas: what the lesson's assignment is called there, if otherwise.",
        ),
    ] = "",
    as_long: Annotated[
        bool, typer.Option("--long", help="csv: one row a task, with its diagnosis.")
    ] = False,
) -> None:
    """Export grades to another system: the gradebook's, where there is one.

    Manual grades, comments, extra credit and penalties for lateness count. Without a
    gradebook the grader's reports are exported.
    """
    from autograder.classroom.files import write_atomically
    from autograder.classroom.grades import load_grades
    from autograder.commands.trusted_course import trusted_course
    from autograder.student.report import CourseError

    if into is not None and to not in (Format.CANVAS, Format.MOODLE):
        raise CourseError("--into is for canvas and moodle")
    if column and to is not Format.CANVAS:
        raise CourseError("--column is for canvas")
    if as_long and to is not Format.CSV:
        raise CourseError("--long is for csv")
    course = trusted_course((source,))
    grades = load_grades(source, course, course.lesson(lesson).id if lesson else None)
    if to is Format.GRADESCOPE:
        _export_gradescope(grades, course, out)
        return
    made = _rendered(to, grades, course, into, column, as_long)
    if out is None:
        _print_table(made.text)
    else:
        if out.is_dir():
            raise CourseError(f"{out} is a folder: name a file with --out")
        write_atomically(out, made.text)
        print(f"{out}: {len(grades.grades)} grades")
    for note in made.notes:
        print(note, file=sys.stderr)
    if grades.waiting:
        count = f"{len(grades.waiting)} of {len(grades.grades)} grades"
        print(f"{count} wait for a person: points so far", file=sys.stderr)


def _print_table(text: str) -> None:
    """Print a table in UTF-8, which other systems read, whatever is spoken here."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    print(text, end="")


def _rendered(
    to: Format,
    grades: Grades,
    course: Course,
    into: Path | None,
    column: str,
    as_long: bool,
) -> Export:
    from autograder.classroom.csv_table import read_table
    from autograder.classroom.export import grades_json, long_csv, wide_csv
    from autograder.classroom.lms import Export, canvas_csv, moodle_csv

    theirs = None if into is None else read_table(into)
    if to is Format.CANVAS:
        return canvas_csv(grades, course, theirs, column)
    if to is Format.MOODLE:
        return moodle_csv(grades, theirs)
    if to is Format.JSON:
        return Export(grades_json(grades))
    return Export(long_csv(grades) if as_long else wide_csv(grades))


def _export_gradescope(grades: Grades, course: Course, out: Path | None) -> None:
    from autograder.classroom.files import write_atomically
    from autograder.classroom.gradescope import gradescope_results
    from autograder.classroom.records import check_student_id
    from autograder.student.report import CourseError

    texts = {}
    for grade in grades:
        if grade.record is None:
            continue
        known = grade.lesson in course.ids
        written = course.lesson(grade.lesson).written if known else None
        results = gradescope_results(grade.record.report, written, grade.standing)
        key = (grade.lesson, check_student_id(grade.student))
        texts[key] = json.dumps(results, indent=2)
    if not texts:
        raise CourseError("there are no reports of the grader to export")
    if len(texts) == 1 and (out is None or out.suffix == ".json"):
        (text,) = texts.values()
        if out is None:
            print(text)
        else:
            write_atomically(out, text)
        return
    if out is None:
        raise CourseError("several reports need --out DIR for their results.json")
    for (lesson, student), text in texts.items():
        write_atomically(out / lesson / student / "results.json", text)
    print(f"{out}: {len(texts)} results.json")
