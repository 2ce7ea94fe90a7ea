"""Runs a submission's cells, and puts into plain words what they raise.

It does so inside the jail and, for a student's own check, in the student's own process.
"""

from __future__ import annotations

import ast
import functools
import inspect
import io
import itertools
import linecache
import marshal
import sys
import traceback
import types
from typing import Any

from autograder.student.places import SCENARIO, SCENARIO_SOURCE

MODULE = "submission"
OUTPUT_BYTES = 2**20  # what a submission may print in one test
_TEXT = 1000  # characters of an exception's text that are passed on
_FRAMES = 6
#: What torch says in a RuntimeError where others raise a MemoryError.
_OUT_OF_TENSORS = "DefaultCPUAllocator: can't allocate memory"
#: What Python 3.11 says in a SystemError where it has no memory for a frame.
_OUT_OF_FRAMES = "error return without exception set"

Frame = tuple[str, int, str]  # cell label, line, function


class OutputLimit(BaseException):
    """The submission printed more than its share."""


class CappedOutput(io.TextIOBase):
    """A text stream that drops what is written, and raises beyond a limit."""

    def __init__(self, limit: int = OUTPUT_BYTES) -> None:
        super().__init__()
        self._left = limit

    def write(self, text: str) -> int:
        """Count the text and drop it."""
        self._left -= len(text)
        if self._left < 0:
            raise OutputLimit
        return len(text)

    def writable(self) -> bool:
        """Tell that this stream takes text."""
        return True


def load_cell(
    module: types.ModuleType,
    label: str,
    source: str,
    ends: tuple[type[BaseException], ...] = (),
    code: types.CodeType | None = None,
) -> list[Any] | None:
    """Run one cell in the submission's namespace.

    Args:
        module: the submission.
        label: the cell's name in messages.
        source: its text.
        ends: exceptions that are not the submission's, and are raised here.
        code: what ``compiled`` makes of it, where that is known already.

    Returns:
        None, or what it raised: ``["raised", type, bases, text, frames]``.
    """
    lines = source.splitlines(keepends=True)
    linecache.cache[label] = (len(source), None, lines, label)
    try:
        code = code or compiled(source, label)
        if code.co_flags & inspect.CO_COROUTINE:
            import asyncio  # it takes as long to import as ten submissions to load

            asyncio.run(types.FunctionType(code, module.__dict__)())
        else:
            exec(code, module.__dict__)
    except ends:
        raise
    except BaseException as error:
        if isinstance(error, SyntaxError) and error.filename == label:
            return ["raised", "SyntaxError", [], str(error.msg), [_at(error, label)]]
        return describe(error)
    return None


@functools.lru_cache(maxsize=64)  # known mistakes differ in a cell or two
def compiled(source: str, label: str) -> types.CodeType:
    """Compile one cell, which may await at its top level.

    Raises:
        SyntaxError: it is not Python.
    """
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code: types.CodeType = compile(source, label, "exec", flags, dont_inherit=True)
    return code


@functools.lru_cache(maxsize=64)
def marshalled(source: str, label: str) -> bytes:
    """Compile a cell of ours for another process; nothing where it is not Python."""
    try:
        return marshal.dumps(compiled(source, label))
    except SyntaxError:
        return b""


def new_module() -> types.ModuleType:
    """Return an empty submission, known to ``sys.modules`` as dataclasses need."""
    module = types.ModuleType(MODULE)
    sys.modules[MODULE] = module
    return module


def describe(error: BaseException) -> list[Any]:
    """Turn an exception into the plain answer ``raised`` or ``limit``."""
    if isinstance(error, OutputLimit):
        return ["limit", "output"]
    try:
        text = str(error)
    except BaseException:
        text = "(its text cannot be read)"
    if _is_out_of_memory(error, text):
        traceback.clear_frames(error.__traceback__)  # free memory for the answer
        return ["limit", "memory"]
    frames: list[Frame] = []
    step = error.__traceback__
    while step is not None:
        name = step.tb_frame.f_code.co_filename
        if _is_cell(name):
            line = step.tb_lineno or 1  # code may have been made without lines
            frames.append((name, line, step.tb_frame.f_code.co_name))
        elif name == SCENARIO:
            frames.append((name, step.tb_lineno or 1, _expression(step)))
        step = step.tb_next
    bases = [kind.__name__ for kind in type(error).__mro__ if _is_builtin(kind)]
    name = type(error).__name__
    return ["raised", name, bases, text[:_TEXT], frames[-_FRAMES:]]


def _is_out_of_memory(error: BaseException, text: str) -> bool:
    if isinstance(error, SystemError):
        return text == _OUT_OF_FRAMES
    return isinstance(error, MemoryError) or _OUT_OF_TENSORS in text


def _expression(step: types.TracebackType) -> str:
    """Return the expression of a test's own function that raised."""
    code = step.tb_frame.f_code
    source = step.tb_frame.f_globals.get(SCENARIO_SOURCE)
    positions = itertools.islice(code.co_positions(), step.tb_lasti // 2, None)
    first, last, start, end = next(positions, (None, None, None, None))
    if not isinstance(source, str) or first is None or first != last:
        return ""
    line = source.splitlines()[first - 1 : first]
    return "".join(line).encode()[start:end].decode("utf-8", "replace")[:80]


def _is_builtin(kind: type) -> bool:
    return kind.__module__ == "builtins" and issubclass(kind, Exception)


def _is_cell(name: str) -> bool:
    entry = linecache.cache.get(name, ())
    return len(entry) == 4 and entry[1] is None  # only load_cell leaves out the time


def _at(error: SyntaxError, label: str) -> Frame:
    return (label, error.lineno or 1, "<module>")
