"""The two lists of lessons that are kept by hand: the menu, and the plan.

Both are edited as text, so that comments and order stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from autograder.student.lesson import PARTS
from autograder.student.report import CourseError

_PLANNED = re.compile(
    r"^\| (\d+) \| (.+?) \| (.+?) \| \*planned\* \| \|\n", re.MULTILINE
)
_SECTION = re.compile(r"  - ([^:]+):")
_ENTRY = re.compile(r"      - .+: (\d\d-[a-z0-9-]+)/index\.md")


@dataclass(frozen=True)
class Planned:
    """A row of the home page's table: a lesson that does not exist yet."""

    title: str
    part: str


def planned_rows(home: str) -> dict[int, Planned]:
    """Return the planned lessons of the home page, by number."""
    return {int(m[1]): Planned(m[2], m[3]) for m in _PLANNED.finditer(home)}


def without_planned(home: str, number: int) -> str:
    """Return the home page without the planned lesson of a number.

    Lessons that exist are added to the table while the website is built.
    """
    return _PLANNED.sub(lambda m: "" if int(m[1]) == number else m[0], home)


def with_entry(settings: str, part: str, label: str, lesson: str) -> str:
    """Return ``mkdocs.yml`` with a lesson in its part of the menu.

    Args:
        settings: the text of the file.
        part: the part of the course; its section is made if there is none.
        label: what the menu says.
        lesson: the lesson's folder.

    Raises:
        CourseError: the file has no menu of the form that is expected.
    """
    lines = settings.split("\n")
    sections = _sections(lines)
    entry = f"      - {label}: {lesson}/index.md"
    if part in sections:
        at = sections[part][0] + 1
        for place in range(*sections[part]):
            match = _ENTRY.match(lines[place])
            if match and match[1] < lesson:
                at = place + 1
        lines[at:at] = [entry]
    else:
        before = [p for p in PARTS[: PARTS.index(part)] if p in sections]
        if not before:
            raise CourseError(
                f"mkdocs.yml: nav has no section of a part before {part!r}; write"
                f" '  - {part}:' where it belongs"
            )
        at = sections[before[-1]][1]
        lines[at:at] = [f"  - {part}:", entry]
    return "\n".join(lines)


def _sections(lines: list[str]) -> dict[str, tuple[int, int]]:
    """Return the first line of each section of the menu, and the line after its last.

    Raises:
        CourseError: there is no menu.
    """
    starts = [i for i, line in enumerate(lines) if line.startswith("nav:")]
    if not starts:
        raise CourseError("mkdocs.yml has no line 'nav:'")
    found: dict[str, tuple[int, int]] = {}
    name = ""
    for place in range(starts[0] + 1, len(lines)):
        line = lines[place]
        if not line.strip():
            continue
        if not line.startswith("  "):
            break
        match = _SECTION.match(line)
        if match:
            name = match[1].strip()
            found[name] = (place, place + 1)
        elif name:
            found[name] = (found[name][0], place + 1)
    return found
