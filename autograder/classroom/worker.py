"""One worker process: grades what comes down a pipe until the pipe closes.

Started by `autograder.classroom.worker_pool` with an inherited descriptor, and the core
to stay on, or "". The parent sends ``(course root, lesson, seed, cache, tasks)``, then
any number of ``(ticket, Submission)``, then None. The worker answers ``("ready", "")``,
``("alive", "")`` now and then as tests end, and ``("report", (ticket, JSON))`` for each
submission, or ``("last", (ticket, JSON))`` if it grades no more; or ``("course",
sentence)`` or ``("infra", sentence)`` when nothing can be graded.

It runs no line of a submission, but it handles what submissions answer: so it has
limits, and when it ends by one, its way of ending says by which.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from autograder.classroom.bounded_process import limit_memory, memory_in_use
from autograder.classroom.unfinished import EXIT_MEMORY
from autograder.grading.grade import Grader
from autograder.student.lesson import Course
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError, InfrastructureError, Report

#: What the judge may use for one submission, beyond what it holds when the first one
#: comes. A class of honest ones adds at most 170 MB and takes seconds.
MEMORY_BYTES = 2 * 2**30
CPU_S = 600.0
#: Who has grown by so much grades no more: what a hostile one leaves in pieces would be
#: missing for whoever comes next.
WORN_BYTES = MEMORY_BYTES // 4
_BEAT_S = 1.0


def work(pipe: Connection) -> None:
    """Grade every submission of the pipe with one Grader."""
    root, lesson, seed, cache, tasks = pipe.recv()
    beats = _Beats(pipe)
    most_bytes, is_worn = 0, False

    def submissions() -> Iterator[tuple[int, Submission]]:
        nonlocal most_bytes
        pipe.send(("ready", ""))  # there is a jail, and the tests are collected
        limit_memory(MEMORY_BYTES)
        most_bytes = memory_in_use() + WORN_BYTES
        while not is_worn and (job := pipe.recv()) is not None:
            # A timer, since a limit would be inherited by the jail: its signal, which
            # is SIGNAL_CPU, ends us.
            signal.setitimer(signal.ITIMER_PROF, CPU_S)
            yield job
            signal.setitimer(signal.ITIMER_PROF, 0)

    def answer(ticket: int, report: Report) -> None:
        nonlocal is_worn
        is_worn = memory_in_use() > most_bytes
        pipe.send(("last" if is_worn else "report", (ticket, report.to_json())))

    try:
        course = Course(Path(root))
        grader = Grader(
            course.lesson(lesson), seed, cache=Path(cache), on_test=beats.beat
        )
        grader.run(submissions(), answer, tasks=lambda ticket: tasks)
    except CourseError as error:
        pipe.send(("course", str(error)))
    except InfrastructureError as error:
        pipe.send(("infra", str(error)))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return  # the parent is gone, or wants us gone
    except MemoryError:
        os._exit(EXIT_MEMORY)  # to tidy up takes memory; the jail ends with its parent


class _Beats:
    """Tells the parent that tests come to an end, at most once a second."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._next = pipe, 0.0

    def beat(self) -> None:
        """Note that a test has ended."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _BEAT_S
            self._pipe.send(("alive", ""))


def leave_with_parent(parent: int) -> None:
    """Interrupt this process once its parent is gone, even in the middle of a test."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGINT)


def main() -> None:
    """Run one worker: the arguments are the inherited descriptor and a core, or ""."""
    if sys.argv[2:] and sys.argv[2]:
        os.sched_setaffinity(0, {int(sys.argv[2])})
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=leave_with_parent, args=[os.getppid()], daemon=True).start()
    with Connection(int(sys.argv[1])) as pipe:
        work(pipe)


if __name__ == "__main__":
    main()
