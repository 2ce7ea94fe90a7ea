"""Where feedback pages link to: the course's website, if the class names its address.

The website gives the ids: a chapter's headings carry those of lesson.toml, and
``site/hooks/chapter.py`` gives each task's hints one. A test builds the website and
follows every link.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from autograder.student.lesson import Lesson
from autograder.student.report import CourseError

_ADDRESS = re.compile(r"https?://[^\s/?#\"'<>\\]+(?:/[^\s?#\"'<>\\]*)?")


@dataclass(frozen=True)
class CourseSite:
    """The address of the published course; "" where a class has none."""

    address: str = ""

    def chapter(self, lesson: Lesson, anchor: str) -> str:
        """Return the link to a heading of a chapter, "" without a site."""
        return self._link(lesson, anchor)

    def hints(self, lesson: Lesson, task: str) -> str:
        """Return the link to a task's hints in its chapter, "" without a site."""
        return self._link(lesson, f"hints-{task}")

    def _link(self, lesson: Lesson, anchor: str) -> str:
        if not self.address:
            return ""
        return f"{self.address.rstrip('/')}/{quote(lesson.id)}/#{quote(anchor)}"


def check_site(address: str) -> str:
    """Return the address of a website as it is kept: without blanks around it.

    Raises:
        CourseError: it is not one.
    """
    found = address.strip()
    if found and not _ADDRESS.fullmatch(found):
        raise CourseError(
            f"{address!r} is not a website's address: write it as https://HOST/PATH"
        )
    return found


def heading_of(lesson: Lesson, anchor: str) -> str:
    """Return a chapter's heading in words, or the words of its id."""
    try:
        text = (lesson.course_dir / "index.md").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    pattern = rf"^#+ +(.+?) *\{{#{re.escape(anchor)}\}} *$"
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else anchor.replace("-", " ").capitalize()
