"""A failing run told line by line: thread, source line, operation.

What a library does for one line of the program is one line of the story, and what
repeats is told twice: a thread that spins does the same a thousand times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .story import GO_ON, Entry, describe

_WIDE = 44  # columns of a source line
_SHORT = 60  # operations that are told one by one, whatever they are
_BLOCK = 16  # operations of the longest block whose repetitions are recognised
_MOST = 240  # lines of a story
_SPINNING = 30  # lines of one that does not end

_Line = tuple[str, int, str, str]  # thread, line, its text, what it does


def tell(entries: Sequence[Entry], message: str) -> list[str]:
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
    told = list(_folded(entries))
    parts = _shortened(told) if len(told) > _SHORT else list[_Line | str](told)
    if message.startswith("livelock") and len(parts) > _SPINNING:
        parts[_SPINNING:] = ["... and so on"]
    elif len(parts) > _MOST:
        left = len(parts) - _MOST
        parts[_MOST // 2 : -_MOST // 2] = [f"... {left:,} lines are left out ..."]
    width = max((len(entry.thread) for entry in entries), default=0)
    lines = []
    number, before = 0, ""
    for part in parts:
        if isinstance(part, str):
            lines.append(f"      {part}")
            continue
        thread, line, text, what = part
        number += 1
        mark = ">" if thread != before else " "
        before = thread
        where = (
            f"line {line:<4} {_cut(text, _WIDE)}" if line else _cut(text, _WIDE + 10)
        )
        head = f"{number:>3} {mark} {thread:<{width}}"
        lines.append(f"{head}  {where:<{_WIDE + 10}}  {what}")
    return [*lines, *message.splitlines()]


def _cut(text: str, most: int) -> str:
    """Cut a long text between words, and show that it is cut."""
    if len(text) <= most:
        return text
    return (text[: most - 3].rpartition(" ")[0] or text[: most - 4]) + " ..."


def _is_seam(entries: Sequence[Entry], number: int) -> bool:
    """Whether another thread ran just before or after: other pauses are left out."""
    around = entries[max(number - 1, 0) : number + 2]
    return any(entry.thread != entries[number].thread for entry in around)


def _folded(entries: Sequence[Entry]) -> Iterator[_Line]:
    """Make one line of what a library does for one line of a thread."""
    start = 0
    while start < len(entries):
        first = last = entries[start]
        end = start + 1
        while first.library and end < len(entries) and _alike(first, entries[end]):
            last, end = entries[end], end + 1
        what = last.op + describe(last.thing)
        if end - start > 1:
            what = f"{what} (after {end - start - 1} operations in {last.library})"
        yield first.thread, first.line, last.text, what
        start = end


def _alike(one: Entry, other: Entry) -> bool:
    """Whether a library does both for one line of one thread."""
    return bool(other.library) and (one.thread, one.line) == (other.thread, other.line)


def _shortened(told: list[_Line]) -> list[_Line | str]:
    """Tell each block that repeats twice, and then how often it does."""
    parts: list[_Line | str] = []
    start = 0
    while start < len(told):
        size, times = _repeated(told, start)
        shown = min(times, 2)
        parts += told[start : start + size * shown]
        if times > shown:
            what = "this line repeats" if size == 1 else f"these {size} lines repeat"
            parts.append(f"... and so on: {what} {times - shown:,} times more")
        start += size * times
    return parts


def _repeated(told: Sequence[Any], start: int) -> tuple[int, int]:
    """Return the length of the block at `start`, and how often it comes in a row."""
    for size in range(1, _BLOCK + 1):
        times, block = 1, told[start : start + size]
        while told[start + size * times : start + size * (times + 1)] == block:
            times += 1
        if times > 3:
            return size, times
    return 1, 1
