"""Ends a command that runs a student's code in its own process, whatever that does."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

import typer

from autograder.student.report import gettext

_PATIENCE_S = 1.0  # for code that goes on after Ctrl-C
_before: set[threading.Thread] = set()  # threads that no student's code has started


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end the block; a moment later it ends the process."""
    _before.update(threading.enumerate())
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    timer = threading.Timer(_PATIENCE_S, _end, ["stopped", 130])
    timer.daemon = True
    timer.start()
    raise KeyboardInterrupt


def interrupted() -> NoReturn:
    """Say that Ctrl-C ended the command, and leave."""
    sys.stderr.write("autograder: stopped\n")
    leave(130)


def leave(code: int) -> NoReturn:
    """Leave with an exit code, without waiting for threads that wait for each other."""
    if any(not t.daemon and t not in _before for t in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    raise typer.Exit(code)


def stuck(what: str) -> None:
    """End the process where a student's code reacts to nothing."""
    told = gettext(
        "{what} was stopped, but goes on: a call outside Python does not return."
        " Check the other tasks one at a time."
    )
    _end(told.format(what=what), 1)


def _end(message: str, code: int) -> NoReturn:
    sys.stdout.flush()
    os.write(2, f"autograder: {message}\n".encode())
    os._exit(code)
