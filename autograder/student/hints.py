"""Reads ``hints.md``: three rungs for each task, one form for all who read it.

A task is a heading ``## NAME``, a rung is a heading ``### Nudge``, ``### Plan`` or
``### Near-code`` below it, in this order, each with something to read. A rung may hold
any Markdown; what looks like a heading inside a code block is code.
"""

from __future__ import annotations

import re

from autograder.student import markdown
from autograder.student.lesson import Lesson
from autograder.student.report import CourseError

RUNGS = ("Nudge", "Plan", "Near-code")

_FORM = ", ".join(f"'### {rung}'" for rung in RUNGS)


def lesson_hints(lesson: Lesson) -> dict[str, tuple[str, ...]]:
    """Return the rungs of each task of a lesson, in the order of ``lesson.toml``.

    Raises:
        CourseError: ``hints.md`` is missing or broken, or is not about these tasks.
    """
    try:
        text = (lesson.course_dir / "hints.md").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CourseError(f"{lesson.course_dir / 'hints.md'} is missing") from None
    found = read_hints(text)
    names = [task.name for task in lesson.tasks]
    for name in names:
        if name not in found:
            raise CourseError(
                f"hints.md, task {name}: no hints; write '## {name}', and {_FORM} below"
            )
    for name in found:
        if name not in names:
            raise CourseError(
                f"hints.md, task {name}: lesson.toml has no such task;"
                f" its tasks are {', '.join(names)}"
            )
    return {name: found[name] for name in names}


def read_hints(text: str) -> dict[str, tuple[str, ...]]:
    """Return ``{task: rungs}``, each rung as Markdown.

    Raises:
        CourseError: the text has another form; names file, task and remedy.
    """
    found: dict[str, tuple[str, ...]] = {}
    for heading, body in _sections(text, "## "):
        if not re.fullmatch(r"\w+", heading):
            raise CourseError(
                f"hints.md: '## {heading}' is not a task; write its bare name after ##"
            )
        if heading in found:
            raise CourseError(
                f"hints.md, task {heading}: two sections; put the rungs into one"
            )
        found[heading] = _rungs(heading, body)
    return found


def _rungs(task: str, body: str) -> tuple[str, ...]:
    rungs = list(_sections(body, "### "))
    titles = tuple(title for title, _ in rungs)
    if titles != RUNGS:
        raise CourseError(
            f"hints.md, task {task}: its rungs are {', '.join(titles) or 'none'};"
            f" write {_FORM}, in this order"
        )
    if not body.lstrip().startswith("### "):
        raise CourseError(
            f"hints.md, task {task}: text above the first rung, which nobody is"
            f" shown; move it below '### {RUNGS[0]}'"
        )
    for title, rung in rungs:
        if not rung:
            raise CourseError(
                f"hints.md, task {task}: the rung {title} is empty;"
                f" write it below '### {title}'"
            )
    return tuple(rung for _, rung in rungs)


def _sections(text: str, mark: str) -> list[tuple[str, str]]:
    """Return each heading of a level with the text below it."""
    found: list[tuple[str, list[str]]] = []
    for line, code in markdown.lines(text):
        if not code and line.startswith(mark):
            found.append((line.removeprefix(mark).strip(), []))
        elif found:
            found[-1][1].append(line)
    return [(heading, "\n".join(body).strip()) for heading, body in found]
