"""Known mistakes: edits of the reference, or modules that override parts of it.

`mutants/<task>.toml` lists a task's edits:

    [[mutant]]
    name = "mask-hides-own-key"
    says = "The mask hides the query's own key."   # what a student with it reads
    look = "Chapter, step 8."
    severity = "idea"                               # or "edge": a case was forgotten
    find = "cols <= rows + M - N"                   # once in the task's cell
    put = "cols < rows + M - N"

`cell = "NAME"` beside `find` names another cell by what it defines; several edits make
a list, `[[mutant.edits]]`. A whole rewrite is `mutants/<name>.py`: its docstring holds
the sentence, and `task:`, `look:`, `severity:` on lines of their own.
"""

from __future__ import annotations

import ast
import functools
import itertools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from autograder.student.lesson import Lesson
from autograder.student.notebook.decode import parse_python
from autograder.student.report import CourseError

Severity = Literal["idea", "edge"]
_SEVERITIES = ("idea", "edge")
_CELL = re.compile(r"^# %%.*$", re.MULTILINE)
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Edit:
    """One place of the reference, and what a student with the mistake writes there."""

    cell: str  # a name that the cell defines
    find: str
    put: str


@dataclass(frozen=True)
class Mutant:
    """A known mistake."""

    name: str
    task: str  # the task in which it must lose marks
    says: str  # the sentence that a student with this mistake reads
    look: str  # where that student should look next
    severity: Severity
    path: Path  # the file that tells of it
    edits: tuple[Edit, ...] = ()
    override: str = ""  # source of a whole rewrite, run after the reference

    @property
    def where(self) -> str:
        """Return file and name, as messages to authors begin."""
        place = f"mutants/{self.path.name}"
        return f"{place}: {self.name}" if self.edits else place

    def cells(self, reference: str) -> list[tuple[str, str]]:
        """Return what a student with this mistake hands in, as (label, source).

        Args:
            reference: the text of ``reference.py``.

        Raises:
            CourseError: an edit does not fit the reference.
        """
        if self.override:
            return [*_cut(reference), (f"mutant {self.name}", self.override)]
        return _cut(self.edited(reference))

    def edited(self, reference: str) -> str:
        """Return the reference with the edits made.

        Raises:
            CourseError: a ``find`` does not occur exactly once in its cell.
        """
        places = []
        for edit in self.edits:
            start, end = _cell_of(reference, edit.cell, self.where)
            times = reference[start:end].count(edit.find) if edit.find else 0
            if times != 1:
                raise CourseError(
                    f"{self.where}: find occurs {times} times in the cell of"
                    f" {edit.cell}, not once: {_short(edit.find)}"
                )
            at = reference.index(edit.find, start, end)
            places.append((at, at + len(edit.find), edit.put))
        places.sort()
        for (_, end, _), (start, _, _) in itertools.pairwise(places):
            if start < end:
                raise CourseError(f"{self.where}: two edits overlap")
        text = reference
        for start, end, put in reversed(places):
            text = text[:start] + put + text[end:]
        return text

    def check(self, reference: str) -> None:
        """Hold the edits to what an author must see to; grading takes them as they are.

        Raises:
            CourseError: they do not fit the reference, break it or change nothing.
        """
        if self.override:
            return
        tree = _tree(self.edited(reference), self.where)
        if tree == _tree(reference, "reference.py"):
            raise CourseError(f"{self.where}: the edits change nothing")


def lesson_mutants(lesson: Lesson) -> tuple[Mutant, ...]:
    """Return a lesson's known mistakes, by task file and name."""
    return read_mutants(lesson.reference_path.parent)


def read_mutants(twin: Path) -> tuple[Mutant, ...]:
    """Read every known mistake of a lesson's hidden twin.

    Raises:
        CourseError: a file breaks the format, or two mistakes share a name; names the
            file and the key.
    """
    found: dict[str, Mutant] = {}
    folder = twin / "mutants"
    paths = [*sorted(folder.glob("*.toml")), *sorted(folder.glob("*.py"))]
    for path in paths:
        read = _edits_of if path.suffix == ".toml" else _rewrite_of
        for mutant in read(path):
            if not _NAME.fullmatch(mutant.name):
                raise CourseError(f"{path}: {mutant.name} is not kebab-case")
            if mutant.name in found:
                raise CourseError(
                    f"{path}: {mutant.name} is told in {found[mutant.name].path.name}"
                )
            found[mutant.name] = mutant
    return tuple(sorted(found.values(), key=lambda mutant: mutant.name))


def _edits_of(path: Path) -> Iterator[Mutant]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} is not TOML: {error}") from None
    for entry in data.get("mutant", []):
        where = f"{path}: {entry.get('name', 'a mutant without a name')}"
        keys = ("name", "says", "look", "severity")
        name, says, look, severity = (_text(entry, key, where) for key in keys)
        parts = entry.get("edits", [entry])
        edits = tuple(
            Edit(
                part.get("cell", path.stem),
                _text(part, "find", where),
                _text(part, "put", where),
            )
            for part in parts
        )
        unknown = entry.keys() - {*keys, "find", "put", "cell", "edits"}
        if unknown or not edits:
            what = ", ".join(sorted(unknown)) or "no edit"
            raise CourseError(f"{where}: {what} is not understood")
        yield Mutant(
            name, path.stem, says, look, _severity(severity, where), path, edits
        )


def _rewrite_of(path: Path) -> Iterator[Mutant]:
    source = path.read_text(encoding="utf-8")
    try:
        text = ast.get_docstring(ast.parse(source)) or ""
    except SyntaxError as error:
        raise CourseError(f"{path}:{error.lineno}: {error.msg}") from None
    said = {
        key: re.search(rf"^{key}:\s*(.+?)\s*$", text, re.MULTILINE)
        for key in ("task", "look", "severity")
    }
    missing = [key for key, match in said.items() if match is None]
    says = " ".join(text.split("\n\n")[0].split())
    if missing or not says:
        what = ", ".join(f"'{key}: ...'" for key in missing) or "a first sentence"
        raise CourseError(f"{path}: the docstring needs {what}")
    task, look, severity = (match[1] for match in said.values() if match is not None)
    yield Mutant(
        path.stem,
        task,
        says,
        look,
        _severity(severity, str(path)),
        path,
        override=source,
    )


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise CourseError(f"{where}: {key} is missing or no text")
    return value


def _severity(text: str, where: str) -> Severity:
    for severity in _SEVERITIES:
        if text == severity:
            return severity  # type: ignore[return-value]
    raise CourseError(f"{where}: severity is {text!r}, not idea or edge")


def _cut(text: str) -> list[tuple[str, str]]:
    """Cut a file at its cells: most are those of every other mistake."""
    cells = parse_python(text, "reference")
    code = (cell for cell in cells if cell.kind == "code")
    return [(f"reference, line {cell.first_line}", cell.source) for cell in code]


@functools.lru_cache(maxsize=4)
def _places(reference: str) -> dict[str, tuple[int, int]]:
    """Return where the cell that defines each top-level name begins and ends."""
    starts = [match.start() for match in _CELL.finditer(reference)] or [0]
    bounds = list(zip(starts, [*starts[1:], len(reference)], strict=True))
    found: dict[str, tuple[int, int]] = {}
    for start, end in bounds:
        for node in ast.parse(reference[start:end]).body:
            for name in _defined(node):
                found.setdefault(name, (start, end))
    return found


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        names = (n for n in ast.walk(node) if isinstance(n, ast.Name))
        return [n.id for n in names if isinstance(n.ctx, ast.Store)]
    return []


def _cell_of(reference: str, name: str, where: str) -> tuple[int, int]:
    try:
        return _places(reference)[name]
    except KeyError:
        raise CourseError(f"{where}: no cell of the reference defines {name}") from None


def _tree(text: str, where: str) -> str:
    try:
        return ast.dump(ast.parse(text))
    except SyntaxError as error:
        raise CourseError(
            f"{where}: the edited reference, line {error.lineno}: {error.msg}"
        ) from None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= 60 else line[:57] + "...")
