"""What the students' commands print: tables, messages, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.student.checking import VERDICT_WORDS, CheckResult
from autograder.student.lesson import Lesson, duration
from autograder.student.report import TaskResult, Verdict, gettext


def print_lessons(lessons: Iterable[Lesson]) -> None:
    """Print the lessons, one a row."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(gettext("lesson"), no_wrap=True)
    table.add_column(gettext("title"))
    table.add_column(gettext("reading, about"), justify="right")
    table.add_column(gettext("solving, about"), justify="right")
    table.add_column(gettext("points"), justify="right")
    table.add_column(gettext("tasks"), overflow="fold")
    for lesson in lessons:
        total = sum(task.points for task in lesson.tasks)
        total += lesson.written.points if lesson.written else 0
        tasks = ", ".join(task.name for task in lesson.tasks)
        times = (duration(lesson.reading), duration(lesson.solving))
        table.add_row(lesson.id, escape(lesson.title), *times, f"{total:g}", tasks)
    Console().print(table)


def print_check(result: CheckResult, path: Path) -> None:
    """Print one row a task, then what failed in three lines each, then what is next."""
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(gettext("task"), no_wrap=True)
    table.add_column(gettext("public tests"), justify="right")
    table.add_column(gettext("result"))
    for task in result.tasks:
        good = sum(test.verdict is Verdict.PASSED for test in task.tests)
        word = escape(VERDICT_WORDS[task.verdict])
        style = _STYLES.get(task.verdict, "red")
        count = gettext("{good} of {all}").format(good=good, all=len(task.tests))
        table.add_row(task.task, count, f"[{style}]{word}[/]")
    console.print(table)
    for task in result.tasks:
        unfinished = task.verdict not in (Verdict.PASSED, Verdict.NOT_ATTEMPTED)
        if unfinished and task.message is not None:
            console.print(f"\n[bold]{task.task}[/]")
            console.print(escape(str(task.message)), soft_wrap=True)
    for note in result.notes:
        console.print(escape(f"\n{gettext('Note')}: {note}"), soft_wrap=True)
    console.print(escape(f"\n{next_step(result, path)}"), soft_wrap=True)


_STYLES = {Verdict.PASSED: "green", Verdict.NOT_ATTEMPTED: "dim"}


def next_step(result: CheckResult, path: Path) -> str:
    """Return the one sentence that says what to do now."""
    lesson, task = result.lesson, result.next_task
    if task is None:
        text = gettext(
            "All public tests that ran pass. Hidden tests ask for more of the same:"
            " hand in with: autograder submit {lesson}"
        )
        return text.format(lesson=lesson.id)
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
        "notes": list(result.notes),
        "next": next_step(result, path),
    }


def _task(task: TaskResult) -> dict[str, Any]:
    return {
        "task": task.task,
        "verdict": str(task.verdict),
        "message": None if task.message is None else str(task.message),
        "tests": [
            {
                "test": test.test,
                "verdict": str(test.verdict),
                "message": None if test.message is None else str(test.message),
            }
            for test in task.tests
        ],
    }
