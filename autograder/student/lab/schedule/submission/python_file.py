"""A Python file as the explorer runs it: anew in each run, with the fakes in place."""

from __future__ import annotations

import ast
import builtins
import random
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ..execution.run_context import Context, number_of
from ..execution.story import remember
from ..execution.task import Unexplored
from ..fakes.imports import BUILTINS
from ..fakes.interpreter import SYS
from ..fakes.watch import watch
from .line_steps import PAUSE, pause, with_pauses
from .ownership import Numbered
from .sharing import Sharing

_CELLS = re.compile(r"^(?=# %%)", re.MULTILINE)
_TAG = re.compile(r'tags=\[[^\]]*"(check|explore)"')
#: Where modules were found before any program ran: none of these is a program's own.
_PATH = frozenset(sys.path)
#: Modules whose work no schedule of threads decides.
_UNEXPLORED = {
    "asyncio": "runs coroutines on an event loop",
    "multiprocessing": "starts processes",
    "trio": "runs coroutines on an event loop",
    "gevent": "switches greenlets itself",
}


class Script:
    """A program for `explore`: a file, and perhaps a function of it that is called.

    Of an exercise's file the cells that check answers are left out, and where another
    file imports it also those that try things out.
    """

    def __init__(
        self,
        path: Path,
        function: str | None = None,
        watched: Sequence[str] = (),
        seed: int = 0,
        *,
        lines: bool = False,
        sharing: Sharing | None = None,
    ) -> None:
        """Read the file.

        Args:
            path: Python source. Modules beside it, and in folders that it adds to
                `sys.path`, run under the fakes too.
            function: what to call in each run, once the file has run as a module; by
                default the file runs as a script.
            watched: names of classes whose attribute accesses are steps.
            seed: of the module `random`, in each run.
            lines: every line of a function is a step.
            sharing: notes what threads share.

        Raises:
            OSError, SyntaxError, ValueError: the file cannot be read.
        """
        self._path, self._folder = path, path.absolute().parent
        self._function, self._seed, self._lines = function, seed, lines
        self._watched, self._sharing = set(watched), sharing
        self._compiled_already: dict[Path, Any] = {}
        self._code = self._compiled(path, {"check"})
        self._builtins = {
            **BUILTINS,
            "__import__": self._import,
            "__build_class__": self._build_class,
            "id": number_of,
            PAUSE: pause,
            **(sharing.builtins if sharing is not None else {}),
        }

    def __call__(self) -> None:
        """Run it once."""
        random.seed(self._seed)
        name = "__main__" if self._function is None else "program"
        names = self._space(name, self._path)
        try:
            exec(self._code, names)
            if self._function is not None:
                names[self._function]()
        except SystemExit as error:
            if error.code not in (None, 0):
                raise

    def _space(self, name: str, path: Path) -> dict[str, Any]:
        file = str(path.absolute())
        return {"__name__": name, "__file__": file, "__builtins__": self._builtins}

    def _compiled(self, path: Path, left_out: set[str]) -> Any:
        if path in self._compiled_already:
            return self._compiled_already[path]
        source, name = path.read_text(encoding="utf-8"), str(path)
        remember(name, source)
        tree = ast.parse(without_cells(source, left_out), name)
        if self._lines:
            tree.body = [with_pauses(statement) for statement in tree.body]
        if self._sharing is not None:
            tree = self._sharing.rewritten(tree)
        code = compile(tree, name, "exec", dont_inherit=True)
        self._compiled_already[path] = code
        return code

    def _import(
        self,
        name: str,
        globals: Any = None,
        locals: Any = None,
        wanted: Any = (),
        level: int = 0,
    ) -> Any:
        top = name.partition(".")[0]
        if name == "sys":
            return SYS
        beside = None if level else self._own(name)
        if beside is None:
            if not level and top in _UNEXPLORED:
                raise Unexplored(
                    f"the program imports {name}, which {_UNEXPLORED[top]}: the "
                    "explorer runs threads (threading, queue, concurrent.futures)"
                )
            return BUILTINS["__import__"](name, globals, locals, wanted, level)
        modules = Context.run.modules
        if name not in modules:
            modules[name] = ModuleType(name)
            modules[name].__dict__.update(self._space(name, beside))
            code = self._compiled(beside, {"check", "explore"})
            exec(code, modules[name].__dict__)
        return modules[name]

    def _own(self, name: str) -> Path | None:
        """Return the file of a module that belongs to the program, if it is one."""
        if not name.isidentifier():
            return None
        added = (p for p in sys.path if p not in _PATH)
        for folder in (self._folder, *map(Path, dict.fromkeys(added))):
            file = folder / f"{name}.py"
            if file.is_file():
                return file
        return None

    def _build_class(self, body: Any, name: str, *bases: Any, **options: Any) -> Any:
        build: Any = builtins.__build_class__
        kind = build(body, name, *(bases or (Numbered,)), **options)
        return watch(kind) if name in self._watched else kind


def without_cells(source: str, tags: set[str]) -> str:
    """Return source with the lines of some cells empty, so that no other line moves.

    Args:
        source: Python in percent format, or plain.
        tags: of the cells to leave out.
    """
    parts = []
    for cell in _CELLS.split(source):
        tag = _TAG.search(cell.partition("\n")[0])
        left_out = tag is not None and tag[1] in tags
        parts.append("\n" * cell.count("\n") if left_out else cell)
    return "".join(parts)
