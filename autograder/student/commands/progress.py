"""Checks every lesson that has been begun, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder.student.commands.answers import answer_of, work_in
from autograder.student.commands.student import AsJson
from autograder.student.lesson import COURSE_ENV, Course, Lesson, find_course
from autograder.student.report import CourseError, Verdict
from autograder.student.verdict_words import verdict_word


@dataclass(frozen=True)
class Row:
    """A task of a lesson, and how its public tests went."""

    lesson: str
    task: str  # "" for the lesson as a whole, where its check did not end well
    result: str  # in words
    counts: str  # "2 of 3" public tests
    failed: bool
    message: str = ""


def progress(
    summary: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Add a table in Markdown to a file, as GitHub wants it.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the public tests of every lesson that you have begun.

    Lessons and tasks that you have not tried do not fail it.
    """
    course = find_course()
    rows: list[Row] = []
    begun = [lesson for lesson in course.lessons if _is_begun(lesson)]
    for lesson in begun:
        found = list(_check(course, lesson))
        rows += found
        if not as_json:
            for row in found:
                print(_line(row), flush=True)
    untouched = [lesson.id for lesson in course.lessons if lesson not in begun]
    if as_json:
        tasks = [vars(row) for row in rows]
        print(json.dumps({"tasks": tasks, "not_begun": untouched}, indent=2))
    elif untouched:
        print(f"Not begun: {', '.join(untouched)}")
    if summary is not None:
        _append(summary, _markdown(rows, untouched))
    raise typer.Exit(1 if any(row.failed for row in rows) else 0)


def _is_begun(lesson: Lesson) -> bool:
    try:
        return work_in(answer_of(lesson).path, lesson) > 0
    except CourseError:  # neither form is there
        return False


def _check(course: Course, lesson: Lesson) -> Iterator[Row]:
    """Yield a row a task; one lesson's code cannot stop the check of the next."""
    code = "from autograder.student.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "check", lesson.id, "--json"],
        env=os.environ | {COURSE_ENV: str(course.root)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    try:
        tasks = json.loads(done.stdout)["tasks"]
    except (ValueError, KeyError, TypeError):
        said = done.stderr.strip().split("\n")[-1].removeprefix("autograder: ")
        reason = said or f"the check ended with code {done.returncode}"
        yield Row(lesson.id, "", "not checked", "", True, reason)
        return
    yield from (_row(lesson, task) for task in tasks)


def _row(lesson: Lesson, task: dict[str, Any]) -> Row:
    verdict = Verdict(task["verdict"])
    good = sum(test["verdict"] == Verdict.PASSED for test in task["tests"])
    tried = verdict is not Verdict.NOT_ATTEMPTED
    return Row(
        lesson.id,
        task["task"],
        verdict_word(verdict),
        f"{good} of {len(task['tests'])}",
        tried and verdict is not Verdict.PASSED,
        (task["message"] or "") if tried else "",
    )


def _line(row: Row) -> str:
    line = f"{row.lesson:20}  {row.task:24}  {row.counts:>8}  {row.result}"
    told = [f"  {one}" for one in row.message.split("\n")] if row.failed else []
    return "\n".join([line.rstrip(), *told])


def _markdown(rows: list[Row], untouched: list[str]) -> str:
    lines = ["## Public tests", ""]
    if rows:
        lines += ["| lesson | task | public tests | result |", "|---|---|--:|---|"]
    for row in rows:
        mark = "❌ " if row.failed else ""
        name = f"`{row.task}`" if row.task else ""
        lines.append(f"| {row.lesson} | {name} | {row.counts} | {mark}{row.result} |")
    for row in rows:
        if row.failed:
            title = " ".join(filter(None, [row.lesson, row.task]))
            lines += ["", f"**{title}**", "", *_quoted(row.message)]
    if untouched:
        lines += ["", f"Not begun: {', '.join(untouched)}."]
    lines += ["", "Hidden tests decide the grade: they ask for more of the same."]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> list[str]:
    """Return lines as code, whatever they hold."""
    return [f"    {line}" for line in text.split("\n")]


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CourseError(f"{path} cannot be written: {error.strerror}") from None
