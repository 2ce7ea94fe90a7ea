"""From the bytes of a file to the raw cells of a notebook or a Python file."""

from __future__ import annotations

import ast
import codecs
import json
import re
from dataclasses import dataclass
from typing import Any

MOST_PARTS = 500_000  # lists and objects of one notebook, its outputs left out
_TOO_DEEP = (
    "The notebook's JSON is nested too deeply, or in too many parts, to be read."
)


class Unreadable(Exception):
    """Why a file cannot be read, as a sentence for the student."""


class TooMuch(Unreadable):
    """Why no more of a hand-in is read, whichever of its files is meant."""


@dataclass(frozen=True)
class RawCell:
    """One cell as it stands in a file, before anything is judged or dropped."""

    label: str
    kind: str  # code, markdown or raw
    source: str
    tags: frozenset[str] = frozenset()
    graded: bool = False  # a locked cell of nbgrader, which is not the student's
    task: str | None = None  # the task that the metadata names
    first_line: int = 1
    ids: frozenset[str] = frozenset()  # the cell's id, nbgrader's, and its task


_CONFLICT = re.compile(r"^[ \t\"']*(<{7} |={7}(?=[\s\"']|\\n|$)|>{7} )", re.MULTILINE)
_NOT_OURS = {
    b"%PDF": "a PDF",
    b"{\\rtf": "a rich-text document",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"\x1f\x8b": "a .gz archive",
    b"7z\xbc\xaf": "a .7z archive",
    b"Rar!": "a .rar archive",
    b"\xfd7zXZ": "a .xz archive",
    b"BZh91AY": "a .bz2 archive",
    b"(\xb5/\xfd": "a .zst archive",
    b"version https://git-lfs": "a pointer of Git LFS, which left the file elsewhere",
    b"https://": "a link",
    b"http://": "a link",
    b"bplist00": "a web archive or a placeholder of macOS",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"<!DOCTYPE html": "a web page",
    b"<html": "a web page",
    b"<?xml": "an XML document",
}
_TAR = slice(257, 262)  # where such an archive says that it is one


def decode(data: bytes) -> tuple[str, list[str]]:
    """Return the text of a file and notes on what was odd about its bytes.

    Raises:
        Unreadable: the file is empty or is no text at all.
    """
    if not data:
        raise Unreadable("The file is empty (0 bytes).")
    head = data[:1000].lstrip(codecs.BOM_UTF8 + b" \t\r\n").lower()
    starts = ((start.lower(), what) for start, what in _NOT_OURS.items())
    kinds = [what for start, what in starts if head.startswith(start)]
    if data[_TAR] == b"ustar":
        kinds.append("a .tar archive")
    for what in kinds:
        raise Unreadable(f"The file is {what}: hand in the .ipynb or .py itself.")
    notes: list[str] = []
    text = _to_text(data, notes)
    if "\0" in text:
        text = text.replace("\0", "")
        notes.append("The file held NUL bytes, which were left out.")
    # Windows's mark of a file's end, and marks of bytes that were joined.
    text = _line_ends(text.rstrip("\x1a").replace("\ufeff", ""))
    if not text.strip():
        raise Unreadable("The file holds no text.")
    return text, notes


def _to_text(data: bytes, notes: list[str]) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            notes.append(f"The file starts with a byte order mark; read as {encoding}.")
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        notes.append(
            f"Line {line} is not UTF-8, so the file was read as Latin-1:"
            " save it as UTF-8 to keep accented letters right."
        )
        return data.decode("latin-1")


def looks_like_notebook(text: str) -> bool:
    """Return whether text is meant to be a notebook, whatever the file is called."""
    return text.lstrip().startswith("{") and ('"cells"' in text or "nbformat" in text)


def parse_notebook(text: str) -> tuple[dict[str, Any], list[RawCell]]:
    """Return a notebook's metadata and its cells, of nbformat 3 or 4.

    Raises:
        Unreadable: the text is not JSON, or the JSON is not a notebook.
    """
    if text.count("[") + text.count("{") > MOST_PARTS:
        raise Unreadable(_TOO_DEEP)
    try:
        # As floats, since Python refuses whole numbers of thousands of digits.
        data = json.loads(text, strict=False, parse_int=float)
    except json.JSONDecodeError as error:
        raise Unreadable(_why_not_json(text, error)) from None
    except (RecursionError, MemoryError, ValueError):
        raise Unreadable(_TOO_DEEP) from None
    listed = _cell_list(data)
    if listed is None:
        raise Unreadable("The file is JSON, but not a notebook: it has no cells.")
    cells = [
        _raw_cell(number, cell)
        for number, cell in enumerate(listed, start=1)
        if isinstance(cell, dict)
    ]
    return _dict(data.get("metadata")), cells


def _why_not_json(text: str, error: json.JSONDecodeError) -> str:
    conflict = conflict_line(text)
    if conflict:
        return (
            f"Line {conflict} is a git conflict marker: two versions of the notebook"
            " were merged and not resolved. Keep one of them and hand in again."
        )
    if error.pos >= len(text.rstrip()) or "Unterminated" in error.msg:
        return (
            f"The notebook is cut short: its JSON breaks off at line {error.lineno}."
            " Save it again and check the upload's size."
        )
    return (
        f"The notebook is not valid JSON: {error.msg}"
        f" at line {error.lineno}, column {error.colno}."
    )


def conflict_line(text: str) -> int | None:
    """Return the line of the first git conflict marker, if there is one."""
    found = re.search(r"^[ \t\"']*<{7} ", text, re.MULTILINE)
    if found is None or not _CONFLICT.search(text, found.end()):
        return None
    return text.count("\n", 0, found.start()) + 1


def _cell_list(data: Any) -> list[Any] | None:
    if not isinstance(data, dict):
        return None
    if isinstance(data.get("cells"), list):
        return list(data["cells"])
    sheets = data.get("worksheets")
    if isinstance(sheets, list):  # nbformat 3
        lists = [_dict(sheet).get("cells") for sheet in sheets]
        return [cell for cells in lists if isinstance(cells, list) for cell in cells]
    return None


def _raw_cell(number: int, cell: dict[str, Any]) -> RawCell:
    metadata = _dict(cell.get("metadata"))
    nbgrader = _dict(metadata.get("nbgrader"))
    tags = metadata.get("tags")
    kind = cell.get("cell_type", "code")
    task = metadata.get("task")
    identities = (cell.get("id"), nbgrader.get("grade_id"), task)
    return RawCell(
        label=f"cell {number}",
        kind=kind if kind in ("code", "raw") else "markdown",
        source=_text(cell.get("source", cell.get("input")), kind),
        tags=_texts(*(tags if isinstance(tags, list) else ())),
        graded=nbgrader.get("grade") is True and nbgrader.get("solution") is not True,
        task=task if isinstance(task, str) else None,
        ids=_texts(*identities),
    )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(*values: Any) -> frozenset[str]:
    return frozenset(encodable(value) for value in values if isinstance(value, str))


def encodable(text: str) -> str:
    """Return text without lone surrogates, which JSON may hold and UTF-8 may not."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _text(source: Any, kind: Any) -> str:
    """Return a cell's source, which may be text, lines, null or anything else."""
    if isinstance(source, list):
        parts = [part for part in source if isinstance(part, str)]
        # Some programs leave out the line ends that the format asks for: prose can be
        # read without them.
        ended = kind != "code" or any(part.endswith("\n") for part in parts)
        source = ("" if ended else "\n").join(parts)
    text: str = source if isinstance(source, str) else ""
    return _line_ends(encodable(text).replace("\0", "").replace("\ufeff", ""))


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


_MARKER = re.compile(r"^#\s*(?:%%+(?P<rest>.*)|In\s?\[[\d ]*\]:\s*)$")
_TAGS = re.compile(r"tags\s*=\s*\[(?P<tags>[^\]]*)\]")
_TASK = re.compile(r"\btask\s*=\s*[\"'](?P<task>\w+)[\"']")
_CELL_MAGIC = re.compile(r"get_ipython\(\)\.run_cell_magic(\(.*\))\s*")
_QUOTED = re.compile(r"\s*[rR]?(\"\"\"|''')(.*?)(?:\1(.*))?\Z", re.DOTALL)


def _is_code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def quoted(prose: str) -> tuple[str, str] | None:
    """Cut a Markdown cell of a Python file that begins with a string in three quotes.

    Returns:
        What stands between the quotes, and what follows them; None for comments.
    """
    found = _QUOTED.match(prose)
    return (found[2], found[3] or "") if found else None


def _magic_cell(line: str) -> str | None:
    """Return a cell such as ``%%time`` that nbconvert wrote as one call."""
    found = _CELL_MAGIC.fullmatch(line)
    try:
        given = ast.literal_eval(found[1]) if found else ()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    match given:
        case (str(name), str(rest), str(body)):
            return f"%%{name} {rest}\n{body}"
        case _:
            return None


def parse_python(text: str, label: str) -> list[RawCell]:
    """Cut a Python file at its ``# %%`` or ``# In[3]:`` lines."""
    cells: list[RawCell] = []
    kind, tags, task, start = "code", frozenset[str](), None, 1
    held: list[str] = []

    def close() -> None:
        if not any(line.strip() for line in held):
            return
        source, ids = "\n".join(held), _texts(task)
        cells.append(RawCell(label, kind, source, tags, False, task, start, ids))
        string = quoted(source) if kind == "markdown" else None
        if string and any(map(_is_code, string[1].split("\n"))):
            # Code below an answer in words, in what the student takes for no cell.
            line = start + source.count("\n") - string[1].count("\n")
            cells.append(RawCell(label, "code", string[1], first_line=line))

    for number, line in enumerate(text.split("\n"), start=1):
        marker = _MARKER.match(line)
        magic = _magic_cell(line) if kind == "code" else None
        if marker is None and magic is None:
            held.append(line)
            continue
        close()
        if marker is None:
            cells.append(RawCell(label, kind, magic or "", first_line=number))
            held, start = [], number + 1
            continue
        rest = marker["rest"] or ""
        kind = "markdown" if re.search(r"\[(markdown|md|raw)\]", rest) else "code"
        found, named = _TAGS.search(rest), _TASK.search(rest)
        tags = frozenset(re.findall(r"[\w-]+", found["tags"])) if found else frozenset()
        task = named["task"] if named else None
        held, start = [], number + 1
    close()
    return cells
