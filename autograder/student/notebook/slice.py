"""Keeps of a submission what its tasks need, and leaves the rest out.

Students leave plots, prints, downloads, loops and their own tests around an answer.
None of that is graded, and any of it can crash, hang or print without end. So only
statements that bind or change a name which some task looks up, directly or through
others, are run.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.student.notebook.names import (
    DYNAMIC,
    bound_by,
    calls_of,
    changed_by,
    globals_declared,
    needed_by,
)
from autograder.student.notebook.stub import is_student_import

#: Methods of imported modules that change how later code behaves.
_SETTINGS = re.compile(
    r"set|seed|manual_seed|register|append|insert|extend|update|add|filterwarnings"
    r"|simplefilter|use_"
)


@dataclass
class Unit:
    """One top-level statement, or several that share a line."""

    cell: int
    first: int  # first and last line, from 1
    last: int
    statements: list[ast.stmt]
    source: str
    kept: bool = False

    @property
    def binds(self) -> frozenset[str]:
        """The names that it binds."""
        return frozenset[str]().union(*map(bound_by, self.statements))


def units_of(cell: int, source: str, tree: ast.Module) -> list[Unit]:
    """Cut a parsed cell into units."""
    lines = source.split("\n")
    units: list[Unit] = []
    for statement in tree.body:
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(d.lineno for d in decorators)])
        last = statement.end_lineno or statement.lineno
        if units and first <= units[-1].last:
            units[-1].statements.append(statement)
            units[-1].last = max(last, units[-1].last)
        else:
            units.append(Unit(cell, first, last, [statement], ""))
    for unit in units:
        unit.source = "\n".join(lines[unit.first - 1 : unit.last])
    return units


def mark_needed(units: list[Unit], roots: Iterable[str]) -> None:
    """Mark the units that the roots need, directly or through other units."""
    modules = frozenset(
        name
        for unit in units
        for statement in unit.statements
        if isinstance(statement, (ast.Import, ast.ImportFrom))
        for name in bound_by(statement)
    )
    declared = _declared_globals(units)
    changers: dict[str, list[Unit]] = defaultdict(list)
    waiting: list[Unit] = []
    for unit in units:
        if all(map(_is_never_run, unit.statements)):
            continue
        effects = [_effects(part, modules, declared) for part in unit.statements]
        if any(effect is None for effect in effects):
            waiting.append(unit)
        for name in {name for effect in effects for name in effect or ()}:
            changers[name].append(unit)
    seen = set(roots)
    for name in tuple(seen):
        waiting += changers[name]
    while waiting:
        unit = waiting.pop()
        if unit.kept:
            continue
        unit.kept = True
        for statement in unit.statements:
            needs = needed_by(unit.source, statement)
            fresh = (changers.keys() if needs & DYNAMIC else needs) - seen
            seen |= fresh
            for name in fresh:
                waiting += changers.get(name, ())


def blank(source: str, units: Iterable[Unit]) -> str:
    """Return source with every line outside the kept units made empty."""
    lines = source.split("\n")
    keep = {
        line for unit in units if unit.kept for line in range(unit.first, unit.last + 1)
    }
    kept = [line if n in keep else "" for n, line in enumerate(lines, start=1)]
    while kept and not kept[-1]:
        kept.pop()
    return "\n".join(kept) + "\n"


def _declared_globals(units: Iterable[Unit]) -> dict[str, frozenset[str]]:
    """Map each top-level function to the names that it declares ``global``."""
    return {
        statement.name: names
        for unit in units
        for statement in unit.statements
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef))
        if (names := globals_declared(statement))
    }


def _is_never_run(statement: ast.stmt) -> bool:
    return is_student_import(statement) or (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Compare)
        and isinstance(statement.test.left, ast.Name)
        and statement.test.left.id == "__name__"
        and isinstance(statement.test.ops[0], ast.Eq)
    )


def _effects(
    statement: ast.stmt,
    modules: frozenset[str],
    declared: dict[str, frozenset[str]],
) -> frozenset[str] | None:
    """Return the names that running a statement may change; None for any of them."""
    if isinstance(statement, ast.ImportFrom) and (
        statement.module == "__future__"
        or any(alias.name == "*" for alias in statement.names)
    ):
        return None
    calls = calls_of(statement)
    if calls & DYNAMIC and not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return None
    effects = frozenset[str]().union(*(declared.get(name, ()) for name in calls))
    if isinstance(statement, ast.Expr):
        return effects | _method_effects(statement, modules)
    return effects | changed_by(statement, lambda part: _method_effects(part, modules))


def _method_effects(part: ast.Expr, modules: frozenset[str]) -> frozenset[str]:
    """Return the root of a call ``root.method(...)`` made for its effect."""
    call = part.value.value if isinstance(part.value, ast.Await) else part.value
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return frozenset()
    root: ast.expr = call.func
    while isinstance(root, (ast.Attribute, ast.Subscript)):
        root = root.value
    if not isinstance(root, ast.Name):
        return frozenset()
    if root.id in modules and not _SETTINGS.match(call.func.attr):
        return frozenset()
    return frozenset({root.id})
