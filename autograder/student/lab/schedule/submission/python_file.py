"""A Python file as the explorer runs it: anew in each run, with the fakes in place."""

from __future__ import annotations

import ast
import builtins
import random
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ..execution.run_context import Context, number_of
from ..execution.story import remember
from ..fakes.imports import BUILTINS, compiled
from ..fakes.watch import watch
from .line_steps import PAUSE, pause, with_pauses
from .ownership import Numbered


class Script:
    """A program for `explore`: a file, and perhaps a function of it that is called."""

    def __init__(
        self,
        path: Path,
        function: str | None = None,
        watched: Sequence[str] = (),
        seed: int = 0,
        *,
        lines: bool = False,
    ) -> None:
        """Read the file.

        Args:
            path: Python source. Modules beside it run under the fakes too.
            function: what to call in each run, once the file has run as a module; by
                default the file runs as a script.
            watched: names of classes whose attribute accesses are steps.
            seed: of the module `random`, in each run.
            lines: every line of a function is a step.

        Raises:
            OSError, SyntaxError, ValueError: the file cannot be read.
        """
        self._folder = path.absolute().parent
        self._function, self._seed, self._lines = function, seed, lines
        self._code = self._compiled(path)
        self._watched = set(watched)
        self._builtins = {
            **BUILTINS,
            "__import__": self._import,
            "__build_class__": self._build_class,
            "id": number_of,
            PAUSE: pause,
        }

    def __call__(self) -> None:
        """Run it once."""
        random.seed(self._seed)
        name = "__main__" if self._function is None else "program"
        names = self._space(name)
        try:
            exec(self._code, names)
            if self._function is not None:
                names[self._function]()
        except SystemExit as error:
            if error.code not in (None, 0):
                raise

    def _space(self, name: str) -> dict[str, Any]:
        return {"__name__": name, "__builtins__": self._builtins}

    def _compiled(self, path: Path) -> Any:
        source, name = path.read_text(encoding="utf-8"), str(path)
        if not self._lines:
            return compiled(source, name)
        remember(name, source)
        tree = ast.parse(source, name)
        tree.body = [with_pauses(statement) for statement in tree.body]
        return compile(tree, name, "exec", dont_inherit=True)

    def _import(
        self,
        name: str,
        globals: Any = None,
        locals: Any = None,
        wanted: Any = (),
        level: int = 0,
    ) -> Any:
        beside = self._folder / f"{name}.py"
        if level or not name.isidentifier() or not beside.is_file():
            return BUILTINS["__import__"](name, globals, locals, wanted, level)
        modules = Context.run.modules
        if name not in modules:
            modules[name] = ModuleType(name)
            modules[name].__dict__.update(self._space(name))
            exec(self._compiled(beside), modules[name].__dict__)
        return modules[name]

    def _build_class(self, body: Any, name: str, *bases: Any, **options: Any) -> Any:
        build: Any = builtins.__build_class__
        kind = build(body, name, *(bases or (Numbered,)), **options)
        return watch(kind) if name in self._watched else kind
