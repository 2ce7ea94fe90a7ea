"""Stops a student's own check that does not end, where no sandbox can.

An exception is raised in the watched thread when this process has computed for all its
seconds, or when nothing at all has been computed for some: a deadlock. In the main
thread a signal carries it, which also ends a wait for a lock; elsewhere, and where
signals cannot, it is noticed when a call into C returns. Grading does not depend on it.
"""

from __future__ import annotations

import ctypes
import functools
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from autograder.student.errors import StudentError, StudentTimeout, TimeUp
from autograder.student.lesson import Lesson, Task
from autograder.student.report import gettext
from autograder.student.testing.in_process import LocalChannel
from autograder.student.testing.local import LocalSource, LocalStudent
from autograder.student.testing.muting import MOST_KEPT

_SLACK, _LEAST_S = 3.0, 3.0  # laptops are slower than graders
_STARVED = 10.0  # a process that computes waits so many times as long at most
_AGAIN_S = 1.0  # for code that catches every exception, it is raised again
_STUCK = 10  # times, after which nothing can end it but the end of the process
#: Seconds without computing that are a deadlock: tests wait for a thread 5 s at most.
_IDLE_S, _IDLE_CPU_S = 8.0, 0.05


class Watch:
    """Raises ``TimeUp`` in the thread that entered, after some seconds."""

    def __init__(
        self, seconds: float, when_stuck: Callable[[], None] = lambda: None
    ) -> None:
        """Prepare a watch.

        Args:
            seconds: how long what is watched may take.
            when_stuck: called, in a thread of its own, if it cannot be ended.
        """
        self.seconds = seconds
        self.fired = False
        self.is_idle = False  # whether it computed nothing when it was stopped
        self._when_stuck = when_stuck
        self._is_leaving = False
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._before: Any = None

    def __enter__(self) -> Watch:
        target = threading.get_ident()
        if _takes_signals():
            self._before = signal.signal(signal.SIGALRM, self._ring)
        threading.Thread(target=self._wait, args=(target,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self._is_leaving = True
        with self._lock:
            self._done.set()
        if self._before is not None:
            signal.signal(signal.SIGALRM, self._before)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if not self._is_leaving:
            raise TimeUp

    def _wait(self, target: int) -> None:
        if self._ends_in_time():
            return
        for _ in range(_STUCK):
            with self._lock:
                if self._done.is_set():
                    return
                self.fired = True
                self._raise_in(target)
            if self._done.wait(_AGAIN_S):
                return
        self._when_stuck()

    def _ends_in_time(self) -> bool:
        """Wait for the end; tell whether it came before the watch is to fire.

        What counts is what this process computes: on a busy machine it waits as well.
        """
        pause = min(self.seconds, 1.0)
        waited_s = idle_s = 0.0
        start_s = seen_s = time.process_time()
        while not self._done.wait(pause):
            waited_s, idle_s, now_s = (
                waited_s + pause,
                idle_s + pause,
                time.process_time(),
            )
            if now_s - seen_s > _IDLE_CPU_S:
                idle_s, seen_s = 0.0, now_s
            self.is_idle = idle_s > waited_s / 2
            is_late = now_s - start_s >= self.seconds
            if is_late or idle_s >= _IDLE_S or waited_s >= _STARVED * self.seconds:
                return False
        return True

    def _raise_in(self, target: int) -> None:
        if self._before is not None:
            signal.pthread_kill(target, signal.SIGALRM)
        else:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(target), ctypes.py_object(TimeUp)
            )


def _takes_signals() -> bool:
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and hasattr(signal, "pthread_kill")


class WatchedStudent(LocalStudent):
    """A submission opened for one test, with a watch on it."""

    def __init__(self, channel: LocalChannel, source: WatchedSource, task: Task):
        super().__init__(channel)
        self._source, self._task = source, task
        self.session.log = [] if source.keeps_log else None
        when_stuck = functools.partial(source.when_stuck, task.name)
        self._watch = Watch(wall_limit(task), when_stuck).__enter__()

    def close(self, passed: bool, goes_on: bool) -> float:
        """End the watch and the conversation."""
        self._watch.__exit__()
        self._source.note(self._task, self._channel.output.text)
        if self._watch.fired and not passed:
            self._source.stopped.add(self._task.name)
            self.ended_by = _stopped(self._task, self._watch)
        return super().close(passed, goes_on)


class WatchedSource(LocalSource):
    """A local submission whose tests are stopped when their seconds are over.

    A task that was stopped is not run again, nor are those that rest on it.
    """

    def __init__(self, channel: LocalChannel) -> None:
        super().__init__(channel)
        self.lesson: Lesson | None = None
        self.when_stuck: Callable[[str], None] = lambda task: None
        self.stopped: set[str] = set()
        self.keeps_log = False  # of what tests ask
        #: What was printed, by task; while the file was loaded, under "".
        self.printed: dict[str, str] = {}
        if channel.output.text:
            self.printed[""] = channel.output.text

    def note(self, task: Task, text: str) -> None:
        """Keep what a test of a task printed, until that is enough for the task."""
        kept = self.printed.get(task.name, "")
        if text and len(kept) < MOST_KEPT:
            self.printed[task.name] = kept + text

    def open(self, task: Task, seed: int) -> WatchedStudent:
        """Open it for one test.

        Raises:
            StudentTimeout: the task, or one that it rests on, did not end before.
        """
        rests_on = () if self.lesson is None else self.lesson.supports(task)
        for name in (task.name, *rests_on):
            if name in self.stopped:
                where = gettext("not run: {name} did not end").format(name=name)
                raise StudentTimeout(where)
        return WatchedStudent(self._channel.fresh(), self, task)


def wall_limit(task: Task) -> float:
    """Return the seconds after which a student's own check gives up on a test."""
    return max(_LEAST_S, _SLACK * task.seconds)


def _stopped(task: Task, watch: Watch) -> StudentError:
    if watch.is_idle:
        where = gettext("stopped: it waits, and nothing goes on")
        evidence = gettext(
            "A lock may be taken twice by one thread, held while it waits or while it"
            " calls other code; or nobody wakes a thread that waits."
        )
    else:
        where = gettext("stopped after {seconds:.0f} seconds")
        evidence = gettext(
            "A loop may never end, or the work grows too fast with the input."
        )
    look = gettext("Grading allows {seconds:g} s.").format(seconds=task.seconds)
    where = where.format(seconds=watch.seconds)
    return StudentTimeout(where, evidence, look)
