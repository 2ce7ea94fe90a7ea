"""The page on which a person compares submissions that resemble each other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.classroom.fingerprints import Source
from autograder.classroom.page_templates import render
from autograder.classroom.records import Roster
from autograder.classroom.similarity import Group, Likeness, Pair, Place

MOST_PAIRS = 12  # of a group side by side: who reads these has seen enough of it
CONTEXT = 2  # lines shown around what is common


@dataclass(frozen=True)
class Line:
    """A line of a submission, or a number of lines left out."""

    number: int
    text: str = ""
    is_common: bool = False
    starts: tuple[int, ...] = ()  # the passages that begin here
    left_out: int = 0


@dataclass(frozen=True)
class Comparison:
    """Two submissions side by side."""

    pair: Pair
    first: tuple[tuple[str, tuple[Line, ...]], ...]  # (label of a cell, lines)
    second: tuple[tuple[str, tuple[Line, ...]], ...]


def similar_page(
    found: Sequence[Likeness],
    titles: Mapping[str, str],
    roster: Roster | None = None,
) -> str:
    """Return the page with every group, closest pairs side by side.

    Args:
        found: What was compared, lesson by lesson.
        titles: The lessons' titles.
        roster: Who the students are.
    """
    lessons = [
        (
            one,
            titles.get(one.lesson, one.lesson),
            [(group, _comparisons(group, one.code)) for group in one.groups],
        )
        for one in found
    ]
    return render("similar.html.j2", lessons=lessons, people=roster or Roster())


def _comparisons(
    group: Group, code: Mapping[str, Sequence[Source]]
) -> list[Comparison]:
    found = []
    most = 1 if group.word_for_word else MOST_PAIRS
    for pair in group.pairs[:most]:
        sides = []
        for student, places in (
            (pair.first, [passage.first for passage in pair.passages]),
            (pair.second, [passage.second for passage in pair.passages]),
        ):
            sides.append(tuple(_side(code.get(student, ()), places)))
        found.append(Comparison(pair, *sides))
    return found


def _side(
    cells: Sequence[Source], places: Sequence[Place]
) -> list[tuple[str, tuple[Line, ...]]]:
    """Return the cells in which something is common, with what is common marked.

    A file may have as many lines, cells and passages as it likes: none of these is
    looked through for each of another.
    """
    by_label: dict[str, list[tuple[int, int, int]]] = {}
    for number, place in enumerate(places, start=1):
        rows = by_label.setdefault(place.cell, [])
        rows.append((place.first, place.last, number))
    for rows in by_label.values():
        rows.sort()
    shown = []
    for cell in cells:
        texts = cell.text.splitlines()
        rows = by_label.get(cell.label, [])
        low = bisect_left(rows, (cell.first_line,))
        here = rows[low : bisect_left(rows, (cell.first_line + len(texts),), low)]
        if here:
            lines = _lines(texts, cell.first_line, here)
            shown.append((cell.label, tuple(_folded(lines))))
    return shown


def _lines(
    texts: Sequence[str], first_line: int, passages: Sequence[tuple[int, int, int]]
) -> list[Line]:
    """Number and mark lines; of each passage: its first line, its last, its number."""
    starts: dict[int, list[int]] = {}
    for first, _, number in passages:
        starts.setdefault(first, []).append(number)
    ends = {first: last for first, last, _ in passages}  # sorted: the furthest stays
    lines, end = [], 0  # what is common reaches to there
    for at, text in enumerate(texts, start=first_line):
        end = max(end, ends.get(at, 0))
        lines.append(Line(at, text, at <= end, tuple(sorted(starts.get(at, ())))))
    return lines


def _folded(lines: Sequence[Line]) -> list[Line]:
    """Leave out what is far from anything common."""
    near = {
        position + step
        for position, line in enumerate(lines)
        if line.is_common
        for step in range(-CONTEXT, CONTEXT + 1)
    }
    kept: list[Line] = []
    for position, line in enumerate(lines):
        if position in near:
            kept.append(line)
        elif kept and kept[-1].left_out:
            kept[-1] = Line(kept[-1].number, left_out=kept[-1].left_out + 1)
        else:
            kept.append(Line(line.number, left_out=1))
    return kept
