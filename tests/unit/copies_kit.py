"""Solutions as students write them, and copies as students disguise them."""

from __future__ import annotations

import ast
import random


def rewritten(source: str) -> str:
    """Return a solution that says the same as another in a way of its own.

    Few lines of it stand in the other: sums and products are turned round, conditions
    too, and every value goes through a name before it is returned.
    """
    return ast.unparse(ast.fix_missing_locations(_OwnWay().visit(ast.parse(source))))


class _OwnWay(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Mult):
            node.left, node.right = node.right, node.left
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        test = ast.UnaryOp(ast.Not(), node.test)
        return ast.IfExp(test, node.orelse, node.body)

    def visit_Return(self, node: ast.Return) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        if node.value is None:
            return node
        name = ast.Name("answer", ast.Store())
        return [
            ast.Assign([name], node.value),
            ast.Return(ast.Name("answer", ast.Load())),
        ]


def disguised(source: str, seed: int) -> str:
    """Return a copy with other names, other comments and its definitions reordered."""
    dice = random.Random(seed)
    tree = ast.parse(source)
    dice.shuffle(tree.body)
    parts = [_Renamed(seed).visit(node) for node in tree.body]
    return "\n\n".join(
        f"# {dice.random()}, my own idea\n{ast.unparse(part)}" for part in parts
    )


class _Renamed(ast.NodeTransformer):
    def __init__(self, seed: int) -> None:
        self._seed = seed

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(f"{node.id}_{self._seed}", node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(f"{node.arg}_{self._seed}", None)
