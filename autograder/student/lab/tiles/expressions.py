"""Check a kernel's expressions and rewrite them to calls of known functions.

The rewritten code has no attribute, no subscript and no operator: names, constants,
tuples and calls only. Each name carries a prefix that says what it is: `v_` the
kernel's own, `t_` of tl, `m_` a method, `o_` an operator or form, `g_` a constexpr
global, `h_` another kernel, `k_` a temporary. Nothing else can be reached.
"""

from __future__ import annotations

import ast
from typing import Any, TypeVar

from .errors import LanguageError
from .grammar import (
    ATTRIBUTES,
    BUILTINS,
    DTYPE_NAMES,
    ELSEWHERE,
    FUNCTIONS,
    LOOPS,
    METHODS,
    MODULES,
    OPERATORS,
    REFUSED,
    TAKES_TEXT,
)

TEXT_LIMIT = 200  # characters of a string constant
LOAD, STORE = ast.Load(), ast.Store()
Node = TypeVar("Node", bound=ast.AST)


def put(made: Node, node: Any) -> Node:
    """Give a new node the line of an old one; ast.copy_location is far slower."""
    made.lineno = node.lineno  # type: ignore[attr-defined]
    made.col_offset = node.col_offset  # type: ignore[attr-defined]
    return made


class Expressions:
    """Rewrites the expressions of one kernel, noting the names that it needs."""

    def __init__(self, kernel: str, lines: list[str], local: set[str]) -> None:
        self.kernel = kernel
        self.lines = lines
        self.local = local
        self.called: dict[str, int] = {}  # other kernels, with the line of first use
        self.read: dict[str, int] = {}  # globals, likewise
        self.temporaries = 0

    def refuse(self, node: ast.AST, why: str) -> LanguageError:
        """Build the message: which kernel, which line, why, and the line itself."""
        number = getattr(node, "lineno", 1)
        text = self.lines[number - 1].strip() if number <= len(self.lines) else ""
        return LanguageError(f"{self.kernel}, line {number}: {why}.\n  {text[:100]}")

    def temporary(self) -> str:
        """Return a new internal name."""
        self.temporaries += 1
        return f"k_{self.temporaries}"

    def name(self, node: ast.AST, name: str) -> ast.Name:
        """Read an internal name, at the place of a node."""
        return put(ast.Name(name, LOAD), node)

    def store(self, node: ast.AST, name: str) -> ast.Name:
        """Write an internal name, at the place of a node."""
        return put(ast.Name(name, STORE), node)

    def call(self, node: ast.AST, name: str, *args: ast.expr) -> ast.Call:
        """Call an internal function, at the place of a node."""
        made = ast.Call(self.name(node, name), list(args), [])
        return put(made, node)

    def literal(self, node: ast.AST, value: object) -> ast.expr:
        """Write a constant, or a tuple of constants, at the place of a node."""
        if isinstance(value, tuple):
            parts = [self.literal(node, v) for v in value]
            return put(ast.Tuple(parts, LOAD), node)
        return put(ast.Constant(value), node)  # type: ignore[arg-type]

    def check_name(self, node: ast.AST, name: str) -> str:
        """Refuse names that could mean something to Python itself."""
        if name.startswith("__") or name.endswith("__") or not name.isascii():
            raise self.refuse(node, f"`{name}` is not a name for a kernel")
        if name in ("tl", "triton"):
            raise self.refuse(node, f"`{name}` is the language; use another name")
        return name

    def visit(self, node: ast.expr) -> ast.expr:
        """Rewrite one expression."""
        method = getattr(self, f"visit_{type(node).__name__}", None)
        if method is None:
            why = REFUSED.get(
                type(node), f"a kernel has no `{type(node).__name__}` expression"
            )
            raise self.refuse(node, why)
        result: ast.expr = method(node)
        return result

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        value = node.value
        if isinstance(value, str):
            return self.text(node)
        if value is not None and type(value) not in (int, float, bool):
            raise self.refuse(node, f"a kernel has no {type(value).__name__} constants")
        if type(value) is int and value.bit_length() > 64:
            raise self.refuse(node, "the number does not fit in 64 bits")
        return self.literal(node, value)

    def text(self, node: ast.Constant) -> ast.expr:
        """Rewrite a string constant, where one may stand."""
        if len(str(node.value)) > TEXT_LIMIT:
            raise self.refuse(node, "the text is too long")
        return self.literal(node, node.value)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        name = node.id
        if name in self.local:
            return self.name(node, f"v_{name}")
        if name in ("tl", "triton"):
            raise self.refuse(node, f"`{name}` alone is not a value")
        if name in BUILTINS or name in LOOPS:
            raise self.refuse(node, f"`{name}` can only be called")
        self.check_name(node, name)
        self.read.setdefault(name, node.lineno)
        return self.name(node, f"g_{name}")

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        name = node.attr
        if isinstance(node.value, ast.Name) and node.value.id in ("tl", "triton"):
            full = f"{node.value.id}.{name}"
            if full in {f"tl.{d}" for d in DTYPE_NAMES}:
                return self.name(node, f"t_{name}")
            if full in LOOPS or (node.value.id == "tl" and name in FUNCTIONS):
                raise self.refuse(node, f"`{full}` can only be called")
            raise self.unknown(node, node.value.id, name)
        self.refuse_module(node)
        if name in METHODS:
            raise self.refuse(node, f"`.{name}` can only be called")
        if name not in ATTRIBUTES:
            known = ", ".join(f".{a}" for a in ATTRIBUTES[:4])
            instead = f"; {ELSEWHERE[name]}" if name in ELSEWHERE else f" ({known} are)"
            raise self.refuse(node, f"`.{name}` is not in the language{instead}")
        value = self.visit(node.value)
        return self.call(node, "o_attribute", value, self.literal(node, name))

    def refuse_module(self, node: ast.Attribute) -> None:
        """Refuse `np.exp` and its like, with the form that works."""
        module = node.value
        while isinstance(module, ast.Attribute):  # np.random.rand
            module = module.value
        if not isinstance(module, ast.Name) or module.id not in MODULES - self.local:
            return
        said, name = ast.unparse(node), node.attr
        if name in FUNCTIONS or name in DTYPE_NAMES:
            instead = f"write tl.{name}"
        else:
            instead = ELSEWHERE.get(name, "what a kernel can use is in tl")
        raise self.refuse(
            node, f"`{said}`: a kernel runs without Python's modules; {instead}"
        )

    def unknown(self, node: ast.AST, module: str, name: str) -> LanguageError:
        """Explain a name of tl or triton that a kernel cannot use."""
        if module == "triton":
            why = "`triton` is for the host function; "
            why += f"use tl.{name}" if name in FUNCTIONS else "in a kernel use tl"
            if name == "next_power_of_2":
                why += ", and pass the number as a tl.constexpr parameter"
            return self.refuse(node, why)
        if name in DTYPE_NAMES:
            why = f"tl.{name} is a dtype: convert with .to(tl.{name})"
            return self.refuse(node, why)
        if name in ELSEWHERE:
            return self.refuse(
                node, f"tl.{name} is not in the course's language; {ELSEWHERE[name]}"
            )
        near = [f for f in FUNCTIONS if f.startswith(name[:3]) or name.startswith(f)]
        hint = f" (near it: {', '.join('tl.' + n for n in near[:4])})" if near else ""
        return self.refuse(node, f"tl.{name} is not in the course's language{hint}")

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        value = self.visit(node.value)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        axes = [self.axis(part) for part in parts]
        if None not in axes:
            return self.call(node, "o_index", value, self.literal(node, tuple(axes)))
        if len(parts) == 1 and not isinstance(parts[0], ast.Slice):
            return self.call(node, "o_item", value, self.visit(parts[0]))
        raise self.refuse(
            node,
            "a block is indexed with `:` and None only, such as x[:, None]; "
            "elements and slices are reached through pointers",
        )

    def axis(self, part: ast.expr) -> bool | None:
        """Read one part of an index: True for None, False for `:`, None for others."""
        if isinstance(part, ast.Constant) and part.value is None:
            return True
        if isinstance(part, ast.Slice) and not (part.lower or part.upper or part.step):
            return False
        return None

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        name = OPERATORS[type(node.op)][0]
        left, right = self.visit(node.left), self.visit(node.right)
        return self.call(node, f"o_{name}", left, right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        name = OPERATORS[type(node.op)][0]
        return self.call(node, f"o_{name}", self.visit(node.operand))

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        name = OPERATORS[type(node.op)][0]
        wanted = self.literal(node, isinstance(node.op, ast.And))
        result = self.visit(node.values[0])
        for value in node.values[1:]:
            temporary = self.temporary()
            kept = ast.NamedExpr(self.store(node, temporary), result)
            both = self.call(
                node, f"o_{name}", self.name(node, temporary), self.visit(value)
            )
            result = ast.IfExp(
                self.call(node, "o_opens", put(kept, node), wanted),
                both,
                self.name(node, temporary),
            )
            put(result, node)
        return result

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        if len(node.ops) > 1:
            raise self.refuse(
                node, "Triton does not chain comparisons: write (a < b) & (b < c)"
            )
        kind = type(node.ops[0])
        if kind not in OPERATORS:
            raise self.refuse(node, REFUSED[kind])
        right = node.comparators[0]
        if kind in (ast.Is, ast.IsNot) and not (
            isinstance(right, ast.Constant) and right.value is None
        ):
            raise self.refuse(node, "`is` compares with None only; use ==")
        left = self.visit(node.left)
        return self.call(node, f"o_{OPERATORS[kind][0]}", left, self.visit(right))

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        temporary = self.temporary()
        kept = ast.NamedExpr(self.store(node, temporary), self.visit(node.test))
        sides = [
            self.call(node, "o_choose", self.name(node, temporary), self.visit(side))
            for side in (node.body, node.orelse)
        ]
        test = self.call(node, "o_truth", put(kept, node))
        return put(ast.IfExp(test, sides[0], sides[1]), node)

    def visit_Tuple(self, node: ast.Tuple) -> ast.expr:
        parts = [self.visit(part) for part in node.elts]
        return put(ast.Tuple(parts, LOAD), node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        function, first, takes_text = self.callee(node.func)
        args = [*first]
        for arg in node.args:
            args.append(self.argument(arg, takes_text))
        keywords = []
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.refuse(node, "a kernel has no `**`: name each argument")
            self.check_name(node, keyword.arg)
            value = self.argument(keyword.value, takes_text)
            made = ast.keyword(keyword.arg, value)
            keywords.append(put(made, node))
        return put(ast.Call(self.name(node, function), args, keywords), node)

    def argument(self, node: ast.expr, takes_text: bool) -> ast.expr:
        """Rewrite an argument; a list there is a shape, and text must be expected."""
        if isinstance(node, ast.List):
            parts = [self.visit(part) for part in node.elts]
            return put(ast.Tuple(parts, LOAD), node)
        text = isinstance(node, ast.Constant) and type(node.value) is str
        if text and not takes_text:
            raise self.refuse(node, "a kernel has no text here")
        return self.visit(node)

    def callee(self, node: ast.expr) -> tuple[str, list[ast.expr], bool]:
        """Name what is called, with the block that a method belongs to."""
        if isinstance(node, ast.Name):
            name = node.id
            if name in self.local:
                raise self.refuse(node, f"`{name}` is a value and cannot be called")
            if name in BUILTINS:
                return f"b_{name}", [], name in TAKES_TEXT
            if name in LOOPS:
                raise self.refuse(node, "`range` belongs in `for i in range(...)`")
            self.check_name(node, name)
            self.called.setdefault(name, node.lineno)
            return f"h_{name}", [], False
        if isinstance(node, ast.Attribute):
            name = node.attr
            if isinstance(node.value, ast.Name) and node.value.id in ("tl", "triton"):
                module = node.value.id
                if module == "tl" and name in FUNCTIONS:
                    return f"t_{name}", [], name in TAKES_TEXT
                if f"{module}.{name}" in LOOPS:
                    raise self.refuse(
                        node, f"`tl.{name}` belongs in `for i in tl.{name}(...)`"
                    )
                raise self.unknown(node, module, name)
            self.refuse_module(node)
            if name in METHODS:
                return f"m_{name}", [self.visit(node.value)], name in TAKES_TEXT
            instead = f"; {ELSEWHERE[name]}" if name in ELSEWHERE else ""
            raise self.refuse(node, f"`.{name}()` is not in the language{instead}")
        raise self.refuse(node, "only functions of tl and other kernels can be called")
