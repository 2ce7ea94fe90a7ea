"""Worker processes on this machine: started as needed, watched, replaced."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Pipe, wait
from pathlib import Path
from typing import Any, TypeVar

from autograder.classroom.unfinished import unfinished_report, verdict_over
from autograder.isolated import environment, python_command
from autograder.student.lesson import Lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError, InfrastructureError, Report

Key = TypeVar("Key")
Tell = Callable[[str, Any], None]

#: A worker that ends no test for so long is taken for dead. A test has limits of its
#: own, and so has the worker: this one fires when the machine stands still, and decides
#: about no points.
PATIENCE_S = 3600.0
#: Workers that die in a row before grading anything: then the machine is at fault.
MAX_FALSE_STARTS = 3
GRACE_S = 5.0
_COMMAND = python_command("autograder.classroom.worker")


def available_cores() -> list[int]:
    """Return the numbers of the cores that this process may use, if they have any."""
    if sys.platform != "linux":
        return []
    return sorted(os.sched_getaffinity(0))


@dataclass
class _Job:
    ticket: int
    key: Any
    submission: Submission
    is_retry: bool = False


class _Worker:
    """One worker process and the job that it holds."""

    def __init__(self, greeting: tuple[Any, ...], place: int, core: int | None) -> None:
        self.place = place
        self.job: _Job | None = None
        self.is_ready = False
        self.deadline = 0.0
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed by stop)
        self.pipe, theirs = Pipe()
        with theirs:
            # A subprocess rather than multiprocessing: it may itself be started inside
            # a daemonic Dask worker, and never imports the caller's main module. Its
            # own session keeps a terminal's Ctrl-C away: the parent decides.
            self.process = subprocess.Popen(
                [*_COMMAND, str(theirs.fileno()), "" if core is None else str(core)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                env=environment(),
                cwd=os.sep,  # hand-ins may lie where we stand
                start_new_session=True,
            )
        self.send(greeting)

    def give(self, job: _Job) -> None:
        self.job = job
        self.be_patient()
        self.send((job.ticket, job.submission.without_prose()))

    def be_patient(self) -> None:
        """Wait for the next word for as long as for the first."""
        self.deadline = time.monotonic() + PATIENCE_S

    def send(self, message: object) -> None:
        # A worker that is already dead is noticed at the other end of the pipe.
        try:
            self.pipe.send(message)
        except (BrokenPipeError, ConnectionResetError):
            return

    def last_words(self) -> str:
        """Return the end of what the process wrote, one line."""
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 2000))
        lines = self._log.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def stop(self, *, politely: bool) -> None:
        """End the process: after its work, or at once."""
        if politely:
            self.send(None)
        elif self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # lets it end its jail
        self.pipe.close()
        try:
            self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


class WorkerPool:
    """At most ``size`` worker processes for one lesson and one seed.

    Workers are started when there is work for them and kept between calls of `run`.
    """

    def __init__(
        self,
        lesson: Lesson,
        seed: int,
        size: int,
        cache: Path | None = None,
        cores: Sequence[int] | None = None,
        tasks: Sequence[str] | None = None,
    ) -> None:
        """Prepare a pool; nothing starts before `run`.

        Args:
            lesson: What to grade against.
            seed: Seed of every random input.
            size: Most workers at once.
            cache: Where the workers share what known mistakes answer; default: a
                folder of its own.
            cores: The cores that workers stay on, one each in turn; none: they stay on
                none. Default: this machine's, if there are workers for all of them.
            tasks: The tasks to grade, and in reports no tests of others; default: all.
        """
        if size < 1:
            raise CourseError(f"workers must be at least 1, not {size}")
        self._lesson, self._seed, self._size = lesson, seed, size
        self._workers: list[_Worker] = []
        if cores is None:
            # A pool as large as the machine gets one core a worker: it and its jail
            # answer each other all the time, which costs a third less on one core.
            cores = available_cores()
            cores = cores if size >= len(cores) else []
        self._cores = cores
        self._false_starts = 0
        self._own_cache: tempfile.TemporaryDirectory[str] | None = None
        if cache is None:
            self._own_cache = tempfile.TemporaryDirectory(prefix="autograder-answers-")
            cache = Path(self._own_cache.name)
        root, answers = (os.path.abspath(path) for path in (lesson.root, cache))
        self._greeting = (root, lesson.id, seed, answers, tasks)

    def start(self) -> None:
        """Start a worker ahead of its first submission."""
        self._free_worker()

    def run(
        self, submissions: Iterable[tuple[Key, Submission]], tell: Tell
    ) -> Generator[tuple[Key, Report]]:
        """Grade submissions and yield reports in the order of finishing."""
        fresh = _number(submissions)
        waiting: deque[_Job] = deque()  # for another try, or for the next free worker
        done: list[tuple[Any, Report]] = []
        try:
            while True:
                while job := self._next(waiting, fresh):
                    tell("retry" if job.is_retry else "start", job.key)
                    self._free_worker().give(job)
                # What takes time here, all workers are busy meanwhile.
                yield from done
                if not self._busy:
                    return
                if not waiting:
                    waiting.extend(itertools.islice(fresh, 1))
                heard = [self._receive(w, waiting, tell) for w in self._wait()]
                done = [report for report in heard if report is not None]
        finally:
            for worker in self._busy:  # only when a run is given up
                self._stop(worker)

    def close(self) -> None:
        """Stop every worker."""
        while self._workers:
            worker = self._workers.pop()
            worker.stop(politely=worker.job is None)
        if self._own_cache is not None:
            self._own_cache.cleanup()

    @property
    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.job is not None]

    def _next(self, waiting: deque[_Job], fresh: Iterator[_Job]) -> _Job | None:
        """Return the next job if a worker is free for it."""
        if len(self._busy) >= self._size:
            return None
        return waiting.popleft() if waiting else next(fresh, None)

    def _free_worker(self) -> _Worker:
        for worker in list(self._workers):
            if worker.job is not None:
                continue
            if worker.process.poll() is None:
                return worker
            self._stop(worker)  # died idle: no job's fault
        taken = {worker.place for worker in self._workers}
        place = min(set(range(len(taken) + 1)) - taken)
        core = self._cores[place % len(self._cores)] if self._cores else None
        worker = _Worker(self._greeting, place, core)
        self._workers.append(worker)
        return worker

    def _stop(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.stop(politely=False)

    def _wait(self) -> list[_Worker]:
        """Return the busy workers that have something to say, or died, or hang."""
        busy = self._busy
        patience = max(0.0, min(w.deadline for w in busy) - time.monotonic())
        heard = wait([worker.pipe for worker in busy], patience)
        now = time.monotonic()
        return [w for w in busy if w.pipe in heard or w.deadline <= now]

    def _receive(
        self, worker: _Worker, waiting: deque[_Job], tell: Tell
    ) -> tuple[Any, Report] | None:
        """Take one message of a worker; return a finished job's key and report."""
        job = worker.job
        assert job is not None  # only busy workers are listened to
        try:
            kind, content = worker.pipe.recv() if worker.pipe.poll() else ("silent", "")
        except (EOFError, ConnectionResetError):
            kind, content = "dead", ""
        if kind in ("ready", "alive"):
            worker.is_ready = True
            worker.be_patient()
            self._false_starts = 0
            return None
        if kind in ("report", "last") and content[0] == job.ticket:
            worker.job = None
            if kind == "last":
                self._stop(worker)
            return job.key, Report.from_json(content[1])
        words = content if kind == "infra" else worker.last_words()
        self._stop(worker)
        if kind == "course":
            raise CourseError(content)
        self._false_starts += not worker.is_ready
        if self._false_starts >= MAX_FALSE_STARTS:
            raise InfrastructureError(f"no worker can be started: {words}")
        tell("died", words or "it said nothing")
        verdict = verdict_over(worker.process.returncode, again=job.is_retry)
        if verdict is None:
            job.is_retry = True
            waiting.append(job)
            return None
        report = unfinished_report(self._lesson, job.submission, self._seed, verdict)
        return job.key, report


def _number(
    submissions: Iterable[tuple[Key, Submission]],
) -> Iterator[_Job]:
    for ticket, (key, submission) in enumerate(submissions):
        yield _Job(ticket, key, submission)
