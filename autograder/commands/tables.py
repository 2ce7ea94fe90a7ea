"""Tables that the instructor's commands print."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.classroom.class_report import LessonReport
from autograder.classroom.records import Record
from autograder.classroom.similarity import Likeness
from autograder.classroom.wording import number, report_word, verdict_word
from autograder.student.report import Report, Verdict

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
        f" {report.points:g}/{report.max_points:g} {report_word(report)}"
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
            _styled(report),
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


def show_reports(reports: Iterable[LessonReport]) -> None:
    """Print how each lesson went, its most common mistakes, and whom to look at."""
    console = Console(highlight=False)
    for report in reports:
        one = report.statistics
        console.print(
            f"[bold]{one.lesson}[/bold]  {one.submissions} submissions, mean"
            f" {number(one.mean)} / {number(one.max_points)}, median"
            f" {number(one.median)}"
        )
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("task")
        table.add_column("mean", justify="right")
        table.add_column("full marks", justify="right")
        table.add_column("separates", justify="right")
        table.add_column("verdicts")
        for task in one.tasks:
            mix = ", ".join(f"{verdict_word(v)} {n}" for v, n in task.verdicts)
            share, far = f"{100 * task.mean_share:.0f} %", task.discrimination
            separates = "" if far is None else f"{far:.2f}"
            table.add_row(task.task, share, str(task.passed), separates, mix)
        console.print(table)
        mistakes = [(item, task.task) for task in one.tasks for item in task.mistakes]
        mistakes.sort(key=lambda pair: -len(pair[0].students))
        for item, name in mistakes[:5]:
            console.print(Text(f"  {len(item.students)} x {name}: {item.text}"))
        for concern in report.concerns:
            who = ", ".join(person.student for person in concern.people[:5])
            more = ", ..." if len(concern.people) > 5 else ""
            told = f"  look: {concern.title} ({len(concern.people)}: {who}{more})"
            console.print(Text(told), style="yellow")
        console.print()


def show_groups(found: Iterable[Likeness]) -> None:
    """Print the groups of submissions that resemble each other, lesson by lesson."""
    console = Console(highlight=False)
    for likeness in found:
        if not likeness.groups:
            console.print(f"{likeness.lesson}: no two submissions are unusually alike")
            continue
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column(likeness.lesson, justify="right")
        table.add_column("in common", justify="right")
        table.add_column("students", overflow="fold")
        for group in likeness.groups:
            share = (
                "all, word for word" if group.word_for_word else f"{group.share:.0%}"
            )
            names = Text(", ".join(group.students))
            table.add_row(f"group of {len(group.students)}", share, names)
        console.print(table)
        console.print("A reason to read, never a verdict.")


def _styled(report: Report) -> str:
    return f"[{_STYLES.get(report.verdict, 'red')}]{report_word(report)}[/]"
