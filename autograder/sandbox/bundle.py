"""Cuts from a test file the functions that run beside a submission."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable
from typing import Any

from autograder.report import InfrastructureError


@functools.cache
def bundled(scenario: Callable[..., Any]) -> str:
    """Return a top-level function with everything of its file that it uses.

    That is: functions and classes without the ``task`` mark, constants and imports, in
    the order of the file and only where the names are used.

    Raises:
        InfrastructureError: it is no plain function at the top level of a file.
    """
    try:
        source = inspect.getsource(inspect.getmodule(scenario) or scenario)
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):
        raise InfrastructureError(f"{scenario!r} has no source to send") from None
    places: dict[str, list[int]] = {}
    for index, node in enumerate(tree.body):
        for name in _defines(node):
            places.setdefault(name, []).append(index)
    name = getattr(scenario, "__name__", "")
    if not any(isinstance(tree.body[i], ast.FunctionDef) for i in places.get(name, ())):
        raise InfrastructureError(f"{scenario!r} is no function at the top of its file")
    wanted, todo = set(), [name]
    while todo:
        for index in places.pop(todo.pop(), ()):
            if index not in wanted:
                wanted.add(index)
                todo += [
                    node.id
                    for node in ast.walk(tree.body[index])
                    if isinstance(node, ast.Name) and node.id in places
                ]
    kept = ast.Module([tree.body[index] for index in sorted(wanted)], [])
    return ast.unparse(kept)


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
