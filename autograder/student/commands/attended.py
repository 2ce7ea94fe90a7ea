"""A search that somebody waits for: its progress and its end."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType

_LOOK_S = 2.0  # between looks
_HUNG_S = 10.0  # without a step: an endless loop
_TOLD_S = 10.0  # between lines of progress where there is no terminal


class Ended(BaseException):
    """The user, or the watch, ends the search."""

    ends_search = True


@contextlib.contextmanager
def attended(seconds: float) -> Iterator[Callable[[int, int], None]]:
    """Show progress on a terminal, and end the search when asked or when it hangs.

    Args:
        seconds: what the search may take; a run in which nothing moves ends then too.

    Yields:
        What the search calls with its schedules and steps.
    """
    from rich.console import Console

    console = Console(file=sys.stderr)
    status = console.status("exploring") if console.is_terminal else None
    started = told = moved = time.monotonic()
    schedules = steps = 0
    before: object = None
    timed = hasattr(signal, "setitimer")  # not on Windows

    def progress(schedules_now: int, steps_now: int) -> None:
        nonlocal schedules, steps
        schedules, steps = schedules_now, steps_now
        if not timed and schedules % 256 == 0:
            tell()

    def tell() -> None:
        nonlocal told
        now = time.monotonic()
        text = f"{schedules:,} schedules, {steps:,} steps, no failure so far"
        if status is not None:
            status.update(text)
        elif now - told >= _TOLD_S:
            told = now
            console.print(f"{now - started:.0f} s: {text}", highlight=False)

    def look(number: int, frame: FrameType | None) -> None:
        nonlocal moved, before
        now, here = time.monotonic(), (schedules, steps_so_far())
        if here != before:
            moved, before = now, here
        tell()
        if now - moved > min(_HUNG_S, max(seconds, _LOOK_S)):
            line = "" if frame is None else f"line {frame.f_lineno} of "
            name = "the program" if frame is None else frame.f_code.co_filename
            raise Ended(
                f"{line}{name} runs on without an operation that the explorer sees:"
                " let it wait on a lock, an event or a condition, or sleep"
            )

    def stop(number: int, frame: FrameType | None) -> None:
        raise Ended(f"stopped after {schedules:,} schedules without a failure")

    earlier = signal.signal(signal.SIGINT, stop)
    if timed:
        signal.signal(signal.SIGALRM, look)
        signal.setitimer(signal.ITIMER_REAL, _LOOK_S, _LOOK_S)
    try:
        with status or contextlib.nullcontext():
            yield progress
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, earlier)


def steps_so_far() -> int:
    """Return the steps of the run in progress; 0 outside any."""
    from autograder.student.lab.schedule.execution.run_context import Context

    chooser = getattr(Context.run, "chooser", None)
    return 0 if chooser is None else int(chooser.count)
