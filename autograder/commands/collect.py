"""The command that brings in what students handed in elsewhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.commands.options import (
    AsJson,
    Folder,
    FromForm,
    OneLesson,
    RosterFile,
)

if TYPE_CHECKING:
    from autograder.classroom.arrivals.collect import Collected


def class_collect(
    folder: Folder,
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE...",
            help="A download of Canvas, Moodle or the like, clones, folders, files.",
        ),
    ],
    lesson: OneLesson = None,
    form: FromForm = None,
    roster: RosterFile = None,
    as_json: AsJson = False,
) -> None:
    """Bring hand-ins from Canvas, Moodle, GitHub or a folder into submitted/.

    The class list is students.csv in the class folder unless --roster names another.
    Leaves with 1 if something was not taken in.
    """
    from dataclasses import asdict

    from autograder.classroom.arrivals.collect import collect
    from autograder.classroom.folder import open_class
    from autograder.classroom.roster import read_roster
    from autograder.classroom.run_lock import only_run

    opened = open_class(folder)
    people = opened.roster if roster is None else read_roster(roster)
    chosen = None if lesson is None else opened.course.lesson(lesson)
    with only_run(opened.root):
        done = collect(opened, sources, people, lesson=chosen, form=form)
    for refusal in done.refused:
        print(f"not taken in: {refusal}", file=sys.stderr)
    if as_json:
        print(json.dumps([asdict(one) for one in done.collected], indent=2))
    else:
        _show(done.collected)
    unknown = sorted({one.student for one in done.collected if not one.is_known})
    if unknown:
        listed = ", ".join(unknown)
        print(f"not in the class list: {listed}", file=sys.stderr)
        is_one = len(sources) == len(done.collected) == 1
        if form is None and is_one and sources[0].suffix.lower() == ".zip":
            hint = "if it holds a folder for each student, say --from folder"
            print(hint, file=sys.stderr)
    raise typer.Exit(1 if done.refused else 0)


def _show(collected: tuple[Collected, ...]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("student", "lesson", "file", "note"):
        table.add_column(title, overflow="fold")
    for one in collected:
        late = ("late",) if one.late else ()
        sender = () if one.sender == one.student else (f"from {one.sender}",)
        notes = "; ".join((one.outcome, *late, *sender, *one.notes))
        row = (one.student, one.lesson, one.file or "nothing to grade", notes)
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)
