"""Which names a statement looks up in the module, in one walk over its tree.

The standard ``symtable`` knows as well, but takes time that grows with the square of
the source: a class of ten thousand methods took seconds.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_HOLDERS = (ast.stmt, ast.excepthandler, ast.match_case)
_SCOPES = (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)


@dataclass
class _Scope:
    """A function or comprehension: entered, left, and what it hides meanwhile."""

    binds: frozenset[str]  # the module's names that it hides behind its own
    shows: frozenset[str] = frozenset()  # declared global: the module's after all
    counts: frozenset[str] = frozenset()  # those of them that it reads in ``n += 1``
    hidden: dict[str, int] = field(default_factory=dict)
    entered: bool = False

    def pass_through(self, hiding: Counter[str]) -> None:
        """Enter at the first call and leave at the second."""
        step = -1 if self.entered else 1
        for name in self.binds:
            hiding[name] += step
        for name in self.shows:
            if self.entered:
                hiding[name] = self.hidden[name]
            else:
                self.hidden[name], hiding[name] = hiding[name], 0
        self.entered = True


def needed_by(statement: ast.stmt) -> frozenset[str]:
    """Return the names that a statement may look up in the module.

    A name that a class binds for itself counts as well, since its body may read the
    module's first. Where in doubt a name is returned.
    """
    found: set[str] = set()
    hiding: Counter[str] = Counter()  # how many scopes around us bind a name
    waiting: list[ast.AST | _Scope] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):  # every other node is one, or near it
            if isinstance(node.ctx, ast.Load) and not hiding[node.id]:
                found.add(node.id)
        elif isinstance(node, _Scope):
            node.pass_through(hiding)
        elif isinstance(node, _FUNCTIONS):
            inside: list[ast.AST]
            inside = [node.body] if isinstance(node, ast.Lambda) else [*node.body]
            scope = _function_scope(node, inside)
            found |= scope.counts
            # Walked from the end: what stands outside, entering, inside, leaving.
            waiting += [scope, *inside, scope, *_outside(node)]
        elif isinstance(node, _COMPREHENSIONS):
            first = node.generators[0]
            inside = [part for part in ast.iter_child_nodes(node) if part is not first]
            inside += [first.target, *first.ifs]
            scope = _Scope(frozenset(_stored(g.target for g in node.generators)))
            waiting += [scope, *inside, scope, first.iter]
        else:
            waiting += ast.iter_child_nodes(node)
    return frozenset(found)


def own_nodes(
    roots: Iterable[ast.AST], stop: tuple[type[ast.AST], ...]
) -> Iterator[ast.AST]:
    """Walk trees; of a node of a kind in ``stop`` only what stands outside it."""
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, stop):
            waiting += getattr(node, "decorator_list", [])
        elif not isinstance(node, ast.Name):  # it has none but whether it is read
            waiting += ast.iter_child_nodes(node)


def statements_in(root: ast.AST) -> Iterator[ast.AST]:
    """Walk the statements below a node and itself: expressions hold none."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [n for n in ast.iter_child_nodes(node) if isinstance(n, _HOLDERS)]


def binding(node: ast.AST) -> str | None:
    """Return the name that a node itself binds in its scope, if it does."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name
        case ast.Name(ctx=ast.Store()):
            return node.id
        case ast.alias():
            return node.asname or node.name.partition(".")[0]
        case ast.ExceptHandler(name=str(name)):
            return name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return name
        case ast.MatchMapping(rest=str(name)):
            return name
        case _:
            return None


def _outside(node: _Function) -> Iterator[ast.AST]:
    """Yield the parts of a function that are looked up where it stands."""
    yield node.args  # defaults and annotations
    for part in ("decorator_list", "type_params"):
        yield from getattr(node, part, [])
    if not isinstance(node, ast.Lambda) and node.returns is not None:
        yield node.returns


def _function_scope(node: _Function, inside: Iterable[ast.AST]) -> _Scope:
    binds = {part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)}
    declared: set[str] = set()
    comprehensions: list[ast.AST] = []
    counted: set[str] = set()
    for part in own_nodes(inside, _SCOPES):
        if isinstance(part, ast.Global):
            declared.update(part.names)
        elif isinstance(part, _COMPREHENSIONS):
            comprehensions.append(part)
        elif isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
            counted.add(part.target.id)
        name = binding(part)
        if name is not None:
            binds.add(name)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Del):
            binds.add(part.id)
    for part in own_nodes(comprehensions, (*_FUNCTIONS, ast.ClassDef)):
        if isinstance(part, ast.NamedExpr):  # binds here, even in a comprehension
            binds.add(part.target.id)
    counts = frozenset(counted & declared)
    return _Scope(frozenset(binds - declared), frozenset(declared), counts)


def _stored(targets: Iterable[ast.AST]) -> Iterator[str]:
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
