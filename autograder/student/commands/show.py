"""What the students' commands print: tables, messages, and what to do next."""

from __future__ import annotations

import html
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.student.checking import CheckResult, failure_text, printed_text
from autograder.student.commands.answers import choosing
from autograder.student.lesson import Lesson, duration
from autograder.student.report import CourseError, TaskResult, Verdict, gettext
from autograder.student.verdict_words import verdict_word


def print_lessons(lessons: Iterable[Lesson]) -> None:
    """Print the lessons, one a row, with their tasks below the title."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 1, 0))
    table.add_column(gettext("lesson"), no_wrap=True)
    table.add_column(gettext("title and tasks"))
    for name in (gettext("reading"), gettext("solving"), gettext("points")):
        table.add_column(name, justify="right", no_wrap=True)
    for lesson in lessons:
        total = sum(task.points for task in lesson.tasks)
        total += lesson.written.points if lesson.written else 0
        tasks = ", ".join(task.name for task in lesson.tasks)
        about = f"{escape(lesson.title)}\n[dim]{tasks}[/]"
        times = (duration(lesson.reading), duration(lesson.solving))
        table.add_row(lesson.id, about, *times, f"{total:g}")
    Console(highlight=False).print(table)


def print_check(result: CheckResult, path: Path) -> None:
    """Print one row a task, then what failed in three lines each, then what is next."""
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(gettext("task"), no_wrap=True)
    table.add_column(gettext("public tests"), justify="right")
    table.add_column(gettext("result"))
    for task in result.tasks:
        good = sum(test.verdict is Verdict.PASSED for test in task.tests)
        word = escape(verdict_word(task.verdict))
        style = _STYLES.get(task.verdict, "red")
        count = gettext("{good} of {all}").format(good=good, all=len(task.tests))
        table.add_row(task.task, count, f"[{style}]{word}[/]")
    console.print(table)
    for message, tasks in _messages(result).items():
        console.print(f"\n[bold]{', '.join(tasks)}[/]")
        console.print(escape(message), soft_wrap=True)
    for printed in result.printed_texts:
        console.print(escape(f"\n{printed}"), soft_wrap=True)
    for note in result.notes:
        console.print(escape(f"\n{gettext('Note')}: {note}"), soft_wrap=True)
    console.print(escape(f"\n{next_step(result, path)}"), soft_wrap=True)


def _messages(result: CheckResult) -> dict[str, list[str]]:
    """Return what went wrong, each once, with the tasks in which it did."""
    found: dict[str, list[str]] = {}
    for task in result.tasks:
        unfinished = task.verdict not in (Verdict.PASSED, Verdict.NOT_ATTEMPTED)
        if unfinished and task.message is not None:
            found.setdefault(failure_text(task), []).append(task.task)
    return found


_STYLES = {Verdict.PASSED: "green", Verdict.NOT_ATTEMPTED: "dim"}


def next_step(result: CheckResult, path: Path) -> str:
    """Return the one sentence that says what to do now."""
    lesson, task = result.lesson, result.next_task
    if task is None:
        text = gettext(
            "All public tests that ran pass. Hidden tests ask for more of the same:"
            " hand in with: autograder submit {lesson}"
        )
        return text.format(lesson=lesson.id + choosing(lesson, path))
    chapter = f"course/{lesson.id}/index.md#{lesson.task(task.task).chapter}"
    text = gettext("Next: {task} in {file}. Chapter: {chapter}. Hints: {hints}.")
    return text.format(
        task=task.task,
        file=path,
        chapter=chapter,
        hints=f"course/{lesson.id}/hints.md",
    )


def as_dict(result: CheckResult, path: Path) -> dict[str, Any]:
    """Return a check as plain data."""
    return {
        "lesson": result.lesson.id,
        "file": str(path),
        "passed": result.passed,
        "tasks": [_task(task) for task in result.tasks],
        "printed": dict(result.printed),
        "notes": list(result.notes),
        "next": next_step(result, path),
    }


def _task(task: TaskResult) -> dict[str, Any]:
    return {
        "task": task.task,
        "verdict": str(task.verdict),
        "message": None if task.message is None else str(task.message),
        "looks_like": task.diagnosis_text,
        "tests": [
            {
                "test": test.test,
                "verdict": str(test.verdict),
                "message": None if test.message is None else str(test.message),
            }
            for test in task.tests
        ],
    }


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;
padding:0 1rem}}pre{{white-space:pre-wrap}}</style></head>
<body><h1>{title}</h1>
<p>{file}</p>
{cards}
</body></html>
"""


def write_page(result: CheckResult, path: Path, page: Path) -> None:
    """Write what a check found as one page that needs nothing else.

    Raises:
        CourseError: it cannot be written.
    """
    cards = []
    printed = dict(result.printed)
    for task in result.tasks:
        cards.append(result.card(task))
        if task.message is not None and task.verdict is not Verdict.NOT_ATTEMPTED:
            cards.append(f"<pre>{html.escape(str(task.message))}</pre>")
        if task.task in printed:
            text = printed_text(task.task, printed[task.task])
            cards.append(f"<pre>{html.escape(text)}</pre>")
    title = html.escape(f"{result.lesson.id}: {result.lesson.title}")
    text = _PAGE.format(
        title=title, file=html.escape(str(path)), cards="\n".join(cards)
    )
    try:
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CourseError(f"{page} cannot be written: {error.strerror}") from None
