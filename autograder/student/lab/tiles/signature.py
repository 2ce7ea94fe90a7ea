"""Read a kernel's head: its decorator, its parameters and their defaults."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from .expressions import Expressions

MISSING = object()


@dataclass(frozen=True)
class Parameter:
    """One parameter of a kernel."""

    name: str
    constexpr: bool
    default: object = MISSING


class Signature(Expressions):
    """Checks the head of one kernel."""

    def check_decorators(self, tree: ast.FunctionDef) -> None:
        """Allow @triton.jit alone."""
        texts = [ast.unparse(d) for d in tree.decorator_list]
        for text, node in zip(texts, tree.decorator_list, strict=True):
            if text not in ("triton.jit", "jit", "triton.jit()"):
                raise self.refuse(
                    node, f"@{text[:40]} is not in the language; @triton.jit alone is"
                )

    def parameters(self, tree: ast.FunctionDef) -> tuple[Parameter, ...]:
        """Read the parameters; a default is a number, None, a dtype or text."""
        given = tree.args
        if given.vararg or given.kwarg or given.posonlyargs:
            raise self.refuse(tree, "a kernel names each of its parameters")
        missing: list[ast.expr | None] = [None] * (
            len(given.args) - len(given.defaults)
        )
        defaults = [*missing, *given.defaults, *given.kw_defaults]
        out = []
        for arg, default in zip(
            [*given.args, *given.kwonlyargs], defaults, strict=True
        ):
            note = "" if arg.annotation is None else ast.unparse(arg.annotation)
            constexpr = note.strip("'\"") in ("tl.constexpr", "constexpr")
            value = MISSING if default is None else self.default(default)
            out.append(Parameter(arg.arg, constexpr, value))
        return tuple(out)

    def default(self, node: ast.expr) -> object:
        """Read a parameter's default without evaluating anything."""
        sign, inner = 1, node
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            sign, inner = -1, node.operand
        if isinstance(inner, ast.Constant):
            value = self.visit_Constant(inner)
            if isinstance(value, ast.Constant):
                if sign < 0 and type(value.value) in (int, float):
                    return -value.value  # type: ignore[operator]
                if sign > 0:
                    return value.value
        raise self.refuse(node, "a default is a number, None or text")
