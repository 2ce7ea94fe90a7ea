"""Which names a piece of source binds and changes, found without running it."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator

from autograder.student.notebook.scopes import binding, own_nodes, statements_in

#: Calls that may bind or read names which no reading of the source can find.
DYNAMIC = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr"})

_DEFINITION = re.compile(r"^(?:async\s+def|def|class)\s+([^\W\d]\w*)", re.MULTILINE)
_FAILURES = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
MOST_SOURCE = 250_000  # characters that are parsed at once
#: Python 3.11 takes time that grows with the square of the fields of one f-string.
_MOST_FIELDS = 5_000
_FORMATTED = re.compile(r"[fF][rR]?[\"']")


def parse(source: str) -> ast.Module | None:
    """Return the syntax tree, or None where the source is not Python."""
    try:
        return _tree(source)
    except _FAILURES:
        return None


def syntax_error(source: str) -> tuple[int, str] | None:
    """Return the line and the reason for which source is not Python, if it is not."""
    try:
        _tree(source)
    except SyntaxError as error:
        return error.lineno or 1, error.msg
    except (RecursionError, MemoryError):
        return 1, "nested too deeply"
    except _FAILURES as error:
        return 1, type(error).__name__
    return None


def _tree(source: str) -> ast.Module:
    if len(source) > MOST_SOURCE:
        raise SyntaxError("too long to read")
    if source.count("{") > _MOST_FIELDS and _FORMATTED.search(source):
        raise SyntaxError("too many braces to read")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as "\d" in a student's string
        return ast.parse(source)


def names_bound(source: str, tree: ast.Module | None = None) -> tuple[str, ...]:
    """Return the names that source binds at top level, sorted.

    Where the source is not Python, the names of its ``def`` and ``class`` lines: they
    tell which task the broken cell was meant to answer.

    Args:
        source: the text.
        tree: its syntax tree, where that is known already.
    """
    if tree is None:
        tree = parse(source)
    if tree is None:
        return tuple(sorted(set(_DEFINITION.findall(source))))
    return tuple(sorted({name for part in tree.body for name in bound_by(part)}))


def definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    """Return each name with the last top-level statement that binds it."""
    return {name: statement for statement in tree.body for name in bound_by(statement)}


def bound_by(statement: ast.stmt) -> frozenset[str]:
    """Return the names that one statement binds in the scope it stands in."""
    return frozenset(
        name for node in _own_nodes(statement) if (name := binding(node)) is not None
    )


_VALUES = (
    *(ast.Constant, ast.JoinedStr, ast.BinOp, ast.UnaryOp, ast.Compare),
    *(ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp),
)


def is_value(statement: ast.stmt, name: str) -> bool:
    """Return whether a statement surely binds a name to what cannot be called.

    ``mean = mean(x)``, ``mean = x.mean()`` and ``for mean in means`` do.
    """
    if name not in bound_by(statement):
        return False
    if isinstance(statement, (ast.For, ast.AugAssign)):
        return True
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return False
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    value, parts = statement.value, [statement.value]
    for target in targets:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = zip(target.elts, value.elts, strict=False)
            parts = [part for one, part in pairs if getattr(one, "id", "") == name]
    return any(isinstance(part, _VALUES) for part in parts) or any(
        isinstance(node, ast.Call)
        and name in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
        for part in parts
        if part is not None
        for node in ast.walk(part)
    )


def changed_by(
    statement: ast.stmt, of_call: Callable[[ast.Expr], frozenset[str]]
) -> frozenset[str]:
    """Return the names that a statement binds or whose objects it may change.

    ``TABLE[0] = 1`` and ``Dual.__neg__ = neg`` change ``TABLE`` and ``Dual``.

    Args:
        statement: the statement.
        of_call: tells what a bare expression such as ``TABLE.append(1)`` changes.
    """
    changed = set(bound_by(statement))
    for node in _own_nodes(statement):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(
            node.ctx, ast.Load
        ):
            changed |= _root(node)
        elif isinstance(node, ast.Expr):
            changed |= of_call(node)
    return frozenset(changed)


def calls_of(statement: ast.stmt) -> frozenset[str]:
    """Return the plain names that a statement itself calls."""
    return frozenset(
        node.func.id
        for node in _own_nodes(statement)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )


def globals_declared(statement: ast.stmt) -> frozenset[str]:
    """Return the names that functions in a statement declare ``global``."""
    return frozenset(
        name
        for node in statements_in(statement)
        if isinstance(node, ast.Global)
        for name in node.names
    )


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def _own_nodes(statement: ast.AST) -> Iterator[ast.AST]:
    """Walk a statement without entering the bodies of functions and classes."""
    return own_nodes([statement], _SCOPES)


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
