"""Finds what threads share with nothing that orders it: a reason to look at lines.

A program's source is rewritten so that each access of an attribute, an item, a
container's method or a global is noted, without a step, and a few schedules are run
with vector clocks. That costs little beside a search, and needs no schedule in which
anything goes wrong.
"""

from __future__ import annotations

import ast
import copy
from collections import deque
from random import Random
from types import FunctionType, ModuleType
from typing import Any

from ..execution.run_context import Context
from ..execution.task import Rules
from ..fakes.base import Sync
from ..search.random_priorities import RandomPriorities
from ..search.runs import Restart, Runs

SAW, NAMED = "__saw__", "__named__"
_RUNS = 30
_TOLD = 3  # sentences; one is reason enough to look
_CONTAINERS = (list, dict, set, deque, bytearray)
_CHANGES = {
    "append", "appendleft", "extend", "extendleft", "insert", "add", "update", "pop",
    "popleft", "popitem", "remove", "discard", "clear", "setdefault", "sort", "reverse",
    "rotate", "subtract",
}  # fmt: skip


class Sharing:
    """Notes accesses; gives the sentences of those that nothing orders."""

    def __init__(self) -> None:
        self.sentences: dict[str, str] = {}  # by what is shared
        self.threads = 0  # the most that a run had, the main thread included
        self.builtins = {SAW: self.saw, NAMED: self.named}

    def saw(self, thing: Any, name: str, write: bool, line: int, label: str) -> Any:
        """Note an access of `thing.name`, or of its items; return `thing`."""
        if isinstance(thing, _CONTAINERS):
            label = label.removesuffix(f".{name}")
            self._note(thing, "", write or name in _CHANGES, line, label)
        elif not isinstance(thing, Sync | ModuleType | FunctionType) and not callable(
            getattr(type(thing), name, None)
        ):
            self._note(thing, name, write, line, label)
        return thing

    def named(self, value: Any, name: str, write: bool, line: int) -> Any:
        """Note an access of a variable that functions assign; return `value`."""
        self._note(self, name, write, line, name)
        return value

    def _note(self, thing: Any, name: str, write: bool, line: int, label: str) -> None:
        order = getattr(Context.run, "order", None)
        if order is None or len(self.sentences) >= _TOLD or label in self.sentences:
            return
        said = order.access(Context.run.current, thing, name, write, line, label)
        if said:
            self.sentences[label] = said

    def rewritten(self, tree: ast.Module) -> ast.Module:
        """Return a copy of a module that notes its accesses."""
        assigned = {
            name
            for node in ast.walk(tree)
            if isinstance(node, ast.Global | ast.Nonlocal)
            for name in node.names
        }
        noting: ast.Module = _Noting(assigned).visit(copy.deepcopy(tree))
        return ast.fix_missing_locations(noting)

    def look(self, program: Any, seconds: float) -> list[str]:
        """Run a rewritten program under a few schedules.

        Args:
            program: what is run; its source went through `rewritten`.
            seconds: of the look, at most.

        Returns:
            A sentence for each of the first variables that threads share so.
        """
        rules = Rules(races=False, racing=True)
        runs = Runs(program, None, rules, seconds=seconds)
        random = Random(0)
        for number in range(_RUNS):
            picker = (
                RandomPriorities(random, 1 + number % 4, 50, 0.0) if number else None
            )
            try:
                run = runs.run(picker=picker)
            except Restart:
                continue
            self.threads = max(self.threads, len(run.tasks))
            if runs.late():
                break
        return list(self.sentences.values())


class _Noting(ast.NodeTransformer):
    """Puts calls that note round what is accessed."""

    def __init__(self, assigned: set[str]) -> None:
        self._assigned = assigned  # names that some function declares global

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.pattern):
            return node  # a pattern names constants, with dots alone
        made = super().visit(node)
        if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            return made
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [t.id for t in targets if isinstance(t, ast.Name)]
        notes: list[ast.stmt] = [
            ast.copy_location(
                ast.Expr(_call(NAMED, None, name, True, node.lineno)), node
            )
            for name in names
            if name in self._assigned
        ]
        return [*notes, made] if notes else made

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return self._noted(node, node.attr)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return self._noted(node, "[]")

    def _noted(self, node: ast.Attribute | ast.Subscript, name: str) -> ast.AST:
        label = ast.unparse(node.value)
        label += f".{name}" if isinstance(node, ast.Attribute) else ""
        self.generic_visit(node)
        write = not isinstance(node.ctx, ast.Load)
        node.value = _call(SAW, node.value, name, write, node.lineno, label[:60])
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in self._assigned or not isinstance(node.ctx, ast.Load):
            return node
        return _call(NAMED, node, node.id, False, node.lineno)


def _call(function: str, value: ast.expr | None, *facts: object) -> ast.Call:
    first = ast.Constant(None) if value is None else value
    arguments = [first, *(ast.Constant(fact) for fact in facts)]  # type: ignore[arg-type]
    return ast.Call(ast.Name(function, ast.Load()), arguments, [])
