"""Fill the home page's table of lessons from the lessons' own files.

Rows of lessons that are there are made of their `lesson.toml`. Rows of planned ones
are typed, in the table below the marker `<!-- course:lessons -->`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError

from autograder.student.lesson import PARTS, Course, Lesson, duration
from autograder.student.report import CourseError

TABLE = re.compile(r"^<!-- course:lessons -->\n\n((?:\|.*\n)+)", re.MULTILINE)


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Add the lessons that are there to the planned ones, in the course's order."""
    match = TABLE.search(markdown)
    if match is None:
        return markdown
    head, rule, *rows = match[1].splitlines()
    try:
        lessons = Course(Path(config.config_file_path).parent).lessons
    except CourseError as problem:
        raise PluginError(f"{page.file.src_uri}: {problem}") from None
    rows = sorted([*map(_row, lessons), *rows], key=_place)
    table = "\n".join([head, rule, *rows])
    return f"{markdown[: match.start()]}{table}\n{markdown[match.end() :]}"


def _row(lesson: Lesson) -> str:
    return (
        f"| {int(lesson.id[:2])} | [{lesson.title}]({lesson.id}/index.md)"
        f" | {lesson.part} | {duration(lesson.reading)} | {duration(lesson.solving)} |"
    )


def _place(row: str) -> tuple[int, int]:
    """Return what a row is sorted by: its number, then its part of the course."""
    number, _, part = (cell.strip() for cell in row.split("|")[1:4])
    return int(number), PARTS.index(part)
