"""A failing run told line by line: thread, source line, operation."""

from __future__ import annotations

import linecache
import os
import sys
from dataclasses import dataclass
from os.path import dirname
from types import FrameType, TracebackType
from typing import Any

JUDGE = "scenario"  # the file name of code that no story quotes
GO_ON = "go on"  # the operation of a line that is a step
#: The folder of all instruments of lessons, whose own lines no story quotes.
INSTRUMENTS = dirname(dirname(dirname(__file__))) + os.sep


@dataclass(frozen=True)
class Entry:
    """One operation of one thread."""

    step: int
    thread: str  # its name
    line: int  # of the program, where the operation is; 0: of no line
    text: str  # that line
    op: str  # a verb, such as "acquire"
    thing: Any  # what it is done to; None where there is nothing to name


def place(trace: TracebackType | None = None) -> tuple[int, str]:
    """Find the innermost line of the student's code that is running, or that raised.

    Args:
        trace: of an exception; None looks at the running code.

    Returns:
        The line's number and its text; (0, "") where no code of the student's is found.
    """
    if trace is not None:
        found = (0, "")
        while trace is not None:
            code = trace.tb_frame.f_code
            if not _is_ours(code.co_filename):
                found = _line(code.co_filename, trace.tb_lineno)
            trace = trace.tb_next
        return found
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    return (0, "") if frame is None else _line(frame.f_code.co_filename, frame.f_lineno)


def _is_ours(name: str) -> bool:
    return name == JUDGE or name.startswith(INSTRUMENTS)


def _line(name: str, number: int) -> tuple[int, str]:
    return number, linecache.getline(name, number).strip()


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


def _is_seam(entries: list[Entry], number: int) -> bool:
    """Whether another thread ran just before or after: other pauses are left out."""
    around = entries[max(number - 1, 0) : number + 2]
    return any(entry.thread != entries[number].thread for entry in around)


def tell(entries: list[Entry], message: str) -> list[str]:
    """Write the story: numbered lines with a mark wherever the thread changes.

    Args:
        entries: the operations of a run, in order.
        message: what went wrong; its lines end the story.
    """
    entries = [
        entry
        for number, entry in enumerate(entries)
        if entry.op != GO_ON or _is_seam(entries, number)
    ]
    width = max((len(e.thread) for e in entries), default=0)
    lines = []
    before = ""
    for number, entry in enumerate(entries, 1):
        mark = ">" if entry.thread != before else " "
        before = entry.thread
        where = f"line {entry.line:<4} {entry.text[:44]:<44}"
        where = where if entry.line else " " * len(where)
        what = entry.op + describe(entry.thing)
        lines.append(f"{number:>3} {mark} {entry.thread:<{width}}  {where}  {what}")
    return [*lines, *message.splitlines()]
