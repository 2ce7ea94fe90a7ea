"""Shows how a class run goes on: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from autograder.student.report import CourseError


class RunProgress:
    """Counts submissions on stderr, so that stdout stays for results."""

    def __init__(self, title: str, total: int) -> None:
        console = Console(stderr=True)
        self._title, self._total = title, total
        self._done = self._kept = 0
        self._start = time.monotonic()
        self._bar: Progress | None = None
        if console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("elapsed"),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=console,
                transient=True,
            )
            self._task = self._bar.add_task(title, total=total)

    def __enter__(self) -> RunProgress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if isinstance(error, CourseError) and not self._done:
            return  # refused before anything was done
        seconds = time.monotonic() - self._start
        kept = f", {self._kept} unchanged" if self._kept else ""
        stopped = "" if kind is None else "; stopped, run it again to go on from here"
        self._say(
            f"{self._title}: {self._done} of {self._total} graded in {seconds:.1f} s"
            f"{kept}{stopped}"
        )

    def watch(self, event: str, key: Any) -> None:
        """Take note of an event of `autograder.classroom.parallel.grade_many`."""
        self._kept += event == "kept"
        if event == "died":
            self._say(f"a worker stopped and is replaced; its last words: {key}")
        if event == "warning":
            self._say(f"warning: {key}")

    def step(self, line: str) -> None:
        """Count one finished submission, described in a line."""
        self._done += 1
        if self._bar is not None:
            self._bar.advance(self._task)
        else:
            self._say(f"{self._done}/{self._total} {line}{self._left()}")

    def _left(self) -> str:
        """Tell how long the rest may take, if it goes on as so far."""
        graded, left = self._done - self._kept, self._total - self._done
        if graded < 1 or not left:
            return ""
        seconds = round((time.monotonic() - self._start) / graded * left)
        return f", {seconds // 60}:{seconds % 60:02} left"

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)
