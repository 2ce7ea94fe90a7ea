"""Calls functions on what students handed in, in a process with limits of its own.

Reading a file can cost any amount of time and memory, whoever wrote the reader. Here it
costs one process, which is replaced, and never the one that grades a class.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Pipe
from typing import Any, ParamSpec, TypeVar

from autograder.isolated import environment, python_command
from autograder.student.report import InfrastructureError, gettext

P = ParamSpec("P")
T = TypeVar("T")

#: What one call may use. The largest file that is read, 20 MB, takes a second and half
#: a gigabyte: what ends here would have ended on any other machine as well.
CPU_S, MEMORY_BYTES = 20, 2 * 2**30
#: No call computes for longer than CPU_S: who is silent for so long has no disk.
PATIENCE_S = 600.0
_START_S = 300.0
_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class TooMuch(Exception):
    """A call did not come to an end within its limits; the text says which one."""


class BoundedProcess:
    """One process for one call after the other, started when it is first needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Any = None

    def call(self, function: Callable[P, T], *words: P.args, **named: P.kwargs) -> T:
        """Return what a function of this package returns; it costs half a millisecond.

        Args:
            function: One that the process can import by its name.
            words, named: Plain data, as is what the function returns.

        Raises:
            TooMuch: it used too much time or memory, or it raised.
            InfrastructureError: no process can be started, or the machine stands still.
        """
        answer = None
        for _ in range(2):  # one more time for who was killed from outside
            if self._process is None:
                self._start()
            answer = self._ask((function, words, named))
            if answer is not None:
                break
        if answer is None:
            raise TooMuch(gettext("it takes too much memory"))
        if answer[0] != "answer":
            raise TooMuch(answer[1])
        result: T = answer[1]
        return result

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._pipe.close()
            self._process = None

    def __enter__(self) -> BoundedProcess:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _start(self) -> None:
        self._pipe, theirs = Pipe()
        with theirs, tempfile.TemporaryFile() as log:
            words = (str(theirs.fileno()), str(CPU_S), str(MEMORY_BYTES))
            self._process = subprocess.Popen(
                [*python_command("autograder.classroom.bounded_process"), *words],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
                cwd=os.sep,
                start_new_session=True,
            )
            theirs.close()
            if self._hear(_START_S) is None:
                self.close()
                log.seek(0)
                said = log.read()[-300:].decode(errors="replace").strip()
                raise InfrastructureError(f"no process for reading starts: {said}")

    def _ask(self, job: tuple[Any, ...]) -> tuple[str, Any] | None:
        """Return what came of a job; None if somebody killed the process."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._pipe.send(job)  # whether it is gone is heard next
        answer = self._hear(PATIENCE_S)
        if answer is not None:
            if answer[0] == "spent":  # it had no memory left, and has ended
                self.close()
            return answer
        assert self._process is not None
        code = -self._process.wait()
        self.close()
        if code == signal.SIGXCPU:
            text = gettext("it takes more than {seconds} s of computing")
            return "spent", text.format(seconds=CPU_S)
        if code in _OUTSIDE:
            return None
        return "spent", gettext("it is nested too deeply")  # its stack broke

    def _hear(self, patience_s: float) -> tuple[str, Any] | None:
        try:
            if self._pipe.poll(patience_s):
                answer: tuple[str, Any] = self._pipe.recv()
                return answer
        except (EOFError, ConnectionResetError):
            return None
        self.close()
        raise InfrastructureError(
            f"a file cannot be read within {patience_s:g} s: does the disk answer?"
        )
