"""Tables that the instructor's commands print."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from autograder.classroom.records import Record
from autograder.classroom.similarity import Pair
from autograder.classroom.statistics import LessonStatistics
from autograder.classroom.wording import number, verdict_word
from autograder.student.report import Verdict

_STYLES = {
    Verdict.PASSED: "green",
    Verdict.NOT_ATTEMPTED: "dim",
    Verdict.INFRA: "magenta",
    Verdict.SECURITY: "bold red",
}


def line_of(record: Record) -> str:
    """Return one graded submission in a line, for the progress of a run."""
    report = record.report
    return (
        f"{record.student} {record.lesson}"
        f" {report.points:g}/{report.max_points:g} {verdict_word(report.verdict)}"
    )


def exit_code(records: Iterable[Record]) -> int:
    """Return the worst exit code of several reports; 0 without any."""
    return max((record.report.exit_code for record in records), default=0)


def show_records(records: Sequence[Record], *, as_json: bool) -> None:
    """Print one row a student and lesson, and what was odd below; or the reports."""
    if as_json:
        print(json.dumps([record.report.as_dict() for record in records], indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("student", "lesson"):
        table.add_column(title, overflow="fold")
    table.add_column("points", justify="right")
    table.add_column("verdict")
    table.add_column("diagnosis", overflow="fold")
    for record in records:
        report, tasks = record.report, record.report.tasks
        table.add_row(
            Text(record.student),
            record.lesson,
            f"{number(report.points)} / {number(report.max_points)}",
            _styled(report.verdict),
            Text(", ".join(dict.fromkeys(t.diagnosis for t in tasks if t.diagnosis))),
        )
    console = Console(highlight=False)  # to highlight odd text may take minutes
    console.print(table)
    for record in records:
        for note in (*record.report.notes, *_common_message(record)):
            console.print(Text(f"{record.student}: {note}"), style="dim")


def _common_message(record: Record) -> list[str]:
    """Return what holds for all tasks alike: why nothing could be read or graded."""
    messages = {task.message for task in record.report.tasks}
    (message,) = messages if len(messages) == 1 else (None,)
    if message is None or not message.evidence:
        return []
    return [f"{message.where}: {message.evidence}"]


def show_statistics(statistics: Iterable[LessonStatistics]) -> None:
    """Print each lesson's tasks and its most common mistakes."""
    console = Console(highlight=False)
    for one in statistics:
        console.print(
            f"[bold]{one.lesson}[/bold]  {one.submissions} submissions, mean"
            f" {number(one.mean)} / {number(one.max_points)}, median"
            f" {number(one.median)}"
        )
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("task")
        table.add_column("mean", justify="right")
        table.add_column("full marks", justify="right")
        table.add_column("verdicts")
        for task in one.tasks:
            mix = ", ".join(f"{verdict_word(v)} {n}" for v, n in task.verdicts)
            share = f"{100 * task.mean_share:.0f} %"
            table.add_row(task.task, share, str(task.passed), mix)
        console.print(table)
        for item in one.misconceptions[:5]:
            console.print(f"  {item.students} x {item.task}: {escape(item.text)}")
        console.print()


def show_pairs(found: Mapping[str, Sequence[Pair]]) -> None:
    """Print pairs of submissions that share much, lesson by lesson."""
    console = Console(highlight=False)
    for lesson, pairs in found.items():
        if not pairs:
            console.print(f"{lesson}: no two submissions are unusually alike")
            continue
        console.print(f"[bold]{lesson}[/bold]  alike enough to look at:")
        for pair in pairs:
            console.print(
                escape(
                    f"  {pair.share:4.0%}  {pair.first} ({'; '.join(pair.first_lines)})"
                    f"  {pair.second} ({'; '.join(pair.second_lines)})"
                )
            )


def _styled(verdict: Verdict) -> str:
    return f"[{_STYLES.get(verdict, 'red')}]{verdict_word(verdict)}[/]"
