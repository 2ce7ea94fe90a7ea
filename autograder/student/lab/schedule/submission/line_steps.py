"""Makes every line of a function a step, for what no lock or watched class orders.

Between two operations on locks a thread's own code is one step. A list that two
threads share without a lock goes unnoticed then; with a pause before each statement it
does not. An augmented assignment to something shared becomes a read, a pause, a write.
"""

from __future__ import annotations

import ast
import copy
from typing import TypeVar

from ..execution.run_context import Context
from ..execution.story import GO_ON

PAUSE, HELD = "__pause__", "__held__"
Statement = TypeVar("Statement", bound=ast.stmt)


def pause() -> None:
    """Offer the turn to another thread, where there is one."""
    if not Context.run.goes_alone():
        Context.run.step(None, GO_ON)


def with_pauses(statement: Statement) -> Statement:
    """Return a copy of a top-level statement whose functions pause at each line.

    Running it needs `pause` under the name `PAUSE`.

    Args:
        statement: is not changed.
    """
    paused: Statement = _Pauses().visit(copy.deepcopy(statement))
    return ast.fix_missing_locations(paused)


class _Pauses(ast.NodeTransformer):
    def __init__(self) -> None:
        self._shared: set[str] | None = None  # names of the function that are not its

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        outer, self._shared = self._shared, set()
        for inner in ast.walk(node):
            if isinstance(inner, (ast.Global, ast.Nonlocal)):
                self._shared.update(inner.names)
        self._visit_blocks(node)
        self._shared = outer
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if self._shared is not None and isinstance(node, ast.stmt):
            self._visit_blocks(node)
            return node
        return super().generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        self._visit_blocks(node)
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        self._visit_blocks(node)
        return node

    def _visit_blocks(self, node: ast.AST) -> None:
        """Visit what a statement holds; class bodies inside functions stay whole."""
        for name, value in ast.iter_fields(node):
            if not isinstance(value, list) or not value:
                continue
            if isinstance(value[0], ast.stmt) and not isinstance(node, ast.ClassDef):
                setattr(node, name, self._block(value))
            elif isinstance(value[0], (ast.stmt, ast.ExceptHandler, ast.match_case)):
                setattr(node, name, [self.visit(item) for item in value])

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        paused: list[ast.stmt] = []
        for statement in statements:
            quiet = isinstance(statement, (ast.Global, ast.Nonlocal)) or (
                isinstance(statement, ast.Expr)
                and isinstance(statement.value, ast.Constant)
            )
            if not quiet:
                paused.append(_pause(statement))
            if isinstance(statement, ast.AugAssign) and self._is_shared(statement):
                paused += _parts(statement)
            else:
                paused.append(self.visit(statement))
        return paused

    def _is_shared(self, node: ast.AugAssign) -> bool:
        target = node.target
        if isinstance(target, ast.Name):
            return target.id in (self._shared or ())
        inner = [n for n in ast.walk(target) if isinstance(n, ast.expr)]
        simple = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant)
        return all(isinstance(n, simple) or _is_guard(n) for n in inner)


def _is_guard(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def _pause(place: ast.stmt) -> ast.stmt:
    call = ast.Expr(ast.Call(ast.Name(PAUSE, ast.Load()), [], []))
    return ast.copy_location(call, place)


def _parts(node: ast.AugAssign) -> list[ast.stmt]:
    """Read, change, pause, write."""
    read = copy.deepcopy(node.target)
    read.ctx = ast.Load()
    parts: list[ast.stmt] = [
        ast.Assign([ast.Name(HELD, ast.Store())], read),
        ast.AugAssign(ast.Name(HELD, ast.Store()), node.op, node.value),
        _pause(node),
        ast.Assign([node.target], ast.Name(HELD, ast.Load())),
    ]
    return [ast.copy_location(part, node) for part in parts]
