"""What a page says from the lessons' own files, as Markdown.

The website and the students' copy show the same: outcomes, contract, how marks work.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.student.lesson import PARTS, Lesson, duration
from autograder.student.report import ANY_CAP, CORE_CAP

#: A table of planned lessons on the home page, which those that are there join.
LESSONS = re.compile(r"^<!-- course:lessons -->\n\n((?:\|.*\n)+)", re.MULTILINE)
LONG_SIGNATURE = 160  # a kernel's strides fill a phone's screen otherwise
NO_LIST = (
    "(This copy of the course does not list them. The grader knows them all the same.)"
)


def table_of_lessons(table: str, lessons: Iterable[Lesson]) -> str:
    """Add the lessons that are there to a table of planned ones, in the right order."""
    head, rule, *rows = table.splitlines()
    rows = sorted([*map(_row, lessons), *rows], key=_place)
    return "\n".join([head, rule, *rows])


def _row(lesson: Lesson) -> str:
    return (
        f"| {int(lesson.id[:2])} | [{lesson.title}]({lesson.id}/index.md)"
        f" | {lesson.part} | {duration(lesson.reading)} | {duration(lesson.solving)} |"
    )


def _place(row: str) -> tuple[int, int]:
    """Return what a row is sorted by: its number, then its part of the course."""
    number, _, part = (cell.strip() for cell in row.split("|")[1:4])
    return int(number), PARTS.index(part)


def facts(lesson: Lesson) -> list[str]:
    """Return what to know of a lesson before reading: times, tasks, points, needs."""
    points = sum(task.points for task in lesson.tasks)
    points += lesson.written.points if lesson.written else 0
    return [
        lesson.part,
        f"reading about {duration(lesson.reading)}",
        f"solving about {duration(lesson.solving)}",
        count(len(lesson.tasks), "task"),
        count(points, "point"),
        *(f"needs {need}" for need in lesson.needs),
    ]


def outcomes(lesson: Lesson) -> str:
    """Return what the reader will be able to do, as a list."""
    return "\n".join(f"- {outcome}" for outcome in lesson.outcomes)


def contract_table(lesson: Lesson) -> str:
    """Return a table of the tasks: signature, points and limits."""
    signatures = read_signatures(lesson.exercise_path)
    rows = ["| task | you write | points | CPU | memory |", "|---|---|--:|--:|--:|"]
    for task in lesson.tasks:
        signature = _shorten(signatures.get(task.name, task.name))
        rows.append(
            f"| [`{task.name}`](#{task.chapter}) | `{signature}` "
            f"| {task.points:g} | {task.seconds:g} s | {task.memory_mb} MB |"
        )
    written = lesson.written
    if written:
        rows.append(
            f"| `{written.name}` | a written answer, read by a person "
            f"| {written.points:g} | | |"
        )
    return "\n".join(rows)


def marks(lesson: Lesson) -> str:
    """Return what decides a task's points beside the checks that pass."""
    return " ".join(_marks(lesson))


def _marks(lesson: Lesson) -> Iterator[str]:
    yield (
        "Core checks ask for what a task teaches: while one fails, the task earns at"
        f" most {100 * CORE_CAP:g} % of its points, and nothing while none passes;"
        f" while any other check fails, at most {100 * ANY_CAP:g} %."
    )
    rests = {task.name: task.rests_on for task in lesson.tasks if task.rests_on}
    if rests:
        # One sentence for all of them: said of each, it hides who rests on whom.
        said = [
            f"`{name}` {'on' if place else 'rests on'} "
            + " and ".join(f"`{base}`" for base in bases)
            for place, (name, bases) in enumerate(rests.items())
        ]
        whose = "its checks run" if len(rests) == 1 else "what rests on it runs"
        yield f"{'; '.join(said)}: where yours fails, {whose} with ours as well."


def _shorten(signature: str) -> str:
    """Return a signature with the middle of a very long argument list left out."""
    if len(signature) <= LONG_SIGNATURE:
        return signature
    arguments = signature.split(", ")
    return ", ".join([*arguments[:4], "…", *arguments[-2:]])


def read_signatures(path: Path) -> dict[str, str]:
    """Return the signature of every top-level function and class of a stub."""
    found = {}
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            arguments = ast.unparse(node.args).replace("'", '"')
            returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            found[node.name] = f"{node.name}({arguments}){returns}"
        elif isinstance(node, ast.ClassDef):
            found[node.name] = f"class {node.name}"
    return found


def count(number: float, noun: str) -> str:
    """Return a number and its noun."""
    return f"{number:g} {noun}" if number == 1 else f"{number:g} {noun}s"
