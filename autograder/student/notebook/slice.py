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
from functools import cached_property

from autograder.student.notebook.names import (
    DYNAMIC,
    bound_by,
    calls_of,
    changed_by,
    globals_declared,
)
from autograder.student.notebook.scopes import needed_by
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
    kept: bool = False

    @cached_property
    def binds(self) -> frozenset[str]:
        """The names that it binds."""
        return frozenset(name for part in self.statements for name in bound_by(part))

    @cached_property
    def needs(self) -> frozenset[str]:
        """The names that it looks up in the module."""
        return frozenset(name for part in self.statements for name in needed_by(part))

    def without(self, statements: Iterable[ast.stmt]) -> None:
        """Forget some of its statements."""
        forgotten = set(map(id, statements))
        self.statements = [s for s in self.statements if id(s) not in forgotten]
        for stale in ("binds", "needs"):
            self.__dict__.pop(stale, None)


def units_of(cell: int, tree: ast.Module) -> list[Unit]:
    """Cut a parsed cell into units."""
    units: list[Unit] = []
    for statement in tree.body:
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(d.lineno for d in decorators)])
        last = statement.end_lineno or statement.lineno
        if units and first <= units[-1].last:
            units[-1].statements.append(statement)
            units[-1].last = max(last, units[-1].last)
        else:
            units.append(Unit(cell, first, last, [statement]))
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
    setters = _setters(units)
    calls = frozenset(call for calls in setters.values() for call in calls)
    changers: dict[str, list[Unit]] = defaultdict(list)  # by name, or by call
    waiting: list[Unit] = []
    for unit in units:
        if all(map(_is_never_run, unit.statements)):
            continue
        effects = [_effects(part, modules, calls) for part in unit.statements]
        if any(effect is None for effect in effects):
            waiting.append(unit)
        for name in {name for effect in effects for name in effect or ()}:
            changers[name].append(unit)
    seen: set[str] = set()

    def look_up(names: Iterable[str]) -> None:
        for name in names:
            if name not in seen:
                seen.add(name)
                waiting.extend(changers.get(name, ()))
                look_up(setters.get(name, ()))

    look_up(roots)
    while waiting:
        unit = waiting.pop()
        if not unit.kept:
            unit.kept = True
            look_up(unit.needs)
            if unit.needs & DYNAMIC and changers:
                look_up(tuple(changers))
                changers.clear()  # all of them wait now, and need no second look


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


def _setters(units: Iterable[Unit]) -> dict[str, list[str]]:
    """Map each name to the calls ``f()`` of functions that declare it ``global``.

    A call is a node of its own between names and the units that make it: n units that
    call a function with n such names cost n + n steps, not n times n.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for unit in units:
        for statement in unit.statements:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for name in globals_declared(statement):
                    found[name].append(_call_of(statement.name))
    return found


def _call_of(function: str) -> str:
    return f"{function}()"  # no identifier, so it is taken for no name


def _is_never_run(statement: ast.stmt) -> bool:
    return is_student_import(statement) or is_main_block(statement)


def is_main_block(statement: ast.AST) -> bool:
    """Return whether a statement is ``if __name__ == "__main__"``."""
    if not (isinstance(statement, ast.If) and isinstance(statement.test, ast.Compare)):
        return False
    sides = (statement.test.left, *statement.test.comparators)
    named = any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
    return named and isinstance(statement.test.ops[0], ast.Eq)


def _effects(
    statement: ast.stmt,
    modules: frozenset[str],
    setting: frozenset[str],
) -> frozenset[str] | None:
    """Return what running a statement may change: names, calls; None for anything."""
    if isinstance(statement, ast.ImportFrom) and (
        statement.module == "__future__"
        or any(alias.name == "*" for alias in statement.names)
    ):
        return None
    calls = calls_of(statement)
    if calls & DYNAMIC and not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return None
    effects = frozenset(map(_call_of, calls)) & setting
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
