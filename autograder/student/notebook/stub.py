"""What the exercise hands out: names a submission may need, and what a stub is."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from autograder.student.lesson import Lesson
from autograder.student.notebook.decode import RawCell, parse_python
from autograder.student.notebook.names import bound_by, definitions, parse

#: Cells with these tags show and try things; they are never graded.
SHOWN = frozenset({"explore", "check"})
_TRIVIAL = (ast.Pass, ast.Raise)


@dataclass(frozen=True)
class Stub:
    """The exercise as handed out."""

    tasks: tuple[str, ...]
    names: frozenset[str]  # bound by its graded cells, the tasks included
    shapes: dict[str, str]  # task to the dump of its stub, docstrings left out
    lengths: dict[str, int]  # task to the statements of its stub's body, likewise

    def is_untouched(self, name: str, statement: ast.stmt) -> bool:
        """Return whether a definition of a task is still the stub."""
        is_as_long = _length(statement) == self.lengths.get(name)
        if is_as_long and _shape(statement) == self.shapes.get(name):
            return True
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return False
        body = statement.body[1:] if _is_text(statement.body[0]) else statement.body
        return all(isinstance(part, _TRIVIAL) or _is_text(part) for part in body) and (
            not any(
                isinstance(part, ast.Raise) and not _gives_up(part) for part in body
            )
        )


def read_cells(path: Path) -> list[RawCell]:
    """Return the cells of a course file such as exercise.py or reference.py."""
    return parse_python(path.read_text(encoding="utf-8"), path.name)


def stub_of(lesson: Lesson) -> Stub:
    """Return the stub of a lesson; where none was kept, the task names alone."""
    path = lesson.stub_path
    tasks = tuple(task.name for task in lesson.tasks)
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        return Stub(tasks, frozenset(tasks), {}, {})
    return _read(path, stamp, tasks)


@lru_cache(maxsize=64)
def _read(path: Path, _stamp: int, tasks: tuple[str, ...]) -> Stub:
    names: set[str] = set(tasks)
    shapes: dict[str, str] = {}
    lengths: dict[str, int] = {}
    for cell in read_cells(path):
        tree = parse(cell.source) if cell.kind == "code" else None
        if tree is None or cell.tags & SHOWN:
            continue
        names.update(*(bound_by(s) for s in tree.body if not is_student_import(s)))
        for name, statement in definitions(tree).items():
            if name in tasks:
                shapes[name] = _shape(statement)
                lengths[name] = _length(statement)
    return Stub(tasks, frozenset(names), shapes, lengths)


def is_student_import(statement: ast.stmt) -> bool:
    """Return whether a statement imports the notebook's own ``check`` and friends."""
    return (
        isinstance(statement, ast.ImportFrom)
        and statement.module == "autograder.student"
    )


def _length(statement: ast.stmt) -> int:
    """Return what is far sooner told than the shape, and differs in most answers."""
    return sum(not _is_text(part) for part in getattr(statement, "body", ()))


def _shape(statement: ast.stmt) -> str:
    """Return a text that is equal for equal code, whatever its docstrings say."""
    try:
        copy = ast.parse(ast.unparse(statement))
        return _dump_without_docstrings(copy)
    except (RecursionError, MemoryError, SyntaxError, ValueError):
        return ""  # no stub is nested that deeply


def _dump_without_docstrings(copy: ast.Module) -> str:
    for node in ast.walk(copy):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            node.body = [part for part in node.body if not _is_text(part)]
    return ast.dump(copy)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _gives_up(statement: ast.Raise) -> bool:
    error = statement.exc
    if isinstance(error, ast.Call):
        error = error.func
    return isinstance(error, ast.Name) and error.id == "NotImplementedError"
