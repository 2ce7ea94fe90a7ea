"""From the raw cells of a file to the code cells that are graded, with notes."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from autograder.student.notebook.decode import RawCell, conflict_line
from autograder.student.notebook.missing import defined_inside, near_miss, told_inside
from autograder.student.notebook.names import (
    definitions,
    is_value,
    names_bound,
    syntax_error,
)
from autograder.student.notebook.repair import Repaired, repair
from autograder.student.notebook.slice import Unit, blank, mark_needed, units_of
from autograder.student.notebook.stub import SHOWN, Stub
from autograder.student.notebook.submission import CodeCell, printable
from autograder.student.places import place

MOST_CELLS = 2000
MOST_CODE = 200_000  # characters of code in one submission; outputs do not count
_VERSION = "{}.{}".format(*sys.version_info)  # students may have a newer one
_MOST_PADDING = 4000  # blank lines put before one cell of a Python file


@dataclass(frozen=True)
class Selection:
    """What is graded of a submission, and what its student is told."""

    cells: tuple[CodeCell, ...]  # in the order of the file
    notes: list[str]
    inside: dict[str, str]  # missing names, and what they are defined in, in words


@dataclass
class _Cell:
    raw: RawCell
    code: Repaired
    names: tuple[str, ...]
    active: bool = True
    units: list[Unit] = field(default_factory=list)

    @property
    def tree(self) -> ast.Module | None:
        """The syntax tree, where the source is Python."""
        return self.code.tree

    @property
    def place(self) -> str:
        """Where the cell stands, in words."""
        if self.raw.label.startswith("cell "):
            return self.raw.label
        return self.at(1)

    def at(self, line: int) -> str:
        """Say where a line of the cell stands, in words."""
        return place(self.raw.label, self.raw.first_line + line - 1)


def select_cells(raw: list[RawCell], stub: Stub) -> Selection:
    """Choose what is graded of a submission's cells."""
    notes: list[str] = []
    if len(raw) > MOST_CELLS:
        notes.append(f"Only the first {MOST_CELLS} of {len(raw)} cells were read.")
    read = _within_limit(raw[:MOST_CELLS], notes)
    cells = [cell for r in read if (cell := _prepare(r, stub))]
    _repair_kinds(cells, stub, notes)
    active = [cell for cell in cells if cell.active]
    notes += _magic_notes(active)
    notes += _repair_notes(active)
    for number, cell in enumerate(active):
        if cell.tree is not None:
            cell.units = units_of(number, cell.tree)
    units = [unit for cell in active for unit in cell.units]
    notes += _settle_duplicates(active, units, stub)
    mark_needed(units, stub.names)
    active = _imports_first(active, notes)
    chosen = [code for cell in active if (code := _finish(cell, notes))]
    bound = {name for cell in chosen for name in cell.names}
    missing = [name for name in stub.tasks if name not in bound]
    inside = _seen_inside(active, missing)
    if len(missing) < len(stub.tasks):
        written = {name for cell in active for name in cell.names} - stub.names
        for name in missing:
            hint = near_miss(name, written)
            if name in inside:
                hint = " " + told_inside("It", inside[name])
            notes.append(f"No cell defines `{name}`.{hint}")
    return Selection(tuple(chosen), notes, inside)


def _within_limit(raw: list[RawCell], notes: list[str]) -> Iterator[RawCell]:
    """Yield the cells that hold something, until they hold too much."""
    left = {"code": MOST_CODE, "prose": MOST_CODE}  # pictures in prose cost no code
    for cell in raw:
        kind = "code" if cell.kind == "code" else "prose"
        if not cell.source.strip():
            continue
        if len(cell.source) <= left[kind]:
            left[kind] -= len(cell.source)
            yield cell
        elif kind == "code":
            notes.append(
                f"{cell.label} was left out: it holds {len(cell.source):,} characters,"
                f" and {MOST_CODE:,} are read of one submission's code."
            )


def _prepare(raw: RawCell, stub: Stub) -> _Cell | None:
    if raw.kind != "code":
        # Prose, unless an answer was turned into prose by accident.
        if not any(name in raw.source for name in stub.tasks):
            return None
        code = repair(raw.source)
        names = names_bound(code.source, code.tree) if code.tree is not None else ()
        return _Cell(raw, code, names, active=False)
    code = repair(raw.source)
    names = names_bound(code.source, code.tree)
    shown = raw.graded or bool(raw.tags & SHOWN)
    return _Cell(raw, code, names, active=not shown)


def _repair_kinds(cells: list[_Cell], stub: Stub, notes: list[str]) -> None:
    """Take an answer from a cell of the wrong kind where no other cell has one."""
    found = {name for cell in cells if cell.active for name in cell.names}
    for cell in cells:
        answers = [
            name
            for name in stub.tasks
            if not cell.active
            and cell.tree is not None
            and name not in found
            and name in cell.names
            and isinstance(definitions(cell.tree)[name], _DEFINING)
        ]
        if not answers:
            continue
        cell.active = True
        kind = "a check cell"
        if cell.raw.kind != "code":
            kind = {"raw": "a raw cell"}.get(cell.raw.kind, "a Markdown cell")
        notes.append(
            f"{cell.place} is {kind} that holds {listed(answers)}:"
            " it was read as a code cell. Turn it back into one."
        )


_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _magic_notes(cells: Iterable[_Cell]) -> list[str]:
    taken = [
        f"{cell.place}: {printable(magic, 40)}"
        for cell in cells
        for magic in cell.code.magics
    ]
    if not taken:
        return []
    shown = _few(taken)
    return [f"Notebook commands do not run while grading and were left out ({shown})."]


def _repair_notes(cells: Iterable[_Cell]) -> Iterator[str]:
    fenced = [cell.place for cell in cells if cell.code.fenced]
    if fenced:
        yield f"Markdown's ``` lines are no Python and were left out ({_few(fenced)})."
    stops = [cell.at(line) for cell in cells for line in cell.code.stops]
    if stops:
        yield (
            "A call of the debugger stops a run that nobody watches and was left out"
            f" ({_few(stops)})."
        )


def _seen_inside(cells: Iterable[_Cell], missing: list[str]) -> dict[str, str]:
    """Tell of each missing name where it is defined inside something else."""
    found: dict[str, str] = {}
    for cell in cells if missing else ():
        if cell.tree is not None:
            for name, owner, line in defined_inside(cell.tree, missing):
                found[name] = f"{printable(owner, 60)}, {cell.at(line)}"
    return {name: found[name] for name in missing if name in found}


def _few(places: list[str]) -> str:
    return "; ".join(places[:3]) + ("; ..." if len(places) > 3 else "")


def _settle_duplicates(
    cells: list[_Cell], units: list[Unit], stub: Stub
) -> Iterable[str]:
    """Say which of several definitions of a task counts; leave out stale stubs."""
    for name in stub.tasks:
        holders = [unit for unit in units if name in unit.binds]
        if len(holders) < 2:
            continue
        yield from _forget_values(name, holders, cells)
        touched = [unit for unit in holders if not _is_stub(unit, name, stub)]
        last = touched[-1] if touched else holders[-1]
        for unit in holders[holders.index(last) + 1 :]:
            unit.without(s for s in unit.statements if _defines(s, name))
        places = list(dict.fromkeys(cells[unit.cell].place for unit in holders))
        if len(places) > 1:
            which = (
                "the last one" if last is holders[-1] else "the last that is no stub"
            )
            yield (
                f"`{name}` is defined in {_and(places)}:"
                f" {which} counts, {cells[last.cell].place}."
            )


def _forget_values(name: str, holders: list[Unit], cells: list[_Cell]) -> Iterator[str]:
    """Leave out a task's name used again for a mere value, as ``mean = mean(x)``."""
    defined = [any(_defines(s, name) for s in unit.statements) for unit in holders]
    for unit in holders[defined.index(True) + 1 :] if any(defined) else ():
        values = [s for s in unit.statements if is_value(s, name)]
        if values:
            unit.without(values)
            yield (
                f"{cells[unit.cell].at(values[0].lineno)} uses the name `{name}` again"
                " for something else: it was left out, your definition counts."
            )
    holders[:] = [unit for unit in holders if name in unit.binds]


def _is_stub(unit: Unit, name: str, stub: Stub) -> bool:
    found = [s for s in unit.statements if _defines(s, name)]
    return bool(found) and stub.is_untouched(name, found[-1])


def _defines(statement: ast.stmt, name: str) -> bool:
    return isinstance(statement, _DEFINING) and statement.name == name


def _imports_first(cells: list[_Cell], notes: list[str]) -> list[_Cell]:
    """Move a cell of imports up where a cell above it needs them."""
    first: list[_Cell] = []
    others: list[_Cell] = []
    bound: set[str] = set()
    needed: set[str] = set()  # by the cells above
    for cell in cells:
        kept = [unit for unit in cell.units if unit.kept]
        parts = [part for unit in kept for part in unit.statements]
        imports = bool(parts) and all(isinstance(p, _IMPORTING) for p in parts)
        if imports and any(n in needed and n not in bound for n in cell.names):
            first.insert(0, cell)
            notes.append(
                f"{cell.place} holds imports that cells above need: run first."
            )
        else:
            others.append(cell)
        for unit in kept:
            bound |= unit.binds
            needed |= unit.needs
    return first + others


_IMPORTING = (ast.Import, ast.ImportFrom)


def _finish(cell: _Cell, notes: list[str]) -> CodeCell | None:
    raw = cell.raw
    if cell.tree is None:
        line, reason = syntax_error(cell.code.source) or (1, "not Python")
        reason += f", says Python {_VERSION}"
        code = _code(raw, cell.code.source, cell.names)
        line += raw.first_line - code.first_line
        conflict = conflict_line(code.source)
        if conflict:
            line, reason = conflict, "a git conflict marker"
        notes.append(
            f"{code.locate(line)} is not Python ({reason}):"
            " nothing in this cell could be graded, the other cells were."
        )
        return code
    if not any(unit.kept for unit in cell.units):
        return None
    names = {name for unit in cell.units if unit.kept for name in unit.binds}
    return _code(raw, blank(cell.code.source, cell.units), tuple(sorted(names)))


def _code(raw: RawCell, source: str, names: tuple[str, ...]) -> CodeCell:
    """Make a cell of a Python file start where it starts in the file.

    Blank lines before it let every traceback name the file's own lines; where that
    would take too much, ``first_line`` tells.
    """
    if raw.first_line > _MOST_PADDING:
        return CodeCell(raw.label, source, raw.first_line, names)
    return CodeCell(raw.label, "\n" * (raw.first_line - 1) + source, 1, names)


def listed(names: Iterable[str]) -> str:
    """Return names as a sentence lists them."""
    return _and([f"`{name}`" for name in names])


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
