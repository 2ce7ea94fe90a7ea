"""One worker process: grades what comes down a pipe until the pipe closes.

Started by `autograder.classroom.worker_pool` as ``python -m autograder.classroom.worker
FD``. The parent sends ``(course root, lesson, seed, cache)``, then any number of
``(ticket, Submission)``, then None. The worker answers ``("ready", "")``, then
``("report", (ticket, JSON))`` for each, or ``("course", sentence)`` or ``("infra",
sentence)`` when nothing can be graded.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from autograder.grading.grade import Grader
from autograder.student.lesson import Course
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError, InfrastructureError, Report


def work(pipe: Connection) -> None:
    """Grade every submission of the pipe with one Grader."""
    root, lesson, seed, cache = pipe.recv()

    def submissions() -> Iterator[tuple[int, Submission]]:
        while (job := pipe.recv()) is not None:
            yield job

    def answer(ticket: int, report: Report) -> None:
        pipe.send(("report", (ticket, report.to_json())))

    try:
        grader = Grader(Course(Path(root)).lesson(lesson), seed, cache=Path(cache))
        pipe.send(("ready", ""))
        grader.run(submissions(), answer)
    except CourseError as error:
        pipe.send(("course", str(error)))
    except InfrastructureError as error:
        pipe.send(("infra", str(error)))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return  # the parent is gone, or wants us gone


def leave_with_parent(parent: int) -> None:
    """Interrupt this process once its parent is gone, even in the middle of a test."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGINT)


def main() -> None:
    """Run one worker: the arguments are the inherited descriptor and a core, or ""."""
    if sys.argv[2:] and sys.argv[2]:
        os.sched_setaffinity(0, {int(sys.argv[2])})
    threading.Thread(target=leave_with_parent, args=[os.getppid()], daemon=True).start()
    with Connection(int(sys.argv[1])) as pipe:
        work(pipe)


if __name__ == "__main__":
    main()
