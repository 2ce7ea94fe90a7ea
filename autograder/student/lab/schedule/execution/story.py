"""Where in the program an operation is, and one operation of a story."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from os.path import basename, dirname
from types import FrameType, TracebackType
from typing import Any, NamedTuple

JUDGE = "scenario"  # the file name of code that no story quotes
GO_ON = "go on"  # the operation of a line that is a step
#: The folder of all instruments of lessons, whose own lines no story quotes.
INSTRUMENTS = dirname(dirname(dirname(__file__))) + os.sep
#: Where Python and installed packages lie: a story tells who called them.
LIBRARIES = (
    "<frozen ",
    *(sysconfig.get_paths()[key] + os.sep for key in ("stdlib", "purelib", "platlib")),
)


class Place(NamedTuple):
    """A line of the program."""

    line: int  # 0: of no line of it
    text: str  # that line; of a library, with its file's name
    library: str = ""  # the file of a library that is at work there


@dataclass(frozen=True)
class Entry:
    """One operation of one thread."""

    step: int
    thread: str  # its name
    line: int  # of the program, where the operation is; 0: of no line
    text: str  # that line
    op: str  # a verb, such as "acquire"
    thing: Any  # what it is done to; None where there is nothing to name
    library: str = ""  # the file of a library that does it for that line


def place(trace: TracebackType | None = None) -> Place:
    """Find the innermost line of the student's code that is running, or that raised.

    Args:
        trace: of an exception; None looks at the running code.

    Returns:
        The line; where no code of the student's is found, that of a library, or none.
    """
    frames = _running() if trace is None else reversed(list(_raised(trace)))
    inner: tuple[str, int] | None = None
    for name, number in frames:
        if _is_ours(name):
            continue
        if not name.startswith(LIBRARIES):
            library = "" if inner is None else basename(inner[0])
            return Place(number, _text(name, number), library)
        inner = inner or (name, number)
    if inner is None:
        return Place(0, "")
    file = basename(inner[0])
    return Place(0, f"{file}, line {inner[1]}: {_text(*inner)}", file)


def _running() -> Iterator[tuple[str, int]]:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back


def _raised(trace: TracebackType | None) -> Iterator[tuple[str, int]]:
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next


def _is_ours(name: str) -> bool:
    return name == JUDGE or name.startswith(INSTRUMENTS)


def _text(name: str, number: int) -> str:
    return linecache.getline(name, number).strip()


def remember(name: str, source: str) -> None:
    """Let stories and tracebacks quote source that came as a string.

    Args:
        name: the file name that it is compiled with.
        source: the whole text.
    """
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)


def describe(thing: Any) -> str:
    """Return a space and the name of what an operation is done to, or nothing."""
    if thing is None:
        return ""
    return f" {getattr(thing, '_lab_label', '') or type(thing).__name__}"
