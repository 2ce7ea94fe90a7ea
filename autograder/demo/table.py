"""Shows the bundled class on a terminal."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.classroom.records import Record
from autograder.classroom.wording import number, report_word
from autograder.demo.entries import Entry
from autograder.student.report import Report, Verdict

Key = tuple[str, str]  # student, lesson

#: Wide enough for every column where the output is no terminal.
_PLAIN_WIDTH = 132


def show(
    submitted: Sequence[Entry],
    records: Mapping[Key, Record],
    wrong: Mapping[Key, str],
    paths: Mapping[str, Path],
    console: Console | None = None,
) -> None:
    """Print one row a submission, the mismatches, and the paths to open."""
    if console is None:
        console = Console()
        if not console.is_terminal:
            console = Console(width=_PLAIN_WIDTH)
    console.print(table_of(submitted, records, wrong))
    for (student, lesson), how in wrong.items():
        console.print(f"[red]{student} {lesson}: {escape(how)}[/]")
    good = len(submitted) - len(wrong)
    console.print(f"{good} of {len(submitted)} submissions got what they must get.")
    for name, path in paths.items():
        console.print(f"{name}: {os.path.relpath(path)}", soft_wrap=True)


def table_of(
    submitted: Sequence[Entry],
    records: Mapping[Key, Record],
    wrong: Mapping[Key, str],
) -> Table:
    """Return the table: who, what was handed in, what it got, whether it must."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("student")
    table.add_column("lesson", overflow="ellipsis", no_wrap=True, max_width=18)
    table.add_column("handed in", overflow="fold", max_width=42)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("diagnosis", overflow="fold", max_width=26)
    table.add_column("expected")
    for entry in submitted:
        key = (entry.student, entry.lesson)
        record = records.get(key)
        ok = "[bold red]NO[/]" if key in wrong else "[green]✓[/]"
        if record is None:
            table.add_row(*key, escape(entry.what), "-", "not graded", "", ok)
            continue
        report = record.report
        table.add_row(
            *key,
            escape(entry.what),
            f"{number(report.points)} / {number(report.max_points)}",
            _styled(report),
            escape(diagnoses(report)),
            ok,
        )
    return table


def diagnoses(report: Report) -> str:
    """Return the known mistakes that a report names, each once."""
    names = (task.diagnosis for task in report.tasks if task.diagnosis)
    return ", ".join(dict.fromkeys(names))


def _styled(report: Report) -> str:
    styles = {Verdict.PASSED: "green", Verdict.NOT_ATTEMPTED: "dim"}
    return f"[{styles.get(report.verdict, 'red')}]{report_word(report)}[/]"
