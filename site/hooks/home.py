"""Fill the home page's table of lessons from the lessons' own files.

Rows of lessons that are there are made of their `lesson.toml`. Rows of planned ones
are typed, in the table below the marker `<!-- course:lessons -->`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError

from autograder.release.chapter import LESSONS, table_of_lessons
from autograder.student.lesson import Course
from autograder.student.report import CourseError


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Add the lessons that are there to the planned ones, in the course's order."""
    match = LESSONS.search(markdown)
    if match is None:
        return markdown
    try:
        lessons = Course(Path(config.config_file_path).parent).lessons
    except CourseError as problem:
        raise PluginError(f"{page.file.src_uri}: {problem}") from None
    table = table_of_lessons(match[1], lessons)
    return f"{markdown[: match.start()]}{table}\n{markdown[match.end() :]}"
