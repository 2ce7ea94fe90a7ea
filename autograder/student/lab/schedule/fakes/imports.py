"""Source that imports the fakes instead of the real modules."""

from __future__ import annotations

import builtins
from types import CodeType
from typing import Any

from ..execution.story import remember
from . import futures
from .modules import FAKES


def _import(
    name: str,
    globals: Any = None,
    locals: Any = None,
    wanted: Any = (),
    level: int = 0,
) -> Any:
    fake = FAKES.get(name)
    if fake is not None:
        return fake
    if not level and name.partition(".")[0] == "concurrent":
        return futures.imported(name, wanted)
    return builtins.__import__(name, globals, locals, wanted, level)


#: The builtins of explored code that is not a submission: all, with that `import`.
BUILTINS = {**vars(builtins), "__import__": _import}


def compiled(source: str, name: str = "<program>") -> CodeType:
    """Compile source so that a story can quote its lines.

    Args:
        source: a module's text.
        name: the file name in stories and tracebacks.

    Raises:
        SyntaxError: it is not Python.
    """
    remember(name, source)
    return compile(source, name, "exec")


def namespace(name: str = "__main__") -> dict[str, Any]:
    """Return the names of an empty module of that name, which imports the fakes."""
    return {"__name__": name, "__builtins__": BUILTINS}


def load(source: str, name: str = "<program>") -> dict[str, Any]:
    """Run source with the fakes in place, once, outside any exploration.

    Args:
        source: a module's text. It can start no threads and wait for nothing.
        name: the file name in stories and tracebacks.

    Returns:
        The names that it defines.
    """
    names = namespace("program")
    exec(compiled(source, name), names)
    return names
