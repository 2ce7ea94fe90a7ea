"""Stops a student's own check that does not end, where no sandbox can.

An exception is raised in the watched thread when its seconds are over. Code inside a
long call into C notices only when that call returns; grading does not depend on this.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType

from autograder.student.lesson import Lesson, Task
from autograder.student.report import Message, Verdict, gettext
from autograder.student.testing.in_process import LocalChannel
from autograder.student.testing.local import LocalSource, LocalStudent
from autograder.student.testing.plugin import Outcome

_SLACK, _LEAST_S = 3.0, 3.0  # laptops are slower than graders, and wall time is not CPU
_AGAIN_S = 1.0  # for code that catches every exception, it is raised again


class TimeUp(Exception):
    """The watched code used more than its seconds."""

    ends_search = True  # the explorer does not report it as a failure of a schedule


class Watch:
    """Raises ``TimeUp`` in the thread that entered, after some seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.fired = False
        self._done = threading.Event()
        self._lock = threading.Lock()

    def __enter__(self) -> Watch:
        target = threading.get_ident()
        threading.Thread(target=self._wait, args=(target,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        with self._lock:
            self._done.set()

    def _wait(self, target: int) -> None:
        wait = self.seconds
        while not self._done.wait(wait):
            with self._lock:
                if self._done.is_set():
                    return
                self.fired = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(target), ctypes.py_object(TimeUp)
                )
            wait = _AGAIN_S


class WatchedStudent(LocalStudent):
    """A submission opened for one test, with a watch on it."""

    def __init__(self, channel: LocalChannel, watch: Watch) -> None:
        super().__init__(channel)
        self._watch = watch.__enter__()

    def close(self, passed: bool, goes_on: bool) -> float:
        """End the watch and the conversation."""
        self._watch.__exit__()
        return super().close(passed, goes_on)


class WatchedSource(LocalSource):
    """A local submission whose tests are stopped when their seconds are over."""

    def open(self, task: Task, seed: int) -> WatchedStudent:
        """Open it for one test."""
        return WatchedStudent(self._channel.fresh(), Watch(wall_limit(task)))


def wall_limit(task: Task) -> float:
    """Return the seconds after which a student's own check gives up on a test."""
    return max(_LEAST_S, _SLACK * task.seconds)


def tell_timeouts(lesson: Lesson, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return outcomes in which a test that was stopped says so."""
    return [_told(lesson, outcome) for outcome in outcomes]


def _told(lesson: Lesson, outcome: Outcome) -> Outcome:
    result = outcome.result
    limit = wall_limit(lesson.task(result.task))
    if result.verdict is Verdict.PASSED or result.wall_s < limit:
        return outcome
    where = gettext("{test}: stopped after {seconds:.0f} seconds")
    message = Message(
        where.format(test=result.test, seconds=limit),
        gettext("A loop may never end, or the work grows too fast with the input."),
        gettext("Grading allows {seconds:g} s.").format(
            seconds=lesson.task(result.task).seconds
        ),
    )
    return replace(
        outcome, result=replace(result, verdict=Verdict.TIMEOUT, message=message)
    )
