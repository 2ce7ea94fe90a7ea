"""Fill a chapter's markers from the lesson's own files.

A marker is an HTML comment alone on its line, so a page reads well without it:
`<!-- lesson:chips -->`, `<!-- lesson:outcomes -->`, `<!-- lesson:contract -->`,
`<!-- lesson:hints -->` or `<!-- lesson:hints TASK -->`, `<!-- lesson:mistakes -->`.
Everything is written as Markdown, so links and formulas are checked like the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from textwrap import indent
from typing import Any

from mkdocs.exceptions import PluginError

from autograder.release.chapter import (
    NO_LIST,
    contract_table,
    count,
    facts,
    marks,
    outcomes,
)
from autograder.student.hints import RUNGS, lesson_hints
from autograder.student.lesson import Lesson, read_lesson
from autograder.student.report import CourseError

MARKER = re.compile(r"^<!-- lesson:(\S+)(?: (\S+))? -->[ ]*$", re.MULTILINE)
EMPTY_HEADING = re.compile(r"<th((?: style=\"[^\"]*\")?)></th>")
SHOWN = 12  # mistakes of a task; a page is no catalogue


class Chapter:
    """A lesson folder, as its page needs it."""

    def __init__(self, folder: Path, repository: Path) -> None:
        twin = repository / "solutions" / folder.name
        self.lesson = read_lesson(folder, twin if twin.is_dir() else None)

    def chips(self, _argument: str | None) -> str:
        """Return one quiet line of facts, and the downloads."""
        items = "".join(f"<li>{escape(fact)}</li>" for fact in facts(self.lesson))
        name = self.lesson.id
        return (
            f'<div class="g2k-head">\n<ul class="g2k-chips">{items}</ul>\n'
            '<p class="g2k-downloads">Exercise: '
            f'<a href="{name}.ipynb" download>notebook</a> '
            '<a href="exercise.py" download>Python file</a></p>\n</div>'
        )

    def outcomes(self, _argument: str | None) -> str:
        """Return what the reader will be able to do."""
        return outcomes(self.lesson)

    def contract_table(self, _argument: str | None) -> str:
        """Return each task: its signature, points and limits; then how marks work."""
        table = contract_table(self.lesson)
        return f'<div class="g2k-contract" markdown>\n\n{table}\n\n</div>\n\n' + marks(
            self.lesson
        )

    def hints(self, task: str | None) -> str:
        """Return the folded rungs of one task, or of all."""
        rungs = lesson_hints(self.lesson)
        names = [self.lesson.task(task).name] if task else list(rungs)
        blocks = []
        for name in names:
            blocks.append(f"**Hints for `{name}`**{{ .g2k-hints-title #hints-{name} }}")
            for title, body in zip(RUNGS, rungs[name], strict=True):
                blocks.append(f'??? tip "{title}"\n\n{indent(body, "    ")}')
        return "\n\n".join(blocks)

    def mistakes(self, _argument: str | None) -> str:
        """Return what each known wrong answer is told."""
        bank = known_mistakes(self.lesson)
        if not bank:
            return NO_LIST
        blocks = []
        for task in [entry.name for entry in self.lesson.tasks]:
            known = dict.fromkeys(text for name, text in bank if name == task)
            if known:
                title = f"`{task}`: {count(len(known), 'mistake')} known by name"
                shown = [_sentence(text) for text in known][:SHOWN]
                if len(known) > SHOWN:
                    shown.append(f"… and {len(known) - SHOWN} more.")
                body = "\n".join(f"    - {line}" for line in shown)
                blocks.append(f'??? note "{title}"\n\n{body}')
        return "\n\n".join(blocks)


def known_mistakes(lesson: Lesson) -> list[tuple[str, str]]:
    """Return the task of every known mistake, and what a student with it is told."""
    if lesson.twin_dir is None:  # a students' copy, which lacks the grader as well
        return []
    from autograder.grading.mutants import read_mutants

    # Misunderstandings first: a page shows only some of many.
    mutants = sorted(read_mutants(lesson.twin_dir), key=lambda m: m.severity != "idea")
    return [(mutant.task, mutant.says) for mutant in mutants]


def _sentence(text: str) -> str:
    """Return a docstring's line as Markdown that keeps its stars and brackets."""
    plain = re.split(r"(`[^`]*`)", text)
    plain[::2] = [re.sub(r"([*_$|\[\]])", r"\\\1", escape(part)) for part in plain[::2]]
    return "".join(plain)


MARKERS: dict[str, Callable[[Chapter, str | None], str]] = {
    "chips": Chapter.chips,
    "outcomes": Chapter.outcomes,
    "contract": Chapter.contract_table,
    "hints": Chapter.hints,
    "mistakes": Chapter.mistakes,
}


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Replace the markers of a page."""
    folder = Path(page.file.abs_src_path).parent if page.file.abs_src_path else None
    if folder is None or not (folder / "lesson.toml").is_file():
        return markdown
    try:
        chapter = Chapter(folder, Path(config.config_file_path).parent)
    except CourseError as problem:
        raise PluginError(f"{page.file.src_uri}: {problem}") from None

    def fill(match: re.Match[str]) -> str:
        marker, argument = match[1], match[2]
        if marker not in MARKERS:
            raise PluginError(f"{page.file.src_uri}: unknown marker {match[0]}")
        try:
            return MARKERS[marker](chapter, argument)
        except (CourseError, SyntaxError, OSError) as problem:
            raise PluginError(f"{page.file.src_uri}, {match[0]}: {problem}") from None

    return MARKER.sub(fill, markdown)


def on_page_content(content: str, **_: Any) -> str:
    """Make plain cells of empty column headings, which name nothing."""
    return EMPTY_HEADING.sub(r"<td\1></td>", content)
