"""Cuts from test files the functions that run beside a submission."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from autograder.student.report import InfrastructureError

#: The package of a lesson's hidden tests, whose modules may share functions.
SHARED = "hidden"
#: What a function is called where a submission could read its name.
NEUTRAL = "scenario"


@functools.cache
def bundled(scenario: Callable[..., Any]) -> str:
    """Return a top-level function with everything of its test files that it uses.

    That is: functions and classes, constants and imports, in the order of the file and
    only where the names are used. What is imported from another file of the hidden
    tests (`from hidden.scenes import started`) is cut from there in the same way.

    Raises:
        InfrastructureError: it is no plain function at the top level of a file, or two
            files define one name differently.
    """
    name, module = getattr(scenario, "__name__", ""), inspect.getmodule(scenario)
    if module is None or not _file(module).defines_function(name):
        raise InfrastructureError(f"{scenario!r} is no function at the top of its file")
    cut = _Cut()
    cut.take(_file(module), name)
    return cut.text()


@functools.cache
def neutral(source: str, name: str) -> str:
    """Return a function's source without what tells its purpose to a submission.

    Docstrings go, and its own name becomes ``NEUTRAL``; what the code does can be read.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            node.name = NEUTRAL if node.name == name else node.name
        elif isinstance(node, ast.Name) and node.id == name:
            node.id = NEUTRAL
    return ast.unparse(tree)


@dataclass(frozen=True)
class _File:
    """The statements of a test file, by the names that they define."""

    name: str
    body: list[ast.stmt]
    places: dict[str, list[int]]

    def defines_function(self, name: str) -> bool:
        places = self.places.get(name, ())
        return any(isinstance(self.body[i], ast.FunctionDef) for i in places)

    def shared(self, name: str) -> str | None:
        """Return the other test file that a name is imported from, if it is."""
        for index in self.places.get(name, ()):
            node = self.body[index]
            if isinstance(node, ast.ImportFrom) and node.module:
                if node.module.partition(".")[0] != SHARED:
                    continue
                if any(a.asname not in (None, a.name) for a in node.names):
                    raise InfrastructureError(f"{self.name}: {name}: no 'as' here")
                return node.module
        return None


class _Cut:
    """What has been found to be needed, file by file."""

    def __init__(self) -> None:
        self._files: list[_File] = []  # those that others import from come first
        self._wanted: dict[str, set[int]] = {}

    def take(self, file: _File, *names: str) -> None:
        """Take names of a file, and all that they use."""
        first = file.name not in self._wanted
        wanted, todo = self._wanted.setdefault(file.name, set()), list(names)
        while todo:
            name = todo.pop()
            other = file.shared(name)
            if other is not None:
                self.take(_file(importlib.import_module(other)), name)
                continue
            for index in file.places.get(name, ()):
                if index not in wanted:
                    wanted.add(index)
                    used = ast.walk(file.body[index])
                    todo += [node.id for node in used if isinstance(node, ast.Name)]
        if first:
            self._files.append(file)

    def text(self) -> str:
        """Return the source of it all."""
        parts: list[str] = []
        defined: dict[str, str] = {}
        for file in self._files:
            for index in sorted(self._wanted[file.name]):
                node = file.body[index]
                part = ast.unparse(node)
                for name in () if _imports(node) else _defines(node):
                    if defined.setdefault(name, file.name) != file.name:
                        where = f"{defined[name]} and {file.name}"
                        raise InfrastructureError(f"{where} both define {name}")
                parts += [part] if part not in parts else []
        return "\n".join(parts)


def _file(module: ModuleType) -> _File:
    return _read(module.__name__, module)


@functools.cache
def _read(name: str, module: ModuleType) -> _File:
    try:
        body = ast.parse(inspect.getsource(module)).body
    except (OSError, TypeError, SyntaxError):
        raise InfrastructureError(f"{module!r} has no source to send") from None
    places: dict[str, list[int]] = {}
    for index, node in enumerate(body):
        for defined in _defines(node):
            places.setdefault(defined, []).append(index)
    return _File(name, body, places)


def _imports(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        names = (a.asname or a.name.partition(".")[0] for a in node.names)
        return [name for name in names if name != "annotations"]
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        stores = (n for n in ast.walk(node) if isinstance(n, ast.Name))
        return [n.id for n in stores if isinstance(n.ctx, ast.Store)]
    return []
