"""What a statement looks up, held against the compiler's own table, and binds."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.student.notebook.names import is_value
from autograder.student.notebook.scopes import binding, needed_by

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    *sorted((ROOT / "course").glob("*/exercise.py")),
    *sorted((ROOT / "solutions").glob("*/reference.py")),
    *sorted((ROOT / "solutions").glob("*/alternatives/*.py")),
    *sorted((ROOT / "autograder/student").rglob("*.py")),
]


def by_symbol_table(source: str) -> frozenset[str]:
    return frozenset(_looked_up(symtable.symtable(source, "cell", "exec")))


def _looked_up(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        # symtable takes a function that is called "top" for a module.
        is_global = symbol.is_global() and not symbol.is_parameter()
        if symbol.is_referenced() and (top or is_global):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _looked_up(inner)


def of_classes(statement: ast.stmt) -> set[str]:
    """Return the names that classes bind for themselves: looked up at home first."""
    return {
        name
        for node in ast.walk(statement)
        if isinstance(node, ast.ClassDef)
        for part in ast.walk(node)
        if (name := binding(part)) is not None
    }


def test_finds_in_the_course_what_the_compiler_finds() -> None:
    assert len(SOURCES) > 100
    for path in SOURCES:
        lines = path.read_text("utf-8").split("\n")
        for statement in ast.parse("\n".join(lines)).body:
            source = "\n".join(lines[statement.lineno - 1 : statement.end_lineno])
            ours, theirs = needed_by(ast.parse(source).body[0]), by_symbol_table(source)
            names = f"{path}:{statement.lineno}"
            mangled = {name for name in theirs if "__" in name}
            assert theirs - ours <= mangled, names
            assert ours - theirs <= of_classes(statement), names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(a=B, *c: D, e=F, **g) -> H: return a, c, e, g, i", "B D F H i"),
        ("@a\nasync def f(): await b; f", "a b f"),
        ("def f():\n  x = 1\n  def g(): return x, y\n  return g", "y"),
        ("def f():\n  global x\n  x = 1\n  return lambda: x", "x"),
        ("def f(x):\n  def g():\n    global x\n    return x\n  return x", "x"),
        ("def f(x):\n  def g():\n    nonlocal x\n    x = 1\n  return x", ""),
        ("def f():\n  del x\n  return x", ""),
        ("def f(): return [a for a in a for b in c if a if d]", "a c d"),
        ("def f(): return {k: v for k, v in k}, {s for s in t}, k", "k t"),
        ("def f(): return (y := x), y, [z for a in b if (z := a)], z", "x b"),
        ("def f():\n  for i, (j, *k) in l: i, j, k", "l"),
        ("def f():\n  with a as b, c() as b.d: b", "a c"),
        ("def f():\n  try: a\n  except B as c: c\n  import d.e, f as g; d, g", "a B"),
        (
            "def f():\n  match a:\n    case [b, *c]: b, c\n    case {'d': e, **h}: e",
            "a",
        ),
        (
            "class A(B, metaclass=C):\n  d = e\n  def f(self): return d, self.g",
            "B C e d",
        ),
        ("lambda a, b=c: lambda d: (a, b, d, e)", "c e"),
        ("f'{a!r:{b}} {[c for c in d]}'", "a b d"),
        ("x += y", "y"),
        ("def f():\n  global x\n  x += y\n  z = 0\n  z += 1", "x y"),
    ],
)
def test_finds_in_each_kind_of_scope(source: str, names: str) -> None:
    found = needed_by(ast.parse(source).body[0])
    assert found == frozenset(names.split())
    assert found >= by_symbol_table(source)


@pytest.mark.parametrize(
    ("text", "is_lost"),
    [
        ("mean = 3", True),
        ("mean: float = x + 1", True),
        ("mean, std = mean(x), 3", True),
        ("std, mean = f(x), x.mean()", True),
        ("mean = best", False),
        ("mean = jit(mean)", False),
        ("mean, EPS = best, 1e-9", False),
        ("EPS, mean = 1e-9, best", False),
    ],
)
def test_a_name_bound_to_what_cannot_be_called(text: str, is_lost: bool) -> None:
    (statement,) = ast.parse(text).body
    assert is_value(statement, "mean") is is_lost
