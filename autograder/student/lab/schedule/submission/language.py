"""The part of Python that a submission may use when the explorer loads it.

A submission runs in the explorer's own process, so it must not reach the explorer. All
is a list of what is allowed: the constructs (`_CONSTRUCTS`), the names of attributes
(`allowed_attributes`), the builtins and modules. What cannot be seen in the source is
checked when it runs: attribute writes go through `__guard__`; annotations are dropped
because they would be evaluated.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from autograder.student.places import place

GUARD = "__guard__"
PRIVATE = "_lab_"  # what the fakes keep for themselves

_METHODS = """
    init new post_init repr str bytes format hash bool len iter next reversed contains
    getitem setitem delitem missing call enter exit eq ne lt le gt ge int float complex
    index round trunc floor ceil abs neg pos invert length_hint set_name init_subclass
    class_getitem get set delete add sub mul matmul truediv floordiv mod divmod pow and
    or xor lshift rshift radd rsub rmul rmatmul rtruediv rfloordiv rmod rdivmod rpow
    rand ror rxor rlshift rrshift iadd isub imul imatmul itruediv ifloordiv imod ipow
    iand ior ixor ilshift irshift
"""
DEFINED = frozenset(f"__{name}__" for name in _METHODS.split())
READ = DEFINED | {"__name__", "__qualname__", "__doc__"}
WRITTEN = frozenset(("__name__", "__qualname__", "__doc__"))
_NODES = """
    FunctionDef ClassDef Return Delete Assign AugAssign AnnAssign For While If With
    Match Raise Try Assert Import ImportFrom Global Nonlocal Expr Pass Break Continue
    BoolOp NamedExpr BinOp UnaryOp Lambda IfExp Dict Set ListComp SetComp DictComp
    GeneratorExp Yield YieldFrom Compare Call FormattedValue JoinedStr Constant
    Attribute Subscript Starred Name List Tuple Slice Load Store Del And Or Add Sub Mult
    MatMult Div Mod Pow LShift RShift BitOr BitXor BitAnd FloorDiv Invert Not UAdd USub
    Eq NotEq Lt LtE Gt GtE Is IsNot In NotIn comprehension ExceptHandler arguments arg
    keyword alias withitem match_case MatchValue MatchSingleton MatchSequence
    MatchMapping MatchClass MatchStar MatchAs MatchOr TypeVar ParamSpec TypeVarTuple
"""
_CONSTRUCTS = frozenset(_NODES.split())
_INSTEAD = {
    "eval": "write the expression itself",
    "exec": "write the statements themselves",
    "compile": "write the code itself",
    "globals": "use names",
    "locals": "use names",
    "vars": "name the attributes",
    "dir": "name the attributes",
    "open": "pass text as an argument",
    "input": "pass values as arguments",
    "breakpoint": "take it out to hand in",
    "memoryview": "use bytes",
}


class Names(Protocol):
    """The attributes that a submission may name."""

    def problem(self, name: str) -> str:
        """Say why an attribute may not be named; nothing if it may."""


class NotAllowed(Exception):
    """Source, or what it does, is outside the language."""


class Attributes(Protocol):
    """The names of attributes that one submission may write."""

    def problem(self, name: str) -> str:
        """Tell why a name is not allowed; "" if it is."""


@dataclass(frozen=True)
class Refusal:
    """A statement that was left out, and why."""

    label: str
    line: int
    reason: str
    names: tuple[str, ...]  # what it would have defined

    def __str__(self) -> str:
        return f"{place(self.label, self.line)}: {self.reason}"


def parsed(source: str) -> ast.Module | None:
    """Return a cell's tree, or nothing where it is not Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def accept(
    source: str, label: str, allowed: Attributes
) -> tuple[list[ast.stmt], list[Refusal]]:
    """Return the top-level statements that are within the language, and the others.

    Args:
        source: a cell.
        label: its name, as the file name in messages.
        allowed: the attributes that may be named.

    Returns:
        The statements to run, rewritten so that writing attributes goes through
        `GUARD`; and a refusal for each other one, or one for source that is not Python.
    """
    try:
        tree = ast.parse(source, label)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        said = getattr(error, "msg", None) or str(error)
        names = tuple(_words(source))
        return [], [Refusal(label, line, f"{type(error).__name__}: {said}", names)]
    taken, refused = [], []
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            continue
        names = tuple(bound(statement))
        try:
            problem = next(_problems(statement, allowed), None)
            if problem is None:
                taken.append(_Rewriter().visit(statement))
                continue
        except RecursionError:
            problem = (statement, "it is nested too deeply")
        line = getattr(problem[0], "lineno", statement.lineno)
        refused.append(Refusal(label, line, problem[1], names))
    return taken, refused


def bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a top-level statement defines."""
    name = getattr(statement, "name", None)
    if name is not None:
        yield name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name


def _words(source: str) -> Iterator[str]:
    """What unreadable source seems to define."""
    for line in source.splitlines():
        words = line.replace("(", " ").replace(":", " ").split()
        if len(words) > 1 and words[0] in ("def", "class"):
            yield words[1]


def is_dunder(name: str) -> bool:
    """Say whether a name is one of Python's own."""
    return name.startswith("__") and name.endswith("__") and len(name) > 4


def _problems(root: ast.stmt, allowed: Attributes) -> Iterator[tuple[ast.AST, str]]:
    parents = {child: n for n in ast.walk(root) for child in ast.iter_child_nodes(n)}
    for node in ast.walk(root):
        if said := _problem(node, parents, allowed):
            yield _placed(node, parents), said


def _placed(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> ast.AST:
    while not hasattr(node, "lineno") and node in parents:
        node = parents[node]
    return node


def _problem(
    node: ast.AST, parents: dict[ast.AST, ast.AST], allowed: Attributes
) -> str:
    kind = type(node).__name__
    if kind.startswith(("Async", "Await")) or getattr(node, "is_async", False):
        return "async code is not explored: use threads"
    if kind not in _CONSTRUCTS:
        return f"{kind} is not among what the explorer allows"
    if isinstance(node, ast.Attribute):
        return _attribute(node, parents, allowed)
    if isinstance(node, ast.ClassDef):
        for keyword in node.keywords:
            if keyword.arg in ("metaclass", None):
                return "a metaclass is not allowed under the explorer"
    if isinstance(node, ast.ImportFrom):
        if node.level:
            return "there is no package to import from: import the module by its name"
        if any(alias.name == "*" for alias in node.names):
            return f"import the names that you use from {node.module}, not *"
    if isinstance(node, ast.MatchClass) and "format" in node.kwd_attrs:
        return "use an f-string for format()"
    if isinstance(node, ast.Name):
        if node.id in ("__slots__", "__match_args__"):
            return _constant_names(parents.get(node), allowed)
        return _name(node)
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return _definition(node, allowed)
    read = node.kwd_attrs if isinstance(node, ast.MatchClass) else ()
    for name in _identifiers(node):
        said = _plain(name) or (allowed.problem(name) if name in read else "")
        if said:
            return said
    return ""


def _attribute(
    node: ast.Attribute, parents: dict[ast.AST, ast.AST], allowed: Attributes
) -> str:
    name, parent = node.attr, parents.get(node)
    if name == "__class__":
        read = isinstance(parent, ast.Attribute) and parent.attr in WRITTEN
        if read and isinstance(parent.ctx, ast.Load):  # type: ignore[union-attr]
            return ""
        return "use type(x) for x.__class__"
    if name == "format":
        text = node.value
        called = isinstance(parent, ast.Call) and parent.func is node
        if not called or not isinstance(text, ast.Constant):
            return "use an f-string for format()"
        return _fields(text.value, allowed) if isinstance(text.value, str) else ""
    stored = not isinstance(node.ctx, ast.Load)
    if stored and is_dunder(name) and name not in WRITTEN:
        return f"setting {name} is not allowed under the explorer"
    return allowed.problem(name)


def _fields(text: str, allowed: Attributes) -> str:
    """Look at what a format reads: `{0.name[key]}`, and fields inside the fields."""
    try:
        for _, field, spec, _ in string.Formatter().parse(text):
            for part in re.findall(r"\.([^.\[]*)", field or ""):
                if said := allowed.problem(part):
                    return said
            if spec and (said := _fields(spec, allowed)):
                return said
    except ValueError:
        return ""  # it will say so when it runs
    return ""


def _constant_names(statement: ast.AST | None, allowed: Attributes) -> str:
    """Attributes that a class lists must be seen."""
    value = getattr(statement, "value", None)
    try:
        names = ast.literal_eval(value) if value is not None else None
    except ValueError:
        names = None
    listed = [names] if isinstance(names, str) else names
    if not isinstance(listed, (list, tuple)):
        return "list the names themselves, as constants"
    for name in listed:
        if said := allowed.problem(name) if isinstance(name, str) else "a name is text":
            return said
    return ""


def _name(node: ast.Name) -> str:
    name = node.id
    if name in _INSTEAD and isinstance(node.ctx, ast.Load):
        return f"{name}() is not available under the explorer: {_INSTEAD[name]}"
    if name == "format" and not isinstance(node.ctx, ast.Load):
        return "choose another name than format"
    if name == "__name__" and isinstance(node.ctx, ast.Load):
        return ""
    if name in ("__all__", "__version__", "__author__") or name in DEFINED:
        return ""
    return _plain(name)


def _definition(node: ast.FunctionDef | ast.ClassDef, allowed: Attributes) -> str:
    name = node.name
    if is_dunder(name) and name not in DEFINED:
        return f"defining {name} is not allowed under the explorer"
    # The compiler puts the class before `self.__x`: `_lab` and `__x` would meet.
    inside = isinstance(node, ast.ClassDef) and f"_{name.lstrip('_')}_"
    if inside and inside.startswith(PRIVATE):
        return f"the class {name} needs another name"
    return allowed.problem(name)


def _plain(name: str) -> str:
    if name.startswith(PRIVATE):
        return f"{name} belongs to the explorer: choose another name"
    return f"{name} is not allowed under the explorer" if is_dunder(name) else ""


def _identifiers(node: ast.AST) -> Iterator[str]:
    """Every other identifier that a node holds: arguments, aliases, patterns."""
    if isinstance(node, ast.Constant):
        return
    for field, value in ast.iter_fields(node):
        if field == "type_comment":
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                yield from item.split(".")


class _Rewriter(ast.NodeTransformer):
    """Drops annotations and guards attribute writes."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.visit_ClassDef(node)

    def visit_ClassDef(self, node: ast.ClassDef | ast.FunctionDef) -> ast.AST:
        if hasattr(node, "type_params"):  # from Python 3.12 on
            node.type_params = []
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        # Dataclasses look for fields, so something must stay; ClassVar is no field.
        words = {n.id for n in ast.walk(node.annotation) if isinstance(n, ast.Name)}
        words |= {
            n.attr for n in ast.walk(node.annotation) if isinstance(n, ast.Attribute)
        }
        special = words & {"ClassVar", "InitVar", "KW_ONLY"}
        name = f"__{special.pop()}__" if special else "object"
        kept = ast.Name(name, ast.Load())
        node.annotation = ast.copy_location(kept, node.annotation)
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            guard = ast.Name(GUARD, ast.Load())
            node.value = ast.Call(guard, [node.value, ast.Constant(node.attr)], [])
            ast.copy_location(node.value, node)
            ast.fix_missing_locations(node.value)
        return node
