"""Which names a piece of source binds and needs, found without running it."""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from collections.abc import Callable, Iterator

#: Calls that may bind or read names which no reading of the source can find.
DYNAMIC = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr"})

_DEFINITION = re.compile(r"^(?:async\s+def|def|class)\s+([^\W\d]\w*)", re.MULTILINE)
_FAILURES = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


def parse(source: str) -> ast.Module | None:
    """Return the syntax tree, or None where the source is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as "\d" in a student's string
            return ast.parse(source)
    except _FAILURES:
        return None


def syntax_error(source: str) -> tuple[int, str] | None:
    """Return the line and the reason for which source is not Python, if it is not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except SyntaxError as error:
        return error.lineno or 1, error.msg
    except _FAILURES as error:
        return 1, type(error).__name__
    return None


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
    return tuple(sorted(set().union(*map(bound_by, tree.body))))


def definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    """Return each name with the last top-level statement that binds it."""
    return {name: statement for statement in tree.body for name in bound_by(statement)}


def bound_by(statement: ast.stmt) -> frozenset[str]:
    """Return the names that one statement binds in the scope it stands in."""
    return frozenset(_bound(statement))


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
        for node in ast.walk(statement)
        if isinstance(node, ast.Global)
        for name in node.names
    )


def needed_by(source: str, statement: ast.stmt) -> frozenset[str]:
    """Return the names that a statement may look up in the module.

    Args:
        source: the statement's own lines.
        statement: its tree, walked where the symbol table cannot be made.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return frozenset(_globals_of(symtable.symtable(source, "cell", "exec")))
    except _FAILURES:
        return frozenset(n.id for n in ast.walk(statement) if isinstance(n, ast.Name))


def _globals_of(table: symtable.SymbolTable) -> Iterator[str]:
    waiting = [table]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (top or symbol.is_global()):
                yield symbol.get_name()


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def _own_nodes(statement: ast.AST) -> Iterator[ast.AST]:
    """Walk a statement without entering the bodies of functions and classes."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _SCOPES):
            waiting += getattr(node, "decorator_list", [])
        else:
            waiting += ast.iter_child_nodes(node)


def _bound(statement: ast.stmt) -> Iterator[str]:
    for node in _own_nodes(statement):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.alias():
                yield node.asname or node.name.partition(".")[0]
            case ast.ExceptHandler(name=str(name)):
                yield name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name
            case _:
                pass


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
