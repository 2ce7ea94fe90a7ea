"""Reads what marimo saves: a Python file with each cell in a function of its own."""

from __future__ import annotations

import ast

from autograder.student.notebook.names import parse

_CELLS = ("cell", "function", "class_definition")  # what decorates one: @app.cell
_MARGIN = "    "


def without_app(text: str) -> str:
    """Return a file of marimo's cut at ``# %%``, each line where it was.

    Args:
        text: any Python file; of another kind it comes back as it is.
    """
    tree = parse(text) if "marimo.App(" in text else None
    if tree is None:
        return text
    lines = text.split("\n")
    for statement in tree.body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                kinds = [k for d in statement.decorator_list if (k := _of_app(d))]
                if "cell" in kinds:
                    _open(lines, statement.decorator_list[0].lineno, statement.body)
                elif kinds:
                    lines[statement.decorator_list[0].lineno - 1] = "# %%"
            case ast.With(items=[ast.withitem(context_expr=given)]):
                if _of_app(given) == "setup":
                    _open(lines, statement.lineno, statement.body)
    return "\n".join(lines)


def _of_app(node: ast.expr) -> str | None:
    """Return which part of marimo's ``app`` stands there, with or without a call."""
    if isinstance(node, ast.Call):
        node = node.func
    match node:
        case ast.Attribute(ast.Name("app"), name) if name in (*_CELLS, "setup"):
            return name
        case _:
            return None


def _open(lines: list[str], first: int, body: list[ast.stmt]) -> None:
    """Make the body of a block a cell of its own, without what it returns."""
    end = body[-1].end_lineno or len(lines)
    start = min(node.lineno for node in ast.walk(body[0]) if hasattr(node, "lineno"))
    if isinstance(body[-1], ast.Return):
        end = body[-1].lineno - 1
        returned = range(end, body[-1].end_lineno or end)
        for number in returned:
            lines[number] = ""
    for number in range(first - 1, end):
        is_body = number >= start - 1
        lines[number] = lines[number].removeprefix(_MARGIN) if is_body else ""
    lines[first - 1] = "# %%"
