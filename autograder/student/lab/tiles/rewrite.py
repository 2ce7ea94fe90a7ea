"""Check a kernel's source and compile what it means for the simulator.

Source comes from students, and in grading from a process that may be hostile: it is
parsed, never evaluated, until every node is known to be in the language.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from types import CodeType

from .errors import LanguageError
from .expressions import LOAD, STORE, put
from .grammar import LOOPS, OPERATORS, REFUSED
from .signature import Parameter, Signature

SOURCE_LIMIT = 40_000  # characters of one kernel
PADDING_LIMIT = 10_000  # blank lines before it, which make its lines those of its file
_ATOMIC = "t_atomic_add"


@dataclass(frozen=True)
class Checked:
    """A kernel whose source is in the language."""

    name: str
    source: str
    parameters: tuple[Parameter, ...]
    local: tuple[str, ...]  # names that the body assigns
    called: dict[str, int]  # other kernels that it calls, with the line
    read: dict[str, int]  # constexpr globals that it reads, with the line
    returns: int  # the line of a `return value`, or 0
    code: CodeType


def size_of(source: str) -> int:
    """Count the characters of a kernel, but for the blank lines before it."""
    padding = len(source) - len(source.lstrip("\n"))
    return len(source) - min(padding, PADDING_LIMIT)


@functools.lru_cache(maxsize=64)  # a judge checks the same text for every test
def check(source: str) -> Checked:
    """Check one @triton.jit function; raise LanguageError for the first fault."""
    if size_of(source) > SOURCE_LIMIT:
        raise LanguageError(f"a kernel of {size_of(source):,} characters is too long.")
    try:
        body = ast.parse(source).body
        if len(body) != 1 or not isinstance(body[0], ast.FunctionDef):
            raise LanguageError("a kernel is one function: @triton.jit, then `def`.")
        return Rewriter(body[0], source).run()
    except SyntaxError as error:
        where = f"line {error.lineno}: {error.msg}"
        raise LanguageError(f"the kernel is not Python: {where}.") from None
    except (RecursionError, MemoryError, ValueError):
        raise LanguageError("the kernel's source cannot be read.") from None


class Rewriter(Signature):
    """Rewrites the statements of one kernel."""

    def __init__(self, tree: ast.FunctionDef, source: str) -> None:
        arguments = tree.args
        names = [a.arg for a in [*arguments.args, *arguments.kwonlyargs]]
        self.tree = tree
        self.source = source
        self.assigned = assigned(tree.body)
        super().__init__(tree.name, source.splitlines(), {*names, *self.assigned})
        self.loops = 0
        self.returns = 0
        for name in [tree.name, *names, *self.assigned]:
            self.check_name(tree, name)

    def run(self) -> Checked:
        """Check everything and compile it."""
        parameters, fresh, module = self.rewritten()
        code = compile(module, f"<kernel {self.kernel}>", "exec", dont_inherit=True)
        return Checked(
            self.kernel, self.source, parameters, fresh, dict(self.called),
            dict(self.read), self.returns, code,
        )  # fmt: skip

    def rewritten(self) -> tuple[tuple[Parameter, ...], tuple[str, ...], ast.Module]:
        """Return the parameters, the names that the body adds, and what is to run."""
        self.check_decorators(self.tree)
        parameters = self.parameters(self.tree)
        known = {p.name for p in parameters}
        fresh = tuple(n for n in self.assigned if n not in known)
        body: list[ast.stmt] = [
            self.assign(self.tree, (name,), self.name(self.tree, f"u_{name}"))
            for name in fresh
        ]
        body += self.block(self.tree, self.tree.body)
        arguments = ast.arguments(
            posonlyargs=[],
            args=[put(ast.arg(f"v_{p.name}"), self.tree) for p in parameters],
            kwonlyargs=[],
            kw_defaults=[],
            defaults=[],
        )
        function = ast.FunctionDef("kernel", arguments, body, [])
        setattr(function, "type_params", [])  # noqa: B010 -- Python 3.12 asks for it
        return parameters, fresh, ast.Module([put(function, self.tree)], [])

    def block(self, node: ast.stmt, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Rewrite the statements of a node; no statement becomes `pass`."""
        out: list[ast.stmt] = []
        for statement in statements:
            method = getattr(self, f"do_{type(statement).__name__}", None)
            if method is None:
                name = type(statement).__name__
                why = REFUSED.get(type(statement), f"a kernel has no `{name}`")
                raise self.refuse(statement, why)
            out += method(statement)
        return out or [put(ast.Pass(), node)]

    def assign(
        self,
        node: ast.AST,
        names: Sequence[str],
        value: ast.expr,
        *,
        tuple_: bool = False,
    ) -> ast.stmt:
        """Write `v_a, v_b = value` at the place of a node."""
        targets: list[ast.expr] = [self.store(node, f"v_{n}") for n in names]
        target = ast.Tuple(targets, STORE) if tuple_ else targets[0]
        made = ast.Assign([put(target, node)], value)
        return put(made, node)

    def keep(self, node: ast.AST, value: ast.expr) -> tuple[str, ast.stmt]:
        """Write `k_1 = value`; return the name and the statement."""
        name = self.temporary()
        made = ast.Assign([self.store(node, name)], value)
        return name, put(made, node)

    def values(self, node: ast.AST, names: Sequence[str]) -> ast.expr:
        """Write the tuple of some names' values."""
        parts: list[ast.expr] = [self.name(node, f"v_{n}") for n in names]
        return put(ast.Tuple(parts, LOAD), node)

    def do_Pass(self, node: ast.Pass) -> list[ast.stmt]:
        return []

    def do_Expr(self, node: ast.Expr) -> list[ast.stmt]:
        if isinstance(node.value, ast.Constant) and type(node.value.value) is str:
            return []  # a docstring
        value = self.visit(node.value)
        if isinstance(value, ast.Call) and getattr(value.func, "id", "") == _ATOMIC:
            value.func = self.name(node, "o_add_alone")
        return [put(ast.Expr(value), node)]

    def do_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        if len(node.targets) > 1:
            raise self.refuse(
                node, "Triton assigns one name at a time: split `a = b =`"
            )
        target = node.targets[0]
        value = self.visit(node.value)
        if isinstance(target, ast.Tuple):
            names = [self.target(part) for part in target.elts]
            count = self.literal(node, len(names))
            value = self.call(node, "o_unpack", value, count)
            return [self.assign(node, names, value, tuple_=True)]
        name = self.target(target)
        return [self.assign(node, [name], self.call(node, "o_keep", value))]

    def target(self, node: ast.expr) -> str:
        """Read the name that is assigned to."""
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Subscript):
            raise self.refuse(
                node,
                "a block cannot be changed in place: build a new one with "
                "tl.where, or tl.store to memory",
            )
        raise self.refuse(node, "a kernel assigns to names only")

    def do_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        name = self.target(node.target)
        operator = OPERATORS[type(node.op)][0]
        old = self.name(node, f"v_{name}")
        value = self.call(node, f"o_{operator}", old, self.visit(node.value))
        return [self.assign(node, [name], self.call(node, "o_keep", value))]

    def do_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        name = self.target(node.target)
        if ast.unparse(node.annotation) != "tl.constexpr" or node.value is None:
            raise self.refuse(node, "a local annotation is `x: tl.constexpr = number`")
        value = self.visit(node.value)
        value = self.call(node, "o_compile_time", value, self.literal(node, name))
        return [self.assign(node, [name], value)]

    def do_Return(self, node: ast.Return) -> list[ast.stmt]:
        if self.loops:
            raise self.refuse(node, "Triton has no `return` inside a loop")
        if node.value is None:
            return [put(ast.Return(self.literal(node, None)), node)]
        if isinstance(node.value, ast.Constant) and node.value.value is None:
            raise self.refuse(node, "write `return` alone")
        self.returns = self.returns or node.lineno
        return [put(ast.Return(self.visit(node.value)), node)]

    def do_If(self, node: ast.If) -> list[ast.stmt]:
        condition, keep = self.keep(node, self.visit(node.test))
        test = self.call(node, "o_truth", self.name(node, condition))
        then, other = assigned(node.body), assigned(node.orelse)
        names = list(dict.fromkeys([*then, *other]))
        before, keep_before = self.keep(node, self.values(node, names))
        made = ast.If(test, self.block(node, node.body), self.block(node, node.orelse))
        put(made, node)
        if not names:
            return [keep, made]
        both = tuple(n in then and n in other for n in names)
        merged = self.call(
            node, "o_merge", self.name(node, condition), self.name(node, before),
            self.values(node, names), self.literal(node, tuple(names)),
            self.literal(node, both),
        )  # fmt: skip
        return [keep, keep_before, made, self.assign(node, names, merged, tuple_=True)]

    def do_For(self, node: ast.For) -> list[ast.stmt]:
        if node.orelse:
            raise self.refuse(node, "a loop of a kernel has no `else`")
        if not isinstance(node.target, ast.Name):
            raise self.refuse(node, "a loop of a kernel has one index")
        kind = ast.unparse(node.iter.func) if isinstance(node.iter, ast.Call) else ""
        if not isinstance(node.iter, ast.Call) or kind not in LOOPS:
            raise self.refuse(
                node, "`for` goes over range, tl.range or tl.static_range"
            )
        bounds = []
        for arg in node.iter.args:
            bounds.append(self.visit(arg))
        for keyword in node.iter.keywords:
            if keyword.arg is None or kind != "tl.range":
                raise self.refuse(node, f"`{kind}` takes its bounds only")
            self.visit(keyword.value)  # num_stages and its like: a hint
        loop = self.call(node, f"l_{kind.replace('.', '_')}", *bounds)
        index = self.store(node, f"v_{node.target.id}")
        self.loops += 1
        body = self.block(node, node.body)
        self.loops -= 1
        if kind == "tl.static_range":
            made = ast.For(index, loop, body, [])
            return [put(made, node)]
        names = [n for n in assigned(node.body) if n != node.target.id]
        return self.carry(node, names, [node.target.id], ast.For(index, loop, body, []))

    def do_While(self, node: ast.While) -> list[ast.stmt]:
        if node.orelse:
            raise self.refuse(node, "a loop of a kernel has no `else`")
        test = self.call(node, "o_turn", self.visit(node.test))
        self.loops += 1
        body = self.block(node, node.body)
        self.loops -= 1
        names = assigned(node.body)
        return self.carry(node, names, [], ast.While(test, body, []))

    def carry(
        self,
        node: ast.stmt,
        names: list[str],
        gone: list[str],
        loop: ast.For | ast.While,
    ) -> list[ast.stmt]:
        """Wrap a loop in the checks of the names that it assigns."""
        before, keep = self.keep(
            node, self.call(node, "o_carry", self.values(node, names))
        )
        texts = self.literal(node, tuple(names))

        def update(function: str) -> ast.stmt:
            call = self.call(
                node, function, self.name(node, before), self.values(node, names), texts
            )
            return self.assign(node, names, call, tuple_=True)

        put(loop, node)
        out: list[ast.stmt] = []
        if names:
            start = self.assign(node, names, self.name(node, before), tuple_=True)
            loop.body.append(update("o_carried"))
            out = [keep, start, loop, update("o_after_loop")]
        else:
            out = [loop]
        for name in gone:
            out.append(self.assign(node, [name], self.name(node, f"u_{name}")))
        return out


def assigned(statements: Sequence[ast.stmt]) -> list[str]:
    """Return the names that statements assign, in order, loops' indices included.

    Statements that a kernel cannot have are passed over: they are refused later.
    """
    names: dict[str, None] = {}
    _collect(statements, names)
    return list(names)


def _collect(statements: Sequence[ast.stmt], names: dict[str, None]) -> None:
    for statement in statements:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                _collect_target(target, names)
        elif isinstance(statement, ast.AugAssign | ast.AnnAssign):
            _collect_target(statement.target, names)
        elif isinstance(statement, ast.For | ast.While | ast.If):
            if isinstance(statement, ast.For):
                _collect_target(statement.target, names)
            _collect(statement.body, names)
            _collect(statement.orelse, names)


def _collect_target(target: ast.expr, names: dict[str, None]) -> None:
    if isinstance(target, ast.Name):
        names[target.id] = None
    elif isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            _collect_target(part, names)
