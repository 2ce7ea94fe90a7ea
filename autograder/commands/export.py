"""The command that exports graded submissions to other systems."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from autograder.classroom.records import Record


class Format(StrEnum):
    """Where an export goes."""

    GRADESCOPE = "gradescope"
    CANVAS = "canvas"
    CSV = "csv"


def export(
    to: Annotated[Format, typer.Argument(help="gradescope, canvas or csv.")],
    source: Annotated[
        Path,
        typer.Argument(help="A class folder, a grade --out folder, or a JSON file."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="File to write; for several Gradescope results, a folder."),
    ] = None,
    lesson: Annotated[str | None, typer.Option("--lesson", "-l")] = None,
) -> None:
    """Export graded submissions to another system."""
    from autograder.classroom import export as formats
    from autograder.classroom.files import write_atomically
    from autograder.classroom.records import load_records, read_roster
    from autograder.student.lesson import find_course

    name = find_course().lesson(lesson).id if lesson else None
    records = load_records(source, name)
    roster = read_roster(source / "students.csv")
    if to is Format.GRADESCOPE:
        _export_gradescope(records, out)
        return
    if to is Format.CANVAS:
        text = formats.canvas_csv(records, roster, _totals(source))
    else:
        text = formats.plain_csv(records, roster)
    if out is None:
        sys.stdout.write(text)
    else:
        write_atomically(out, text)
        print(f"{out}: {len(records)} reports")


def _export_gradescope(records: Sequence[Record], out: Path | None) -> None:
    from autograder.classroom.export import gradescope_results
    from autograder.classroom.files import write_atomically
    from autograder.classroom.records import check_student_id
    from autograder.student.report import CourseError

    texts = {
        (r.lesson, check_student_id(r.student)): json.dumps(
            gradescope_results(r.report), indent=2
        )
        for r in records
    }
    if len(records) == 1 and (out is None or out.suffix == ".json"):
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
    print(f"{out}: {len(records)} results.json")


def _totals(source: Path) -> dict[tuple[str, str], float] | None:
    """Return what the gradebook says, where there is one."""
    from autograder.classroom.gradebook_place import find_gradebook

    place = find_gradebook(source)
    if not place.exists():
        return None
    from autograder.classroom.gradebook import ClassGradebook
    from autograder.student.lesson import find_course

    with ClassGradebook(place) as book:
        found = book.standings(find_course(source))
    return {(one.student, one.lesson): one.points for one in found}
