"""Fill a chapter's markers from the lesson's own files.

A marker is an HTML comment alone on its line, so a page reads well without it:
`<!-- lesson:chips -->`, `<!-- lesson:outcomes -->`, `<!-- lesson:contract -->`,
`<!-- lesson:hints -->` or `<!-- lesson:hints TASK -->`, `<!-- lesson:mistakes -->`.
Everything is written as Markdown, so links and formulas are checked like the rest.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable
from html import escape
from pathlib import Path
from textwrap import indent
from typing import Any

from mkdocs.exceptions import PluginError

MARKER = re.compile(r"^<!-- lesson:(\S+)(?: (\S+))? -->[ ]*$", re.MULTILINE)
EMPTY_HEADING = re.compile(r"<th((?: style=\"[^\"]*\")?)></th>")
RUNGS = 3
SHOWN = 12  # mistakes of a task; a page is no catalogue
LONG_SIGNATURE = 160  # a kernel's strides fill a phone's screen otherwise


class Chapter:
    """A lesson folder, as its page needs it."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self.folder = folder
        self.twin = repository / "solutions" / folder.name
        self.contract = tomllib.loads((folder / "lesson.toml").read_text("utf-8"))
        self.tasks: list[dict[str, Any]] = self.contract.get("task", [])

    def chips(self, _argument: str | None) -> str:
        """Return one quiet line of facts, and the downloads."""
        written = self.contract.get("written")
        points = sum(task["points"] for task in self.tasks)
        facts = [
            str(self.contract.get("part", "")),
            f"{self.contract['minutes']} minutes",
            _count(len(self.tasks), "task"),
            _count(points + (written or {}).get("points", 0), "point"),
        ]
        needs = self.contract.get("needs", [])
        facts += [f"needs {escape(need)}" for need in needs]
        items = "".join(f"<li>{fact}</li>" for fact in facts if fact)
        name = self.folder.name
        return (
            f'<div class="g2k-head">\n<ul class="g2k-chips">{items}</ul>\n'
            '<p class="g2k-downloads">Exercise: '
            f'<a href="{name}.ipynb" download>notebook</a> '
            '<a href="exercise.py" download>Python file</a></p>\n</div>'
        )

    def outcomes(self, _argument: str | None) -> str:
        """Return what the reader will be able to do."""
        return "\n".join(f"- {outcome}" for outcome in self.contract["outcomes"])

    def contract_table(self, _argument: str | None) -> str:
        """Return each task with its signature, its points and its limits."""
        signatures = read_signatures(self.folder / "exercise.py")
        rows = ["| task | you write | points | CPU | memory |", "|---|---|--:|--:|--:|"]
        for task in self.tasks:
            name = task["name"]
            link = f"[`{name}`](#{task['chapter']})" if "chapter" in task else name
            signature = _shorten(signatures.get(name, name))
            rows.append(
                f"| {link} | `{signature}` | {task['points']} "
                f"| {task.get('seconds', 2)} s | {task.get('memory_mb', 256)} MB |"
            )
        written = self.contract.get("written")
        if written:
            rows.append(
                f"| `{written['name']}` | a written answer, read by a person "
                f"| {written['points']} | | |"
            )
        return (
            '<div class="g2k-contract" markdown>\n\n' + "\n".join(rows) + "\n\n</div>"
        )

    def hints(self, task: str | None) -> str:
        """Return the folded rungs of one task, or of all."""
        rungs = read_hints(self.folder / "hints.md")
        names = [task] if task else [entry["name"] for entry in self.tasks]
        blocks = []
        for name in names:
            if name not in rungs:
                raise ValueError(f"hints.md has no section `## {name}`")
            blocks.append(f"**Hints for `{name}`**{{ .g2k-hints-title #hints-{name} }}")
            for title, body in rungs[name]:
                blocks.append(f'??? tip "{title}"\n\n{indent(body, "    ")}')
        return "\n\n".join(blocks)

    def mistakes(self, _argument: str | None) -> str:
        """Return what each known wrong answer is told."""
        bank = read_mutants(self.twin / "mutants")
        if not bank:
            return (
                "This copy of the course does not list the known mistakes. "
                "The grader knows them all the same."
            )
        blocks = []
        for task in [entry["name"] for entry in self.tasks]:
            known = dict.fromkeys(text for name, text in bank if name == task)
            if known:
                title = f"`{task}`: {_count(len(known), 'mistake')} known by name"
                shown = [_sentence(text) for text in known][:SHOWN]
                if len(known) > SHOWN:
                    shown.append(f"… and {len(known) - SHOWN} more.")
                body = "\n".join(f"    - {line}" for line in shown)
                blocks.append(f'??? note "{title}"\n\n{body}')
        return "\n\n".join(blocks)


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


def read_hints(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Return `{task: [(title, Markdown), ...]}`, three rungs a task."""
    found: dict[str, list[tuple[str, str]]] = {}
    sections = re.split(r"^## +", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    for section in sections:
        name, _, rest = section.partition("\n")
        name = name.strip().strip("`")
        parts = re.split(r"^### +", rest, flags=re.MULTILINE)[1:]
        rungs = [part.partition("\n") for part in parts]
        found[name] = [(title.strip(), body.strip()) for title, _, body in rungs]
        if len(rungs) != RUNGS or not all(body for _, body in found[name]):
            raise ValueError(f"hints.md, {name}: wants {RUNGS} rungs, none empty")
    return found


def read_mutants(folder: Path) -> list[tuple[str, str]]:
    """Return `(task, first docstring line)` of every known mistake."""
    found = []
    for path in sorted(folder.glob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        task = re.search(r"^task:\s*(\S+)", text, re.MULTILINE)
        if text and task:
            found.append((task[1], text.splitlines()[0]))
    return found


def _shorten(signature: str) -> str:
    """Return a signature with the middle of a very long argument list left out."""
    if len(signature) <= LONG_SIGNATURE:
        return signature
    arguments = signature.split(", ")
    return ", ".join([*arguments[:4], "…", *arguments[-2:]])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


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
    chapter = Chapter(folder, Path(config.config_file_path).parent)

    def fill(match: re.Match[str]) -> str:
        marker, argument = match[1], match[2]
        if marker not in MARKERS:
            raise PluginError(f"{page.file.src_uri}: unknown marker {match[0]}")
        try:
            return MARKERS[marker](chapter, argument)
        except (ValueError, OSError, KeyError) as problem:
            raise PluginError(f"{page.file.src_uri}, {match[0]}: {problem}") from None

    return MARKER.sub(fill, markdown)


def on_page_content(content: str, **_: Any) -> str:
    """Make plain cells of empty column headings, which name nothing."""
    return EMPTY_HEADING.sub(r"<td\1></td>", content)
