"""Repairs of a cell's source that keep every line where it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.student.notebook.magics import blank_magics, without_margin
from autograder.student.notebook.names import parse
from autograder.student.notebook.scopes import statements_in


@dataclass(frozen=True)
class Repaired:
    """A cell's source, made Python where that is possible."""

    source: str
    tree: ast.Module | None
    magics: tuple[str, ...] = ()
    fenced: bool = False  # whether it stood between Markdown's code fences
    stops: tuple[int, ...] = ()  # lines whose call of a debugger was taken out


def repair(source: str) -> Repaired:
    """Take out what is not Python, or would stop a run that nobody watches."""
    tree = parse(source)
    magics: tuple[str, ...] = ()
    fenced = False
    if tree is None:
        written = without_margin(source)
        source, magics = blank_magics(written)
        tree = parse(source)
        if tree is None and _FENCE.search(written):
            fenced = True
            source, magics, tree = _unfenced(written)
    if tree is None:
        return Repaired(source, None, magics, fenced)
    source, stops = _without_stops(source, tree)
    if stops:
        tree = parse(source)
    return Repaired(source, tree, magics, fenced, stops)


_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^`\n]*$", re.MULTILINE)


def _unfenced(source: str) -> tuple[str, tuple[str, ...], ast.Module | None]:
    """Read the code between fences; what stands around them is kept if it is code."""
    around: list[str] = []
    between: list[str] = []
    inside = False
    for line in source.split("\n"):
        is_fence = _FENCE.match(line) is not None
        inside ^= is_fence
        around.append("" if is_fence else line)
        between.append(line if inside and not is_fence else "")
    attempts = [blank_magics("\n".join(lines)) for lines in (around, between)]
    for text, magics in attempts:
        tree = parse(text)
        if tree is not None:
            return text, magics, tree
    return *attempts[0], None


def _without_stops(source: str, tree: ast.Module) -> tuple[str, tuple[int, ...]]:
    """Put ``pass`` in place of each call of a debugger that is a statement."""
    stops: dict[int, list[tuple[int, int]]] = {}
    for stop in _stops(tree):
        if stop.end_lineno == stop.lineno and stop.end_col_offset is not None:
            place = (stop.col_offset, stop.end_col_offset)
            stops.setdefault(stop.lineno, []).append(place)
    if not stops:
        return source, ()
    lines = source.split("\n")
    for line, places in stops.items():
        written, parts, at = lines[line - 1].encode(), [], 0  # columns are of bytes
        for start, end in sorted(places):
            parts += [written[at:start], b"pass"]
            at = end
        lines[line - 1] = b"".join([*parts, written[at:]]).decode()
    return "\n".join(lines), tuple(sorted(stops))


def _stops(tree: ast.Module) -> Iterator[ast.Expr]:
    for node in statements_in(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            match node.value.func:
                case ast.Name("breakpoint"):
                    yield node
                case ast.Attribute(ast.Name("pdb" | "ipdb"), "set_trace"):
                    yield node
