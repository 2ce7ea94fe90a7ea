"""Finds a student's answer in words, whatever became of the cell it belongs in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.student.lesson import Lesson, Written
from autograder.student.notebook.build import WRITTEN_STUB
from autograder.student.notebook.decode import (
    Unreadable,
    decode,
    looks_like_notebook,
    parse_python,
)
from autograder.student.notebook.reader import find_submissions
from autograder.student.notebook.unpack import is_zip, read_bytes, unzip

MOST_CHARACTERS = 20_000  # of an answer of a few sentences


@dataclass(frozen=True)
class _Prose:
    """One cell that is not code."""

    text: str
    ids: frozenset[str]  # what its metadata calls it


def written_answer(path: Path, lesson: Lesson) -> str | None:
    """Return the answer in words of a submission, or None where there is none.

    It is looked for by the cell's nbgrader id, then by its cell id, then after the
    question's own words. The stub's text and blanks are no answer.

    Args:
        path: A file, or one student's folder.
        lesson: Whose question it answers.
    """
    if lesson.written is None:
        return None
    try:
        for file in _files(path, lesson):
            data = read_bytes(file)
            parts = [d for _, d in unzip(data)] if is_zip(data) else [data]
            for part in parts:
                answer = _find(list(_prose_of(part)), lesson.written)
                if answer is not None:
                    return answer[:MOST_CHARACTERS]
    except (Unreadable, OSError, ValueError, RecursionError, MemoryError):
        pass  # what cannot be read has no answer; its report says why
    return None


def _files(path: Path, lesson: Lesson) -> list[Path]:
    if not path.is_dir():
        return [path]
    inside = [p for p in path.iterdir() if p.name != "timestamp.txt"]
    if len(inside) == 1 and inside[0].is_file():
        return inside  # the usual case, in which nothing needs comparing
    return find_submissions(path, lesson)[:1]


def _find(cells: list[_Prose], written: Written) -> str | None:
    for cell in cells:
        if written.name in cell.ids:
            answer = _answer(cell.text)
            if answer is not None:
                return answer
    for number, cell in enumerate(cells):
        rest = _after_question(cell.text, written)
        if rest is None:
            continue
        following = cells[number + 1].text if number + 1 < len(cells) else ""
        return _answer(rest) or _answer(following)
    return None


def _answer(text: str) -> str | None:
    text = text.replace(WRITTEN_STUB, "").strip()
    return text or None


def _after_question(text: str, written: Written) -> str | None:
    """Return what follows the question in a cell, or None if it does not ask it."""
    words = r"\s+".join(re.escape(word) for word in written.prompt.split())
    found = re.search(words, text)
    if found is None:
        return None
    points = r"\A\s*A person grades this answer: [\d.]+ points\."
    return re.sub(points, "", text[found.end() :])


def _prose_of(data: bytes) -> Iterator[_Prose]:
    text, _ = decode(data)
    if not looks_like_notebook(text):
        for cell in parse_python(text, ""):
            if cell.kind != "code":
                lines = cell.source.split("\n")
                plain = "\n".join(re.sub(r"^# ?", "", line) for line in lines)
                yield _Prose(plain.strip("\"' \n"), frozenset())
        return
    for cell in _cells(json.loads(text, strict=False)):
        if isinstance(cell, dict) and cell.get("cell_type") != "code":
            source = cell.get("source")
            parts = source if isinstance(source, list) else [source]
            yield _Prose("".join(x for x in parts if isinstance(x, str)), _ids(cell))


def _cells(notebook: Any) -> list[Any]:
    """Return the cells of a notebook of nbformat 4, or of 3 with its worksheets."""
    if not isinstance(notebook, dict):
        return []
    sheets = notebook.get("worksheets")
    lists = [notebook.get("cells")]
    if isinstance(sheets, list):
        lists += [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    return [cell for cells in lists if isinstance(cells, list) for cell in cells]


def _ids(cell: dict[str, Any]) -> frozenset[str]:
    metadata = cell.get("metadata")
    own = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    found = [cell.get("id"), own.get("grade_id") if isinstance(own, dict) else None]
    return frozenset(name for name in found if isinstance(name, str))
