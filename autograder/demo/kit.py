"""Makes the files that students hand in: notebooks right, wrong and broken."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jupytext
import nbformat

from autograder.grading.mutants import Mutant
from autograder.student.lesson import Lesson

Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Kit:
    """Sources and notebooks of one lesson."""

    lesson: Lesson

    @cached_property
    def reference(self) -> str:
        """The right solution, in percent format."""
        return self.lesson.reference_path.read_text(encoding="utf-8")

    @cached_property
    def stub(self) -> str:
        """The untouched exercise, in percent format."""
        return self.lesson.exercise_path.read_text(encoding="utf-8")

    def notebook(self, source: str) -> dict[str, Any]:
        """Return a percent-format text as the notebook that Jupyter saves."""
        book = jupytext.reads(source, fmt="py:percent")
        book.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        for number, cell in enumerate(book.cells, start=1):
            cell["id"] = f"cell-{number}"
        plain: dict[str, Any] = json.loads(nbformat.writes(book, version=4))
        return plain

    def ipynb(self, source: str) -> bytes:
        """Return the bytes of that notebook's file."""
        return dump(self.notebook(source))

    def with_mutant(self, mutant: Mutant) -> str:
        """Return the reference with one known mistake made in place."""
        if not mutant.override:
            return mutant.edited(self.reference)
        if _extends_itself(mutant.override):
            return f"{self.reference}\n# %%\n{mutant.override}"
        return splice(self.reference, mutant.override)

    def partial(self, finished: int) -> str:
        """Return the reference in which only the first tasks are done."""
        source = self.reference
        for task in self.lesson.tasks[finished:]:
            source = splice(source, _segment(self.stub, task.name))
        return source

    def overridden(self, definition: str) -> str:
        """Return the reference with one definition replaced by hostile code."""
        return splice(self.reference, definition)


def dump(notebook: dict[str, Any]) -> bytes:
    """Return a notebook's bytes."""
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode("utf-8")


def splice(source: str, changes: str) -> str:
    """Replace top-level definitions of ``source`` by those of ``changes``.

    What ``changes`` holds besides (imports, constants, helpers) goes before the first
    definition that it replaces.
    """
    old = _definitions(source)
    lines = source.splitlines()
    replaced: list[tuple[Definition, str]] = []
    extra: list[str] = []
    for node in ast.parse(changes).body:
        text = _text(changes, node)
        if isinstance(node, Definition) and node.name in old:
            replaced.append((old[node.name], text))
        elif not _is_docstring(node) and not _is_future(node):
            extra.append(text)
    replaced.sort(key=lambda pair: pair[0].lineno, reverse=True)
    for position, (node, text) in enumerate(replaced, start=1):
        if position == len(replaced) and extra:
            text = "\n\n".join([*extra, text])
        lines[_first_line(node) - 1 : node.end_lineno] = text.splitlines()
    if not replaced:
        lines += ["", "", "# %%", *extra]
    return "\n".join(lines) + "\n"


def _extends_itself(source: str) -> bool:
    """Tell whether a class has one of the same name as its base, which stays."""
    return any(
        isinstance(node, ast.ClassDef)
        and any(isinstance(b, ast.Name) and b.id == node.name for b in node.bases)
        for node in ast.parse(source).body
    )


def _definitions(source: str) -> dict[str, Definition]:
    return {n.name: n for n in ast.parse(source).body if isinstance(n, Definition)}


def _segment(source: str, name: str) -> str:
    return _text(source, _definitions(source)[name])


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min(node.lineno, *(int(d.lineno) for d in decorators), node.lineno)


def _text(source: str, node: ast.stmt) -> str:
    return "\n".join(source.splitlines()[_first_line(node) - 1 : node.end_lineno])


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"
