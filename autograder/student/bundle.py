"""Cuts from a test file the functions that run beside a submission."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from autograder.student.report import InfrastructureError


@functools.cache
def bundled(scenario: Callable[..., Any]) -> str:
    """Return a top-level function with everything of its file that it uses.

    That is: functions and classes, constants and imports, in the order of the file and
    only where the names are used.

    Raises:
        InfrastructureError: it is no plain function at the top level of a file.
    """
    module = inspect.getmodule(scenario)
    name = getattr(scenario, "__name__", "")
    body = _body(module) if module is not None else []
    places: dict[str, list[int]] = {}
    for index, node in enumerate(body):
        for defined in _defines(node):
            places.setdefault(defined, []).append(index)
    if not any(isinstance(body[i], ast.FunctionDef) for i in places.get(name, ())):
        raise InfrastructureError(f"{scenario!r} is no function at the top of its file")
    wanted, todo = set(), [name]
    while todo:
        for index in places.pop(todo.pop(), ()):
            if index not in wanted:
                wanted.add(index)
                todo += [
                    node.id
                    for node in ast.walk(body[index])
                    if isinstance(node, ast.Name) and node.id in places
                ]
    return "\n".join(ast.unparse(body[index]) for index in sorted(wanted))


@functools.cache
def _body(module: ModuleType) -> list[ast.stmt]:
    try:
        return ast.parse(inspect.getsource(module)).body
    except (OSError, TypeError, SyntaxError):
        raise InfrastructureError(f"{module!r} has no source to send") from None


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        names = (a.asname or a.name.partition(".")[0] for a in node.names)
        return [name for name in names if name != "annotations"]
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        stores = (n for n in ast.walk(node) if isinstance(n, ast.Name))
        return [n.id for n in stores if isinstance(n.ctx, ast.Store)]
    return []
