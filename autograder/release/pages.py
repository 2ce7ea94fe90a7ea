"""Pages of the website as plain Markdown, to be read in an editor or on GitHub.

The website's own marks become what any reader of Markdown shows: includes become the
code they name, figures become images, folded blocks `<details>`, tabs bold lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

from autograder.release import chapter, kernels
from autograder.student.lesson import Lesson
from autograder.student.report import CourseError

_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_FENCE = re.compile(r"^[ ]*(`{3,}|~{3,})")
_MARKER = re.compile(r"^<!-- lesson:(\S+)(?: (\S+))? -->[ ]*$", re.MULTILINE)
_FIGURE = re.compile(r"^<!-- figure:.*?^<!-- /figure -->$", re.MULTILINE | re.DOTALL)
_HOME_FIGURE = re.compile(r'^<figure class="g2k-figure.*?^</figure>\n\n', re.M | re.S)
_CAPTION = re.compile(r"<figcaption>(.*?)</figcaption>", re.DOTALL)
_PANEL = re.compile(r'--8<-- "([^"]+\.svg)"')
_PREDICT = re.compile(
    r'<div class="g2k"><g2k-predict ([^>]*)>\n<p>(.*?)</p>\n'
    r"<details><summary>(.*?)</summary>(.*?)</details>\n</g2k-predict></div>",
    re.DOTALL,
)
_INCLUDE = re.compile(r'^([ ]*)--8<-- "([^":]+)(?::([\w-]+))?"[ ]*$', re.MULTILINE)
_CLAIM = re.compile(r'<span data-claim="[^"]*">(.*?)</span>', re.DOTALL)
_BUTTON = re.compile(r"(\]\([^)\s]+\))\{[^}\n]*\}")
_HEADING = re.compile(r"^(#+) (.*?) \{#([\w-]+)\}$", re.MULTILINE)
_DEFINITION = re.compile(r"^(\w.*)\n:   (.*(?:\n    .+)*)", re.MULTILINE)
_BLOCK = re.compile(r'^(\?\?\?\+?|!!!|===)(?: [\w-]+)?(?: "(.*)")?[ ]*$')
_COMMENT = re.compile(r"<!--.*?-->[ ]*\n?", re.DOTALL)


@dataclass(frozen=True)
class Pages:
    """The pages of one release."""

    root: Path  # of the course that is released
    lessons: tuple[Lesson, ...]
    site: str = ""  # the website's address, where there is one

    def plain(self, text: str, lesson: Lesson | None = None) -> str:
        """Return a page as plain Markdown.

        Args:
            text: the page as the website has it.
            lesson: whose chapter it is, if it is one.

        Raises:
            CourseError: it names a file that is not there, or a marker nobody knows.
        """
        text = _FRONT.sub("", text).lstrip("\n")
        text = chapter.LESSONS.sub(self._table, text)
        text = kernels.MARKER.sub(_kernels, text)
        if lesson is not None:
            text = _MARKER.sub(lambda match: self._marker(match, lesson), text)
            text = _FIGURE.sub(lambda match: self._figure(match[0], lesson), text)
        text = _PREDICT.sub(_predict, _HOME_FIGURE.sub("", text))
        text = "\n".join(_blocks(_INCLUDE.sub(self._included, text).split("\n")))
        return outside_code(text, _prose)

    def _table(self, match: re.Match[str]) -> str:
        return chapter.table_of_lessons(match[1], self.lessons) + "\n"

    def _marker(self, match: re.Match[str], lesson: Lesson) -> str:
        kind, task = match[1], match[2]
        if kind == "chips":
            files = (
                f"Exercise: [notebook](../../notebooks/{lesson.id}.ipynb) or"
                " [Python file](exercise.py)."
            )
            return f"{' · '.join(chapter.facts(lesson))}\n\n{files}"
        if kind == "outcomes":
            return chapter.outcomes(lesson)
        if kind == "contract":
            return f"{chapter.contract_table(lesson)}\n\n{chapter.marks(lesson)}"
        if kind == "hints":
            place = f"hints.md#{task}" if task else "hints.md"
            return f"[Hints{f' for `{task}`' if task else ''}]({place})"
        if kind == "mistakes":
            where = (
                f" [The website]({self.site}/{lesson.id}/) does." if self.site else ""
            )
            return chapter.NO_LIST + where
        raise CourseError(f"course/{lesson.id}/index.md: unknown marker {match[0]}")

    def _figure(self, block: str, lesson: Lesson) -> str:
        """Return a figure's panels as images, then its caption."""
        parts = []
        for name in _PANEL.findall(block):
            drawing = self._read(name)
            title = re.search(r"<title[^>]*>(.*?)</title>", drawing)
            place = Path(name).relative_to(f"course/{lesson.id}").as_posix()
            parts.append(f"![{title[1] if title else ''}]({place})")
        caption = _CAPTION.search(block)
        if caption:
            parts.append(f"**Figure.** {caption[1].strip()}")
        if self.site:
            parts.append(f"[Move its parts on the website]({self.site}/{lesson.id}/).")
        return "\n\n".join(parts)

    def _included(self, match: re.Match[str]) -> str:
        text, section = self._read(match[2]), match[3]
        if section:
            found = re.search(
                rf"^.*--8<-- \[start:{section}\].*\n"
                rf"((?:.*\n)*?).*--8<-- \[end:{section}\]",
                text,
                re.MULTILINE,
            )
            if found is None:
                raise CourseError(f"{match[2]} has no section {section}")
            text = dedent(found[1]).strip("\n")
        return indent(text.rstrip("\n"), match[1])

    def _read(self, name: str) -> str:
        path = self.root / name
        if not path.is_file():
            raise CourseError(f"{path}, which a chapter includes, is missing")
        return path.read_text(encoding="utf-8")


def _kernels(match: re.Match[str]) -> str:
    return "\n".join(kernels.MARKERS[match[1]]())


def _predict(match: re.Match[str]) -> str:
    """Return a question to guess at: its choices, and the answer folded away."""
    choices = re.search(r'data-options="([^"]*)"', match[1])
    listed = [f"- {one.strip()}" for one in choices[1].split("|")] if choices else []
    answer = re.sub(r"</?p>", "", match[4]).strip()
    parts = [match[2], "\n".join(listed), _folded(match[3], answer)]
    return "\n\n".join(filter(None, parts))


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def _blocks(lines: list[str]) -> Iterator[str]:
    """Yield the lines of a page with its admonitions, folded blocks and tabs undone."""
    fence, at = "", 0
    while at < len(lines):
        line, at = lines[at], at + 1
        mark, block = _FENCE.match(line), _BLOCK.match(line)
        if mark and (not fence or line.strip() == fence):
            fence = "" if fence else mark[1]
        if fence or block is None:
            yield line
            continue
        body = []
        while at < len(lines) and (lines[at].startswith("    ") or not lines[at]):
            body.append(lines[at])
            at += 1
        text = "\n".join(_blocks(dedent("\n".join(body)).strip("\n").split("\n")))
        yield from (_undone(block[1], block[2] or "", text) + "\n").split("\n")


def _undone(kind: str, title: str, text: str) -> str:
    bold = f"**{title}**" if title else ""
    if kind.startswith(
        "???"
    ):  # Markdown is not read in a summary: the title goes above
        text = _folded("Answer" if title.endswith("?") else "Show", text)
    if kind == "!!!":
        quoted = "\n\n".join(filter(None, [bold, text]))
        return indent(quoted, "> ", lambda _: True)
    return "\n\n".join(filter(None, [bold, text]))


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Apply a change to a page but for its fenced blocks of code."""
    pieces: list[str] = []
    prose: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if not fence and mark:
            pieces.append(change("\n".join(prose)) if prose else "")
            prose, fence = [line], mark[1]
        elif fence:
            prose.append(line)
            if line.strip() == fence:
                pieces.append("\n".join(prose))
                prose, fence = [], ""
        else:
            prose.append(line)
    if prose:
        pieces.append("\n".join(prose) if fence else change("\n".join(prose)))
    return "\n".join(pieces).lstrip("\n")


def _prose(text: str) -> str:
    text = _CLAIM.sub(r"\1", _COMMENT.sub("", text))
    text = _BUTTON.sub(r"\1", text)
    text = _DEFINITION.sub(r"**\1**: \2", text)
    return _HEADING.sub(_anchored, text)


def _anchored(match: re.Match[str]) -> str:
    """Return a heading that other pages find under the name the website gives it."""
    heading = f"{match[1]} {match[2]}"
    if slug(match[2]) == match[3]:
        return heading
    return f'<a id="{match[3]}"></a>\n\n{heading}'


def slug(heading: str) -> str:
    """Return the name that GitHub and editors give a heading."""
    words = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return words.replace(" ", "-")


_LINK = re.compile(r"(`+[^`]*`+)|(?<!!)\[([^\]\n]*)\]\(([^)\s]+)\)")


def relinked(text: str, target: Callable[[str], str | None]) -> str:
    """Return a page whose links go where a function says.

    Args:
        text: a page in plain Markdown.
        target: the new address of a link, or None to keep its words alone.
    """

    def change(match: re.Match[str]) -> str:
        if match[1]:
            return match[0]
        place = target(match[3])
        return match[2] if place is None else f"[{match[2]}]({place})"

    return outside_code(text, lambda prose: _LINK.sub(change, prose))
