"""Draws a failing schedule: a column for each thread, a row for each operation.

The drawing is a table, so that it is also read aloud in order; nothing in it rests on
colour.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from autograder.student.report import gettext

_MOST = 60  # rows
_STORY = re.compile(r" *(\d+) [> ] (.+?) +line (\d+) +(.{44})  (.*)")
_CELL = "padding:.15em .6em;text-align:left;vertical-align:top"
_LANE = f"{_CELL};border-left:1px solid currentColor"


class Step(NamedTuple):
    """One operation of one thread."""

    thread: str
    line: int  # of the student's file
    code: str  # that line
    done: str  # such as "acquire the Lock of line 12"


@dataclass(frozen=True)
class Lanes:
    """A schedule under which a scene failed."""

    where: str
    steps: tuple[Step, ...]
    ends: str  # what went wrong

    @property
    def threads(self) -> list[str]:
        """The threads, in the order in which they first do something."""
        return list(dict.fromkeys(step.thread for step in self.steps))

    @property
    def text(self) -> str:
        """What the drawing shows, in one sentence."""
        told = gettext("{n} operations of {threads}, then: {ends}")
        threads = ", ".join(self.threads)
        return told.format(n=len(self.steps), threads=threads, ends=self.ends)

    def html(self) -> str:
        """Return the table with its sentence, as one figure."""
        heads = "".join(
            f'<th scope="col" style="{_LANE}">{html.escape(name)}</th>'
            for name in self.threads
        )
        caption = html.escape(f"{self.where}: {self.text}")
        return (
            '<figure style="margin:.5em 0;overflow-x:auto" tabindex="0">'
            '<table style="border-collapse:collapse">'
            f'<thead><tr><th scope="col" style="{_CELL}">{gettext("step")}</th>{heads}'
            f"</tr></thead><tbody>{''.join(self._rows())}</tbody></table>"
            f"<figcaption><small>{caption}</small></figcaption></figure>"
        )

    def _rows(self) -> Iterator[str]:
        threads, left_out = self.threads, len(self.steps) - _MOST
        if left_out > 0:
            told = gettext("{n} operations before are left out").format(n=left_out)
            wide = len(threads) + 1
            yield f'<tr><td colspan="{wide}" style="{_CELL}">... {told}</td></tr>'
        for number, step in enumerate(self.steps, start=1):
            if number <= left_out:
                continue
            cells = [f'<td style="{_LANE}"></td>'] * len(threads)
            lane = threads.index(step.thread)
            place = gettext("line {line}").format(line=step.line)
            cells[lane] = (
                f'<td style="{_LANE}">{html.escape(step.done)}<br><small>{place}:'
                f" <code>{html.escape(step.code)}</code></small></td>"
            )
            head = f'<th scope="row" style="{_CELL}">{number}</th>'
            yield f"<tr>{head}{''.join(cells)}</tr>"


def retold(line: str, tell: Callable[[str], str]) -> str:
    """Return a line of a story with its thread and what is done told otherwise.

    Between them stands a line of the source.
    """
    found = _STORY.match(line)
    if found is None:
        return tell(line)
    between = line[found.end(2) : found.start(5)]
    return f"{line[: found.start(2)]}{tell(found[2])}{between}{tell(found[5])}"


def steps_of(story: Iterable[str]) -> Iterator[Step]:
    """Read the operations of a story that the explorer told, line by line."""
    for line in story:
        if found := _STORY.match(line):
            _, thread, number, code, done = found.groups()
            yield Step(thread, int(number), code.strip(), done)
